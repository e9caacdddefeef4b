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
import { NOTHING_TIDIED, startFronts, type Front, type RunningFronts } from './support-envoy-fronts.ts';
import { bearer, HOST, type Asked } from './support-envoy-scene.ts';

export interface FaultScene {
  readonly authorizationServer: FaultServer;
  readonly redis: RunningRedis;
  readonly gatehouse: RunningGatehouse;
  readonly upstream: Upstream;
  readonly fronts: RunningFronts;
  /** The settings file in force at first. */
  readonly settings: string;
  /** One request through a front; any number at a time. */
  readonly ask: (front: AnyFront, asked: Asked) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

export interface Outcome {
  readonly reply: Reply;
  /** How often it reached the upstream, and with which marks of Envoy. */
  readonly upstream: readonly UpstreamRequest[];
}

/** The gRPC service in both header forms, and the HTTP service. */
export const FRONTS = ['map', 'raw', 'http'] as const;
export type FaultFront = (typeof FRONTS)[number];
/** With bodies, and one whose Gatehouse does not exist. */
export type AnyFront = FaultFront | 'map-body' | 'raw-body' | 'http-body' | 'nobody';

/** What Envoy adds to a request that it lets through because the check failed. */
export const ALLOWED_BY_FAILURE = 'x-envoy-auth-failure-mode-allowed';

/** Of the check, as in deploy/envoy. */
const TIMEOUT_MS = 1_000;

/** Tokens that begin with `good` are active, others are not. */
export const VERDICT: Answer = ({ body }) => {
  const token = new URLSearchParams(body).get('token') ?? '';
  return json(token.startsWith('good') ? { active: true, sub: token } : { active: false });
};

export async function openFaultScene(): Promise<FaultScene> {
  const [authorizationServer, redis, upstream, nobody] = await Promise.all([
    startFaultServer(),
    startRedis(),
    startUpstream(),
    freePort(),
  ]);
  authorizationServer.always(VERDICT);
  let settings = '';
  const gatehouse = await startGatehouse({
    settings: (ports) => (settings = settingsFor(ports, authorizationServer, redis, nobody)),
    environment: { CLIENT_SECRET: 'a secret', CACHE_KEY: randomBytes(32).toString('base64') },
  });
  const fronts = await startFronts(frontsOf(gatehouse.ports, nobody), upstream);
  let asks = 0;

  return {
    authorizationServer,
    redis,
    gatehouse,
    upstream,
    fronts,
    settings,
    async ask(front, { path = '/orders', method = 'GET', headers = [], body }) {
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
    },
    async close() {
      await fronts.stop();
      await gatehouse.stop();
      await Promise.all([redis.stop(), upstream.close(), authorizationServer.stop()]);
    },
  };
}

let tokens = 0;
/** Never asked about before. */
export const freshToken = (kind: 'good' | 'bad' = 'good'): string => `${kind}-${(tokens += 1)}`;
export const fresh = (kind?: 'good' | 'bad'): readonly string[] => bearer(freshToken(kind));

function frontsOf(ports: GatehousePorts, nobody: number): readonly Front[] {
  const open = { failure_mode_allow: true, failure_mode_allow_header_add: true };
  // Envoy's own limits, raised to where they protect nobody.
  const manager = {
    ...NOTHING_TIDIED,
    max_request_headers_kb: 8_192,
    common_http_protocol_options: { headers_with_underscores_action: 'ALLOW', max_headers_count: 5_000 },
  };
  const body = { max_request_bytes: 15 * 1024 * 1024, allow_partial_message: false };
  const grpc = { service: 'grpc', instances: [{ port: ports.grpc }], manager } as const;
  const http = { service: 'http', instances: [{ port: ports.envoy }], manager } as const;
  return [
    { ...grpc, name: 'map', filter: { ...open, encode_raw_headers: false } },
    { ...grpc, name: 'raw', filter: open },
    { ...http, name: 'http', filter: open },
    {
      ...grpc,
      name: 'map-body',
      filter: { ...open, encode_raw_headers: false, with_request_body: { ...body, pack_as_bytes: false } },
    },
    { ...grpc, name: 'raw-body', filter: { ...open, with_request_body: { ...body, pack_as_bytes: true } } },
    { ...http, name: 'http-body', filter: { ...open, with_request_body: body } },
    { ...grpc, name: 'nobody', instances: [{ port: nobody }], filter: open },
  ];
}

function settingsFor(
  ports: GatehousePorts,
  authorizationServer: FaultServer,
  redis: RunningRedis,
  nobody: number,
): string {
  const us = 'clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true';
  const endpoint = `endpoint: "${authorizationServer.url('/introspect')}"`;
  return `${listenOn(ports)}
# Far from Envoy's timeout of ${TIMEOUT_MS} ms, so that a busy machine does not decide these tests.
wait: { max: 3s, margin: 400ms }
clients:
  main: { ${us}, introspection: { ${endpoint}, timeout: 2500ms } }
  impatient: { ${us}, introspection: { ${endpoint}, timeout: 200ms } }
  narrow: { ${us}, introspection: { ${endpoint}, timeout: 5s }, limits: { concurrent: 2, queue: 4 } }
  dark: { ${us}, issuer: "http://127.0.0.1:${nobody}" }
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
  - { name: orders, client: main, upstream: { headers: { x-auth-subject: sub } } }
`;
}
