import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  gzipped,
  html,
  huge,
  json,
  jsonText,
  raw,
  redirect,
  reset,
  silence,
  status,
  type Answer,
} from '../support/fault-server.ts';
import { eventually } from '../support/processes.ts';
import {
  ALLOWED_BY_FAILURE,
  FRONTS,
  LARGE_FRONTS,
  LATE_MS,
  fresh,
  freshToken,
  openFaultScene,
  type AnyFront,
  type FaultFront,
  type FaultScene,
  type Outcome,
} from './support-envoy-fault-scene.ts';
import { bearer, valuesOf, type Asked } from './support-envoy-scene.ts';

let scene: FaultScene;
/** A token that was asked about while everything was well. */
const known = bearer(freshToken());

beforeAll(async () => {
  scene = await openFaultScene();
  for (const front of FRONTS) expectAllowed(await scene.ask(front, { headers: known }));
}, 60_000);

afterAll(() => scene?.close());

/** The same through several fronts at once. */
async function through<Front extends AnyFront>(
  fronts: readonly Front[],
  makeAsked: (front: Front) => Asked,
): Promise<ReadonlyMap<Front, Outcome>> {
  const outcomes = await Promise.all(
    fronts.map(async (front) => [front, await scene.ask(front, makeAsked(front))] as const),
  );
  return new Map(outcomes);
}

const everywhere = (makeAsked: (front: FaultFront) => Asked): Promise<ReadonlyMap<FaultFront, Outcome>> =>
  through(FRONTS, makeAsked);

function expectAllowed({ reply, upstream }: Outcome): void {
  expect({ status: reply.status, times: upstream.length }).toEqual({ status: 200, times: 1 });
  for (const request of upstream) expect(valuesOf(request, ALLOWED_BY_FAILURE)).toEqual([]);
}

function expectDenied(wanted: number, { reply, upstream }: Outcome): void {
  expect({ status: reply.status, times: upstream.length }).toEqual({ status: wanted, times: 0 });
}

/** Our fault: 503, which the HTTP service folds to 403, with Retry-After and without a challenge. */
async function expectFaults(asked: (front: FaultFront) => Asked): Promise<void> {
  for (const [front, outcome] of await everywhere(asked)) {
    expectDenied(front === 'http' ? 403 : 503, outcome);
    expect(outcome.reply.body).toBe('The authorization service is unavailable');
    expect(outcome.reply.headers['retry-after']).toMatch(/^[2-8]$/);
    expect(outcome.reply.headers).not.toHaveProperty('www-authenticate');
  }
}

/** What holds however broken the surroundings are. */
async function expectTheUsual(): Promise<void> {
  for (const outcome of (await everywhere(() => ({ headers: known }))).values()) expectAllowed(outcome);
  for (const outcome of (await everywhere(() => ({}))).values()) expectDenied(401, outcome);
  for (const outcome of (await everywhere(() => ({ path: '/closed', headers: known }))).values())
    expectDenied(403, outcome);
}

async function expectRecovered(): Promise<void> {
  for (const front of FRONTS)
    await eventually(`a new token to be let through ${front}`, async () => {
      const { reply } = await scene.ask(front, { headers: fresh() });
      return reply.status === 200 ? true : null;
    });
}

describe('failure_mode_allow', () => {
  it('lets through what nobody answers: so these tests would see it', async () => {
    const { reply, upstream } = await scene.ask('nobody', { path: '/closed' });
    expect(reply.status).toBe(200);
    expect(upstream.map((request) => valuesOf(request, ALLOWED_BY_FAILURE))).toEqual([['true']]);
    expect(await scene.fronts.counts('nobody')).toMatchObject({ error: 1, failure_mode_allowed: 1 });
  });
});

