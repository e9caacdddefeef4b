/**
 * Envoy with `failure_mode_allow: true` before a Gatehouse whose surroundings can be broken: whatever Envoy takes for
 * a failure of the check reaches the upstream, and can be told by a header that Envoy adds.
 */
import { randomBytes } from 'node:crypto';

import { ask, type Reply } from '../gateway/http/ask.ts';
import { json, startFaultServer, type Answer, type FaultServer } from '../support/fault-server.ts';
import {
  listenOn,
  startGatehouse,
  type GatehousePorts,
  type RunningGatehouse,
} from '../support/gatehouse.ts';
import { freePort } from '../support/processes.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { startUpstream, type Upstream, type UpstreamRequest } from '../support/upstream.ts';
import { opening } from './support-envoy-closing.ts';
import {
  NOTHING_TIDIED,
  startFronts,
  type Front,
  type JsonObject,
  type RunningFronts,
} from './support-envoy-fronts.ts';
import { bearer, HOST, type Asked } from './support-envoy-scene.ts';

export interface FaultScene {
  readonly authorizationServer: FaultServer;
  readonly redis: RunningRedis;
  readonly gatehouse: RunningGatehouse;
  readonly upstream: Upstream;
  readonly fronts: RunningFronts;
  /** The settings file in force at first. */
  readonly settings: string;
  /** A client of its own, which has been asked nothing yet: what it learns of its server stays with it. */
  readonly nextClient: () => ClientOfItsOwn;
  /** One request through a front; any number at a time. */
  readonly ask: (front: AnyFront, asked: Asked) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

export interface ClientOfItsOwn {
  /** Of the route that asks it. */
  readonly path: string;
  /** What its authorization server answers from now on. */
  readonly answers: (answer: Answer) => void;
  readonly enquiries: () => number;
}

export interface Outcome {
  readonly reply: Reply;
  /** How often it reached the upstream, and with which marks of Envoy. */
  readonly upstream: readonly UpstreamRequest[];
}

/** The gRPC service in both header forms, and the HTTP service. */
export const FRONTS = ['map', 'raw', 'http'] as const;
export type FaultFront = (typeof FRONTS)[number];
/** The same with bodies, and with more time. */
export const LARGE_FRONTS = ['map-large', 'raw-large', 'http-large'] as const;
/** `nobody`: its Gatehouse does not exist. */
export type AnyFront = FaultFront | (typeof LARGE_FRONTS)[number] | 'nobody';

/** What Envoy adds to a request that it lets through because the check failed. */
export const ALLOWED_BY_FAILURE = 'x-envoy-auth-failure-mode-allowed';

/**
 * How long Envoy waits, and how long Gatehouse: so much less that a busy machine does not decide these tests.
 * A server that takes LATE_MS is slower than either, and still in time for the enquiry itself.
 */
const TIMES = { timeout: '2s', margin: '1s', enquiry: '5s' } as const;
export const LATE_MS = 2_300;

/** Tokens that begin with `good` are active, others are not. */
export const VERDICT: Answer = ({ body }) => {
  const token = new URLSearchParams(body).get('token') ?? '';
  return json(token.startsWith('good') ? { active: true, sub: token } : { active: false });
};

export function openFaultScene(): Promise<FaultScene> {
  return opening(async ({ open, close }) => {
    const authorizationServer = await open(startFaultServer(), (server) => server.stop());
    const redis = await open(startRedis(), (server) => server.stop());
    const upstream = await open(startUpstream(), (server) => server.close());
    const nobody = await freePort();
    authorizationServer.always(VERDICT);

    let settings = '';
    const gatehouse = await open(
      startGatehouse({
        settings: (ports) => (settings = settingsFor(ports, authorizationServer, redis, nobody)),
        environment: { CLIENT_SECRET: 'a secret', CACHE_KEY: randomBytes(32).toString('base64') },
      }),
      (instance) => instance.stop(),
    );
    const fronts = await open(startFronts(frontsOf(gatehouse.ports, nobody), upstream), (envoy) =>
      envoy.stop(),
    );
    return {
      authorizationServer,
      redis,
      gatehouse,
      upstream,
      fronts,
      settings,
      nextClient: createNextClient(authorizationServer),
      ask: createAsk(fronts, upstream),
      close,
    };
  });
}

/** As many as there are scenes of failure. */
const OWN_CLIENTS = Array.from({ length: 24 }, (_, index) => `own-${index}`);

const requestsTo = ({ requests }: FaultServer, path: string): number =>
  requests.filter((request) => request.path === path).length;

function createNextClient(server: FaultServer): FaultScene['nextClient'] {
  const names = OWN_CLIENTS.values();

  return function nextClient() {
    const { value: name } = names.next();
    if (name === undefined) throw new Error('make more OWN_CLIENTS');
    const endpoint = `/introspect/${name}`;
    // At the start each was asked once about no token of ours.
    const before = requestsTo(server, endpoint);
    return {
      path: `/${name}`,
      answers: (answer) => server.on(endpoint, answer),
      enquiries: () => requestsTo(server, endpoint) - before,
    };
  };
}

function createAsk(fronts: RunningFronts, upstream: Upstream): FaultScene['ask'] {
  let asks = 0;

  return async function askFront(front, { path = '/orders', method = 'GET', headers = [], body }) {
    // In the query, which plays no part in the decision.
    const mark = `${path}?ask=${(asks += 1)}`;
    const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
    const reply = await ask(
      { port: fronts.port(front) },
      {
        method,
        path: mark,
        headers: ['Host', HOST, ...length, ...headers],
        ...(body === undefined ? {} : { body }),
      },
    );
    return { reply, upstream: upstream.requests.filter((request) => request.path === mark) };
  };
}

let tokens = 0;
/** Never asked about before. */
export const freshToken = (kind: 'good' | 'bad' = 'good'): string => `${kind}-${(tokens += 1)}`;
export const fresh = (kind?: 'good' | 'bad'): readonly string[] => bearer(freshToken(kind));

function frontsOf(ports: GatehousePorts, nobody: number): readonly Front[] {
  // Envoy's own limits, raised to where they protect nobody.
  const manager = {
    ...NOTHING_TIDIED,
    max_request_headers_kb: 8_192,
    common_http_protocol_options: { headers_with_underscores_action: 'ALLOW', max_headers_count: 5_000 },
  };
  const grpc = (name: AnyFront, filter: JsonObject, timeout: string = TIMES.timeout): Front => ({
    name,
    service: 'grpc',
    instances: [{ port: name === 'nobody' ? nobody : ports.grpc }],
    filter: { ...OPEN, grpc_service: { timeout }, ...filter },
    manager,
  });
  const http = (name: AnyFront, filter: JsonObject, timeout: string = TIMES.timeout): Front => ({
    name,
    service: 'http',
    instances: [{ port: ports.envoy }],
    filter: { ...OPEN, http_service: { server_uri: { timeout } }, ...filter },
    manager,
  });
  const map = { encode_raw_headers: false };
  const body = { max_request_bytes: 15 * 1024 * 1024, allow_partial_message: false };
  return [
    grpc('map', map),
    grpc('raw', {}),
    http('http', {}),
    grpc('map-large', { ...map, with_request_body: { ...body, pack_as_bytes: false } }, '15s'),
    grpc('raw-large', { with_request_body: { ...body, pack_as_bytes: true } }, '15s'),
    http('http-large', { with_request_body: body }, '15s'),
    grpc('nobody', {}),
  ];
}

const OPEN: JsonObject = { failure_mode_allow: true, failure_mode_allow_header_add: true };

function settingsFor(
  ports: GatehousePorts,
  authorizationServer: FaultServer,
  redis: RunningRedis,
  nobody: number,
): string {
  const us = 'clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true';
  const asking = (path: string, timeout: string = TIMES.enquiry): string =>
    `${us}, introspection: { endpoint: "${authorizationServer.url(path)}", timeout: ${timeout} }`;
  return `${listenOn(ports)}
wait: { max: 5s, margin: ${TIMES.margin} }
clients:
  main: { ${asking('/introspect')} }
  impatient: { ${asking('/silent', '200ms')} }
  narrow: { ${asking('/silent')}, limits: { concurrent: 2, queue: 4 } }
  dark: { ${us}, issuer: "http://127.0.0.1:${nobody}" }
${OWN_CLIENTS.map((name) => `  ${name}: { ${asking(`/introspect/${name}`)} }`).join('\n')}
cache:
  keys: [{ env: CACHE_KEY }]
  active: { max: 10m }
  shared: { redis: { url: "${redis.url}" } }
scrub: [x-auth-*]
routes:
  - { name: public, match: { paths: [/public] }, mode: public }
  - { name: closed, match: { paths: [/closed] }, mode: deny }
  - { name: impatient, match: { paths: [/impatient] }, client: impatient }
  - { name: narrow, match: { paths: [/narrow] }, client: narrow }
  - { name: dark, match: { paths: [/dark] }, client: dark }
${OWN_CLIENTS.map((name) => `  - { name: ${name}, match: { paths: [/${name}] }, client: ${name} }`).join('\n')}
  - { name: orders, client: main, upstream: { headers: { x-auth-subject: sub } } }
`;
}
