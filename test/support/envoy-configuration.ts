/** Envoy's configuration for a test, from a description in the test's words. */

export interface EnvoyDescription {
  /** Port of Gatehouse's gRPC door, or of its HTTP door with profile `envoy`. */
  readonly authorization: { readonly kind: 'grpc' | 'http'; readonly port: number };
  readonly upstream: { readonly port: number };
  /** Default: false. */
  readonly failureModeAllow?: boolean;
  /** Of the check, as Envoy writes durations (`0.2s`); left out: Envoy's own 200 ms. */
  readonly timeout?: string;
  /** What Envoy answers when the check itself fails; left out: Envoy's own 403. */
  readonly statusOnError?: number;
  /** gRPC only: `header_map` with raw values instead of the `headers` map. */
  readonly encodeRawHeaders?: boolean;
  readonly validateMutations?: boolean;
  /** Request headers that the check carries; left out: all (gRPC), or Envoy's five (HTTP service). */
  readonly allowedHeaders?: readonly string[];
  /** HTTP service only: headers of an allow that reach the upstream. */
  readonly allowedUpstreamHeaders?: readonly string[];
  /** HTTP service only: put before the path. */
  readonly pathPrefix?: string;
  /** gRPC only; part of every check that no route of its own speaks for. */
  readonly contextExtensions?: Readonly<Record<string, string>>;
  /** Tried before the one route that leads everything to the upstream. */
  readonly routes?: readonly EnvoyRoute[];
  /** Longest header section Envoy takes; left out: Envoy's own 60 KiB. Up to 8192. */
  readonly headerKiB?: number;
  /** Left out: Envoy's own 100. */
  readonly headerCount?: number;
  /** Default: off, as in Envoy. */
  readonly normalizePath?: boolean;
  /** Members of the checked request's dynamic metadata that are shown to the upstream: header name to member name. */
  readonly metadataHeaders?: Readonly<Record<string, string>>;
  /** Sends this much of the body with the check (gRPC only). */
  readonly bodyBytes?: number;
  /** PEM: serves https, and tells the check the server name that clients ask for and whose certificate they show. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** gRPC only: namespaces of the route's metadata that the check carries. */
  readonly routeMetadataNamespaces?: readonly string[];
  /** gRPC only: what a filter before the check notes about every request, by namespace; the check carries it. */
  readonly notes?: JsonObject;
}

export interface EnvoyRoute {
  readonly prefix: string;
  readonly contextExtensions?: Readonly<Record<string, string>>;
  /** By namespace. */
  readonly metadata?: JsonObject;
  /** The check is left out. */
  readonly unchecked?: boolean;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

export function envoyConfiguration(description: EnvoyDescription): JsonObject {
  const { authorization, upstream } = description;
  return {
    admin: { address: loopback(0) },
    static_resources: {
      listeners: [
        {
          name: 'front',
          address: loopback(0),
          filter_chains: [
            {
              ...transport(description),
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: connectionManager(description),
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        cluster('upstream', upstream.port, { ...ROOM_FOR_HEADERS }),
        cluster('gatehouse', authorization.port, authorization.kind === 'grpc' ? HTTP2 : ROOM_FOR_HEADERS),
      ],
    },
  };
}

const TYPE = 'type.googleapis.com/envoy.extensions';
const FILTER = 'envoy.filters.http.ext_authz';

const HTTP2: JsonObject = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
    explicit_http_config: { http2_protocol_options: {} },
  },
};

const ROOM_FOR_HEADERS: JsonObject = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
    common_http_protocol_options: { max_headers_count: 1000 },
    explicit_http_config: { http_protocol_options: {} },
  },
};

/** TLS towards clients, who may show a certificate. */
function transport({ tls }: EnvoyDescription): JsonObject {
  if (tls === undefined) return {};
  const { cert, key, clientCa } = tls;
  const inline = (text: string): JsonObject => ({ inline_string: text });
  return {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': `${TYPE}.transport_sockets.tls.v3.DownstreamTlsContext`,
        common_tls_context: {
          tls_certificates: [{ certificate_chain: inline(cert), private_key: inline(key) }],
          validation_context: { trusted_ca: inline(clientCa) },
        },
      },
    },
  };
}