describe('with failure_mode_allow nothing passes by failure, and known tokens pass as ever,', () => {
  it.each<[string, Answer]>([
    ['resets the connection', reset()],
    ['speaks no HTTP', raw('garbage\r\n\r\n')],
    [
      'answers half of an answer',
      raw('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{'),
    ],
    ['answers HTML (G12)', html()],
    ['answers broken JSON (G12)', jsonText('{"active": tru')],
    ['answers "active" as a text (G3)', json({ active: 'true', sub: 'x' })],
    ['answers without "active" (G3)', json({ sub: 'x' })],
    ['answers a list (G12)', json([{ active: true }])],
    ['answers compressed', gzipped({ active: true })],
    ['answers ten megabytes (G12)', huge(10_000_000)],
    ['answers 204 (G12)', status(204)],
    ['answers 401: our credentials are refused (G13, R18)', status(401)],
    ['answers 404', json({ active: true }, { status: 404 })],
    ['answers 429 (R17)', status(429, { headers: { 'retry-after': '3600' } })],
    ['answers 500 (R17)', status(500)],
    ['answers 503 with Retry-After (G11)', status(503, { headers: { 'retry-after': '3600' } })],
  ])('while the authorization server %s (T-12)', async (_what, answer) => {
    const client = scene.nextClient();
    client.answers(answer);
    // By the last round it may be that the server is left alone for a while.
    for (let round = 0; round < 3; round += 1)
      await expectFaults(() => ({ path: client.path, headers: fresh() }));
    expect(client.enquiries()).toBeGreaterThan(0);
    await expectTheUsual();
  });

  it('while the authorization server redirects, and nobody follows (G10)', async () => {
    const client = scene.nextClient();
    client.answers(redirect(307, scene.authorizationServer.url('/elsewhere')));
    await expectFaults(() => ({ path: client.path, headers: fresh() }));
    expect(client.enquiries()).toBeGreaterThan(0);
    const paths = scene.authorizationServer.requests.map(({ path }) => path);
    expect(paths).not.toContain('/elsewhere');
  });

  it('while the authorization server is down, and new ones after its return (T-12, R17)', async () => {
    await scene.authorizationServer.stop();
    await expectFaults(() => ({ headers: fresh() }));
    await expectTheUsual();
    await scene.authorizationServer.start();
    await expectRecovered();
  });

  it('while the metadata cannot be had (G14)', async () => {
    await expectFaults(() => ({ path: '/dark', headers: fresh() }));
  });

  it('while the authorization server is slower than Envoy waits; and its answer counts for the next (G21)', async () => {
    const client = scene.nextClient();
    const slow = new Map(FRONTS.map((front) => [front, fresh()]));
    client.answers(json({ active: true }, { delayMs: LATE_MS }));
    const { path } = client;
    await expectFaults((front) => ({ path, headers: slow.get(front) ?? [] }));
    await expectTheUsual();
    client.answers(status(500));
    for (const [front, headers] of slow)
      await eventually(`the late answer to be known at ${front}`, async () => {
        const { reply } = await scene.ask(front, { path, headers });
        return reply.status === 200 ? true : null;
      });
    expect(client.enquiries()).toBe(FRONTS.length);
  });

  it('while the authorization server is slower than we wait (R17)', async () => {
    scene.authorizationServer.on('/silent', silence());
    await expectFaults(() => ({ path: '/impatient', headers: fresh() }));
    await expectTheUsual();
  });

  it('while more tokens come than may be asked about (R22)', async () => {
    scene.authorizationServer.on('/silent', silence());
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, () => everywhere(() => ({ path: '/narrow', headers: fresh() }))),
    );
    for (const outcome of outcomes.flatMap((one) => [...one]))
      expectDenied(outcome[0] === 'http' ? 403 : 503, outcome[1]);
    await expectTheUsual();
  });
});

describe('with failure_mode_allow nothing passes by failure, and good tokens pass as ever, known or not,', () => {
  const expectGoodIsGood = async (): Promise<void> => {
    await expectTheUsual();
    for (const outcome of (await everywhere(() => ({ headers: fresh() }))).values()) expectAllowed(outcome);
    for (const outcome of (await everywhere(() => ({ headers: fresh('bad') }))).values())
      expectDenied(401, outcome);
  };

  it('while Redis is frozen, given up, killed, and back again without its data (G7, CACHE-9)', async () => {
    const isConnected = async (): Promise<boolean> =>
      (await scene.gatehouse.metric('gatehouse_shared_cache_connected')) === 1;
    const usualUntil = (what: string, wanted: boolean): Promise<true> =>
      eventually(what, async () => {
        await expectGoodIsGood();
        return (await isConnected()) === wanted ? true : null;
      });

    await usualUntil('Redis to be connected', true);
    scene.redis.pause();
    await usualUntil('a frozen Redis to be given up', false);
    await scene.redis.kill();
    await expectGoodIsGood();
    await scene.redis.restart();
    await usualUntil('Redis to be connected again', true);
  });

  it('but for new ones while the authorization server is down too (G7, T-12)', async () => {
    scene.redis.pause();
    await scene.authorizationServer.stop();
    for (let round = 0; round < 2; round += 1) {
      await expectFaults(() => ({ headers: fresh() }));
      await expectTheUsual();
    }
    scene.redis.resume();
    await scene.authorizationServer.start();
    await expectRecovered();
  });
});

