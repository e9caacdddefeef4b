import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ask } from '../gateway/http/ask.ts';
import { json, startFaultServer, type FaultServer } from '../support/fault-server.ts';
import {
  gatehousePorts,
  listenOn,
  startGatehouse,
  type GatehousePorts,
  type RunningGatehouse,
} from '../support/gatehouse.ts';
import { eventually, lastWords } from '../support/processes.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { opening } from './support-envoy-closing.ts';
import { ALLOWED_BY_FAILURE, fresh, freshToken } from './support-envoy-fault-scene.ts';
import { startFronts, type Front, type JsonObject, type RunningFronts } from './support-envoy-fronts.ts';
import { bearer, HOST, valuesOf } from './support-envoy-scene.ts';

// Two instances behind one Envoy. One after the other is stopped and started again under traffic, at last both go.
const OPEN = ['grpc-open', 'http-open'] as const;
const SHIPPED = ['grpc-shipped', 'http-shipped'] as const;

let authorizationServer: FaultServer;
let upstream: Upstream;
let ports: readonly [GatehousePorts, GatehousePorts];
let fronts: RunningFronts;
let close: () => Promise<void>;
const instances: RunningGatehouse[] = [];
const agent = new Agent({ keepAlive: true });
const known = bearer(freshToken());

beforeAll(async () => {
  close = await opening(async (closing) => {
    authorizationServer = await closing.open(startFaultServer(), (server) => server.stop());
    // Long enough that there are always checks which wait for an answer.
    authorizationServer.always(({ body }) => {
      const token = new URLSearchParams(body).get('token') ?? '';
      return json(token.startsWith('good') ? { active: true, sub: token } : { active: false }, {
        delayMs: 30,
      });
    });
    upstream = await closing.open(startUpstream(), (server) => server.close());
    ports = [await gatehousePorts(), await gatehousePorts()];
    for (const at of ports)
      instances.push(await closing.open(startInstance(at), (instance) => instance.stop()));
    fronts = await closing.open(
      startFronts(
        [...OPEN, ...SHIPPED].map((name) => frontTo(name, ports)),
        upstream,
      ),
      (envoy) => envoy.stop(),
    );
    await toBeHealthy(2);
    return closing.close;
  });
}, 60_000);

afterAll(async () => {
  agent.destroy();
  await Promise.all(instances.map((instance) => instance.stop()));
  await close?.();
});

describe('two instances behind Envoy, health by grpc.health.v1 and /readyz', () => {
  it('stop and start again one after the other under traffic without one failed check or wrong answer (T-70, R22)', async () => {
    const traffic = startTraffic(OPEN, (status, wanted) => status === wanted);
    await traffic.toHaveAsked(200);

    for (const [index, at] of ports.entries()) {
      expect(await instances[index]?.stop()).toEqual({ code: 0, signal: null });
      await traffic.toHaveAsked(200);
      instances[index] = await startInstance(at);
      await toBeHealthy(2);
      await traffic.toHaveAsked(200);
    }

    const asked = await traffic.stop();
    expect(asked.wrong).toEqual([]);
    expect(asked.count).toBeGreaterThanOrEqual(1_000);
    for (const front of OPEN)
      expect(await fronts.counts(front)).toMatchObject({ error: 0, invalid: 0, failure_mode_allowed: 0 });
    expect(passedWithoutRight(0)).toEqual([]);
    expect(upstream.requests.flatMap((request) => valuesOf(request, ALLOWED_BY_FAILURE))).toEqual([]);
  }, 60_000);

  it('both stop under traffic: every answer is right or 503, as Envoy is shipped, and then all are 503 (T-70)', async () => {
    const before = upstream.requests.length;
    const traffic = startTraffic(SHIPPED, (status, wanted) => status === wanted || status === 503);
    await traffic.toHaveAsked(200);
    const ends = await Promise.all(instances.map((instance) => instance.stop()));
    await traffic.toHaveAsked(200);

    expect(ends).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    expect((await traffic.stop()).wrong).toEqual([]);
    expect(passedWithoutRight(before)).toEqual([]);
    for (const front of SHIPPED)
      for (const { headers } of Object.values(KINDS))
        expect((await request(front, '/orders', headers())).status).toBe(503);
  }, 60_000);

  it('none is left: what failure_mode_allow lets through then is the decision of Envoy alone', async () => {
    const before = upstream.requests.length;
    for (const front of OPEN) expect((await request(front, '/closed', [])).status).toBe(200);
    const passed = upstream.requests.slice(before);
    expect(passed.flatMap((one) => valuesOf(one, ALLOWED_BY_FAILURE))).toEqual(OPEN.map(() => 'true'));
  });
});

