/**
 * Records what a real Envoy asks, for test/golden/requests. Needs Envoy: see `findEnvoy` of test/support/envoy.ts.
 * Addresses, ports and times in the bytes are those of the recording.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { Server, ServerCredentials } from '@grpc/grpc-js';

import { decodeCheckRequest } from '../../src/gateway/envoy/decode-check-request.ts';
import { loadServiceDefinitions } from '../../src/gateway/envoy/service-definitions.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { type EnvoyDescription, startEnvoy } from '../support/envoy.ts';
import { AT_THE_DOOR, describeCheck } from './describe-check.ts';
import { writeGolden } from './write-golden.ts';

interface Recording {
  readonly file: string;
  readonly about: string;
  readonly filter: Partial<EnvoyDescription>;
  /** As it goes over the connection, one character for each byte. */
  readonly request: string;
  /** Left out: plain. */
  readonly tls?: { readonly serverName: string; readonly certificate: Certificate; readonly ca: string };
}

const TOKEN = 'zRl0mXq3c7NqGk3aB2vTn1yS8oPzLw5dUeHfJiCbAxM';
const GET = [
  'GET /orders/1%2F2?limit=10&token=none HTTP/1.1',
  'Host: API.example.com:8443',
  `Authorization: Bearer ${TOKEN}`,
  'User-Agent: curl/8.14.1',
  'Accept: */*',
  'X-Request-Id: 0a4f2c1e-6f6d-4b52-9d3f-2f0c2b7f9e11',
  'X-Tag: one',
  'X-Auth.Subject: mallory',
  'X-Tag: two',
  'X-Name: \xe9t\xc3\xa9',
  'Connection: close',
];
const POST = ['POST /orders HTTP/1.1', 'Host: api.example.com', `Authorization: Bearer ${TOKEN}`];
const BODY = '{"item":"book","amount":1}';

const authority = createAuthority();
const front = authority.issue(['DNS:orders.example.com']);
const TIER = { tier: 'größer', limit: 7, tags: ['a', { b: null }], isOpen: true };

const RECORDINGS: readonly Recording[] = [
  {
    file: 'headers-map',
    about:
      'Envoy 1.40, default form: repeated headers joined with a comma, bytes that are not UTF-8 become "!"',
    filter: { contextExtensions: { tenant: 'blue', plan: 'größer' } },
    request: message(GET),
  },
  {
    file: 'raw-headers',
    about: 'Envoy 1.40, encode_raw_headers: every header line by itself, bytes untouched',
    filter: { encodeRawHeaders: true, contextExtensions: { tenant: 'blue' } },
    request: message(GET),
  },
  {
    file: 'two-credentials-in-a-map',
    about: 'Envoy 1.40, default form: two Authorization lines arrive as one joined value (G17)',
    filter: {},
    request: message([...POST.slice(0, 3), 'Authorization: Bearer other', 'Connection: close']),
  },
  {
    file: 'two-credentials-raw',
    about: 'Envoy 1.40, encode_raw_headers: two Authorization lines (G17)',
    filter: { encodeRawHeaders: true },
    request: message([...POST.slice(0, 3), 'Authorization: Bearer other', 'Connection: close']),
  },
  {
    file: 'body',
    about: 'Envoy 1.40, with_request_body: a body that no rule reads',
    filter: { bodyBytes: 1024 },
    request: message([...POST, `Content-Length: ${BODY.length}`, 'Connection: close'], BODY),
  },
  {
    file: 'allowed-headers',
    about:
      'Envoy 1.40, allowed_headers: method, path and host are known although their pseudo headers are filtered',
    filter: { allowedHeaders: ['authorization'] },
    request: message(GET),
  },
  {
    file: 'mutual-tls-and-metadata',
    about:
      'Envoy 1.40, include_tls_session and metadata namespaces: server name, principal, metadata of the route and of a filter',
    filter: {
      tls: { ...front, clientCa: authority.ca },
      routes: [{ prefix: '/orders', metadata: { 'com.example': TIER, unlisted: { a: 'b' } } }],
      routeMetadataNamespaces: ['com.example'],
      notes: { 'com.example.notes': { seen: 'here' } },
    },
    request: message([...POST, 'Connection: close']),
    tls: {
      serverName: 'Orders.example.com',
      certificate: authority.issue(['URI:spiffe://cluster.local/ns/web/sa/shop', 'DNS:shop.example']),
      ca: authority.ca,
    },
  },
];

const wanted = process.argv.slice(2);
for (const recording of RECORDINGS.filter(({ file }) => wanted.length === 0 || wanted.includes(file))) {
  const wire = await record(recording);
  const decoded = decodeCheckRequest(wire, AT_THE_DOOR);
  if (!decoded.ok) throw new Error(`${recording.file}: ${decoded.failure}`);
  await writeGolden('requests', `${recording.file}.json`, {
    about: recording.about,
    decoded: describeCheck(decoded.value),
    wire: wire.toString('hex'),
  });
}

async function record({ filter, request, tls }: Recording): Promise<Buffer> {
  const asked: Buffer[] = [];
  const server = new Server();
  server.addService(loadServiceDefinitions().authorization, {
    Check: (call: { request: Buffer }, reply: (error: null, answer: Buffer) => void) => {
      asked.push(call.request);
      reply(null, Buffer.from('0a021a00', 'hex'));
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const upstream = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const envoy = await startEnvoy({
    authorization: { kind: 'grpc', port },
    upstream: { port: (upstream.address() as AddressInfo).port },
    timeout: '2s',
    ...filter,
  });
  try {
    const client =
      tls === undefined
        ? connect(envoy.port, '127.0.0.1')
        : connectTls({ port: envoy.port, servername: tls.serverName, ca: tls.ca, ...tls.certificate });
    client.write(request, 'latin1');
    client.resume();
    await once(client, 'end');
  } finally {
    await envoy.stop();
    upstream.close();
    server.forceShutdown();
  }
  const [first] = asked;
  if (first === undefined) throw new Error('Envoy asked nothing');
  return first;
}

function message(lines: readonly string[], body = ''): string {
  return [...lines, '', body].join('\r\n');
}