function noting({ notes }: EnvoyDescription): readonly JsonObject[] {
  if (notes === undefined) return [];
  const metadata = Object.entries(notes).map(([namespace, value]) => ({
    metadata_namespace: namespace,
    value,
  }));
  const type = `${TYPE}.filters.http.set_metadata.v3.Config`;
  return [{ name: 'envoy.filters.http.set_metadata', typed_config: { '@type': type, metadata } }];
}

function connectionManager(description: EnvoyDescription): JsonObject {
  const { headerKiB, headerCount, normalizePath, metadataHeaders = {} } = description;
  return {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'front',
    ...optional('max_request_headers_kb', headerKiB),
    ...optional('normalize_path', normalizePath),
    ...(headerCount === undefined
      ? {}
      : { common_http_protocol_options: { max_headers_count: headerCount } }),
    http_filters: [
      ...noting(description),
      { name: FILTER, typed_config: extAuthz(description) },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` },
      },
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [...(description.routes ?? []), everything(description)].map((entry) => route(entry)),
          request_headers_to_add: Object.entries(metadataHeaders).map(([name, member]) => ({
            header: { key: name, value: `%DYNAMIC_METADATA(${FILTER}:${member})%` },
            append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
          })),
        },
      ],
    },
  };
}

function extAuthz(description: EnvoyDescription): JsonObject {
  const { authorization, failureModeAllow = false, statusOnError, encodeRawHeaders } = description;
  const { validateMutations, allowedHeaders, bodyBytes } = description;
  const { tls, routeMetadataNamespaces, notes } = description;
  return {
    '@type': `${TYPE}.filters.http.ext_authz.v3.ExtAuthz`,
    transport_api_version: 'V3',
    failure_mode_allow: failureModeAllow,
    ...(authorization.kind === 'grpc'
      ? { grpc_service: grpcService(description) }
      : { http_service: httpService(description) }),
    ...optional('encode_raw_headers', encodeRawHeaders),
    ...optional('validate_mutations', validateMutations),
    ...(statusOnError === undefined ? {} : { status_on_error: { code: statusOnError } }),
    ...(allowedHeaders === undefined ? {} : { allowed_headers: exactly(allowedHeaders) }),
    ...optional('include_tls_session', tls === undefined ? undefined : true),
    ...optional('route_metadata_context_namespaces', routeMetadataNamespaces),
    ...optional('metadata_context_namespaces', notes === undefined ? undefined : Object.keys(notes)),
    ...(bodyBytes === undefined
      ? {}
      : {
          with_request_body: {
            max_request_bytes: bodyBytes,
            allow_partial_message: true,
            pack_as_bytes: true,
          },
        }),
  };
}

function grpcService({ timeout }: EnvoyDescription): JsonObject {
  return { envoy_grpc: { cluster_name: 'gatehouse' }, ...optional('timeout', timeout) };
}

function httpService({ timeout, pathPrefix, allowedUpstreamHeaders }: EnvoyDescription): JsonObject {
  return {
    // Envoy wants a timeout here; its own default is the one of the gRPC service.
    server_uri: { uri: 'http://gatehouse', cluster: 'gatehouse', timeout: timeout ?? '0.2s' },
    ...optional('path_prefix', pathPrefix),
    ...(allowedUpstreamHeaders === undefined
      ? {}
      : { authorization_response: { allowed_upstream_headers: exactly(allowedUpstreamHeaders) } }),
  };
}

function everything({ contextExtensions }: EnvoyDescription): EnvoyRoute {
  return { prefix: '/', ...(contextExtensions === undefined ? {} : { contextExtensions }) };
}

function route({ prefix, contextExtensions, metadata, unchecked = false }: EnvoyRoute): JsonObject {
  const perRoute = unchecked
    ? { disabled: true }
    : { check_settings: { context_extensions: contextExtensions ?? {} } };
  return {
    match: { prefix },
    ...(metadata === undefined ? {} : { metadata: { filter_metadata: metadata } }),
    // No limit of Envoy's own: a test that waits says for how long.
    route: { cluster: 'upstream', timeout: '0s' },
    typed_per_filter_config: {
      [FILTER]: { '@type': `${TYPE}.filters.http.ext_authz.v3.ExtAuthzPerRoute`, ...perRoute },
    },
  };
}

function cluster(name: string, port: number, protocol: JsonObject): JsonObject {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: protocol,
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }],
    },
  };
}

function loopback(port: number): JsonObject {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function exactly(names: readonly string[]): JsonObject {
  return { patterns: names.map((name) => ({ exact: name, ignore_case: true })) };
}

function optional(name: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}