describe('with failure_mode_allow, sizes that Envoy takes and Gatehouse does not', () => {
  const many = (count: number, length: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => [`X-Auth-${index}`, 'a'.repeat(length)]).flat();

  it.each<[string, readonly string[]]>([
    ['one header of 200 KB', many(1, 200_000)],
    ['200 KB of headers in 400 lines', many(400, 500)],
    ['200 KB of headers in 4,000 lines', many(4_000, 40)],
    ['a token of 200 KB', bearer('good'.repeat(50_000))],
    ['two tokens of 100 KB', [...bearer('good'.repeat(25_000)), ...bearer('good'.repeat(25_000))]],
    ['a megabyte of headers', many(2, 500_000)],
    ['six megabytes of headers', many(6, 1_000_000)],
  ])('are denied: %s (R19, T-12)', async (_what, headers) => {
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await through(LARGE_FRONTS, () => ({
        headers: [...headers, ...(headers[0] === 'Authorization' ? [] : known)],
      }));
      for (const outcome of outcomes.values()) expectDenied(431, outcome);
    }
  });

  it('are denied: a path of 200 KB (R19)', async () => {
    const path = `/${'a'.repeat(200_000)}`;
    for (const outcome of (await through(LARGE_FRONTS, () => ({ path, headers: known }))).values())
      expectDenied(431, outcome);
  });

  /** Nothing of it is UTF-8, for the form in which Envoy sends a body as text. */
  const binary = (mebibytes: number): Buffer => Buffer.alloc(mebibytes * 1024 * 1024, 0xff);

  it.each(LARGE_FRONTS)(
    'are skipped when they are of a body that no rule reads, through %s',
    async (front) => {
      const body = { method: 'POST', body: binary(1) };
      expectAllowed(await scene.ask(front, { ...body, headers: known }));
      expectDenied(401, await scene.ask(front, body));
      expectDenied(403, await scene.ask(front, { ...body, path: '/closed', headers: known }));
    },
  );

  it.each<[AnyFront, number]>([
    ['map-large', 413],
    ['raw-large', 413],
    ['http-large', 403],
  ])('are denied when they are of a body over 8 MiB, through %s', async (front, wanted) => {
    for (let round = 0; round < 2; round += 1)
      expectDenied(wanted, await scene.ask(front, { method: 'POST', path: '/closed', body: binary(9) }));
  });
});

describe('with failure_mode_allow, settings that cannot be used', () => {
  const opened = (): string =>
    scene.settings.replace('paths: [/closed] }, mode: deny', 'paths: [/closed] }, mode: public');
  const isOpen = async (): Promise<boolean> => {
    const { reply } = await scene.ask('raw', { path: '/closed' });
    return reply.status === 200;
  };

  it.each<[string, () => string]>([
    ['an unknown key', () => `${opened()}\nalow: everything\n`],
    ['no YAML', () => `${opened()}\n: [`],
    ['nothing', () => ''],
    ['a wrong type', () => opened().replace('wait: {', 'realm: 7\nwait: {')],
    ['a secret that is not there', () => opened().replace('env: CACHE_KEY', 'env: NO_SUCH_KEY')],
    [
      'a change that needs a restart',
      () => opened().replace(/grpc: \{ address: "[^"]*"/, 'grpc: { address: "127.0.0.1:1"'),
    ],
    [
      'a store that is another one',
      () => opened().replace(/redis:\/\/127\.0\.0\.1:\d+/, 'redis://127.0.0.1:1'),
    ],
  ])('open nothing and close nothing: %s (T-69)', async (_what, text) => {
    const before = scene.gatehouse.logs().filter(({ event }) => event === 'settings_refused').length;
    scene.gatehouse.writeSettings(text());
    await scene.gatehouse.logged('settings_refused', before + 1);
    await expectTheUsual();
    for (const outcome of (await everywhere(() => ({ headers: fresh() }))).values()) expectAllowed(outcome);
  });

  it('open nothing and close nothing: a file that is gone (T-69)', async () => {
    const before = scene.gatehouse.logs().filter(({ event }) => event === 'settings_refused').length;
    rmSync(join(scene.gatehouse.folder, 'gatehouse.yaml'));
    await scene.gatehouse.logged('settings_refused', before + 1);
    await expectTheUsual();
  });

  it('are left for ones that can: what they open is open, and closes again, without a failed check between', async () => {
    scene.gatehouse.writeSettings(opened());
    await eventually('the route to be open', async () => ((await isOpen()) ? true : null));
    scene.gatehouse.writeSettings(scene.settings);
    await eventually('the route to be closed', async () => ((await isOpen()) ? null : true));
    await expectTheUsual();
  });
});

describe('after all that', () => {
  it.each([...FRONTS, ...LARGE_FRONTS])(
    'Envoy has not seen one check fail through %s (T-11, T-12)',
    async (front) => {
      const counts = await scene.fronts.counts(front);
      expect(counts).toMatchObject({ error: 0, invalid: 0, failure_mode_allowed: 0 });
      expect(counts.denied).toBeGreaterThan(0);
    },
  );

  it('the upstream has seen one request that a failure let through: the first of this file', () => {
    const marked = scene.upstream.requests.filter(
      (request) => valuesOf(request, ALLOWED_BY_FAILURE).length > 0,
    );
    expect(marked.map(({ path }) => path.split('?')[0])).toEqual(['/closed']);
  });

  it('Gatehouse has had no defect', () => {
    expect(scene.gatehouse.logs().filter(({ event }) => event === 'crashed')).toEqual([]);
  });
});