/** What is asked for all the time, and what the answer must be. */
const KINDS = {
  known: { path: '/orders', headers: () => known, wanted: 200 },
  good: { path: '/orders', headers: () => fresh('good'), wanted: 200 },
  bad: { path: '/orders', headers: () => fresh('bad'), wanted: 401 },
  anonymous: { path: '/orders', headers: () => [], wanted: 401 },
  closed: { path: '/closed', headers: () => known, wanted: 403 },
} as const satisfies Record<string, { path: string; headers: () => readonly string[]; wanted: number }>;

interface Traffic {
  /** Waits until so many more have been answered. */
  readonly toHaveAsked: (more: number) => Promise<unknown>;
  readonly stop: () => Promise<{ readonly count: number; readonly wrong: readonly string[] }>;
}

function startTraffic(
  through: readonly string[],
  isRight: (status: number, wanted: number) => boolean,
): Traffic {
  const wrong: string[] = [];
  let count = 0;
  let isOver = false;
  const askers = through.flatMap((front) =>
    Object.entries(KINDS).map(([name, kind]) => ({ front, name, ...kind })),
  );
  const running = askers.map(async ({ front, name, path, headers, wanted }) => {
    while (!isOver) {
      const status = await request(front, `${path}?${name}`, headers()).then(
        (reply) => reply.status,
        (error: unknown) => String(error),
      );
      count += 1;
      if (typeof status === 'string' || !isRight(status, wanted)) wrong.push(`${front} ${name}: ${status}`);
      await sleep(4);
    }
  });

  return {
    toHaveAsked: (more) => {
      const goal = count + more;
      return eventually('traffic to go on', () => (count >= goal ? true : null));
    },
    async stop() {
      isOver = true;
      await Promise.all(running);
      return { count, wrong };
    },
  };
}

const request = (front: string, path: string, headers: readonly string[]) =>
  ask({ port: fronts.port(front) }, { path, headers: ['Host', HOST, ...headers], agent });

/** Requests at the upstream, from one on, that no answer of ours can have let through. */
function passedWithoutRight(from: number): readonly string[] {
  const mayPass = ['known', 'good'];
  return upstream.requests
    .slice(from)
    .flatMap(({ path }) => (mayPass.includes(path.split('?')[1] ?? '') ? [] : [path]));
}

const toBeHealthy = (count: number): Promise<unknown> =>
  eventually(
    `Envoy to find ${count} instances healthy`,
    async () => {
      const found = await Promise.all([...OPEN, ...SHIPPED].map((front) => fronts.healthy(front)));
      return found.every((healthy) => healthy === count) ? true : null;
    },
    {
      within: 30_000,
      despair: () => {
        const ended = instances.find(({ process }) => process.ended() !== null);
        return ended === undefined ? null : `an instance ended:\n${lastWords(ended.process)}`;
      },
    },
  );

// As shipped, but for the pace: a drain accepts checks for a fifth of its time, and Envoy must have noticed by then.
const PACE = {
  timeout: '1s',
  interval: '0.2s',
  no_traffic_interval: '0.2s',
  unhealthy_threshold: 2,
  healthy_threshold: 1,
};
const GRPC_HEALTH: JsonObject = {
  health_checks: [{ ...PACE, grpc_health_check: { service_name: 'envoy.service.auth.v3.Authorization' } }],
};
const HTTP_HEALTH: JsonObject = { health_checks: [{ ...PACE, http_health_check: { path: '/readyz' } }] };

function frontTo(name: string, all: readonly GatehousePorts[]): Front {
  const isOpen = name.endsWith('open');
  const filter = isOpen ? { failure_mode_allow: true, failure_mode_allow_header_add: true } : {};
  return name.startsWith('grpc')
    ? {
        name,
        filter,
        service: 'grpc',
        instances: all.map(({ grpc }) => ({ port: grpc })),
        cluster: GRPC_HEALTH,
      }
    : {
        name,
        filter,
        service: 'http',
        instances: all.map(({ envoy, health }) => ({ port: envoy, healthPort: health })),
        cluster: HTTP_HEALTH,
      };
}

function startInstance(at: GatehousePorts): Promise<RunningGatehouse> {
  return startGatehouse({
    ports: at,
    settings: (own) => `${listenOn(own).replace('drain: 1s', 'drain: 10s')}
wait: { max: 2s }
clients:
  default:
    clientId: gateway
    clientSecret: { env: CLIENT_SECRET }
    allowHttp: true
    introspection: { endpoint: "${authorizationServer.url('/introspect')}" }
routes:
  - { name: closed, match: { paths: [/closed] }, mode: deny }
  - { name: orders, match: { paths: [/orders] }, upstream: { headers: { x-auth-subject: sub } } }
`,
    environment: { CLIENT_SECRET: 'a secret' },
  });
}
