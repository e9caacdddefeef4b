/** Which rooms a room may import. Checked by dependency-cruiser; told in docs/architecture.md. */
module.exports = {
  domain: [],
  bounds: ['domain'],
  sealing: ['domain'],
  credential: ['domain'],
  policy: ['domain'],
  config: ['domain'],
  telemetry: ['domain'],
  admin: ['domain'],
  check: ['domain', 'credential', 'policy'],
  resolver: ['domain', 'bounds'],
  'client-store': ['domain', 'bounds', 'sealing'],
  introspection: ['domain', 'bounds', 'sealing'],
  cache: ['domain', 'bounds', 'sealing'],
  'gateway/envoy': ['domain', 'bounds'],
  'gateway/http': ['domain', 'bounds'],
};
