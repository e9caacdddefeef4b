import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { eventually } from '../support/processes.ts';
import { type ClusterScene, startClusterScene, startSentinelScene } from '../support/redis-topologies.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';
import { AT_ONCE, judgeThrough, type Scene } from './support-store-scene.ts';

// What a store does to a house when it is down, slow, hanging, full, read-only or changing places: nothing but misses.
// The short scenes always; with GATEHOUSE_LONG all of them, and each for 10,000 checks.
const IS_LONG = process.env['GATEHOUSE_LONG'] === '1';
const CHECKS = IS_LONG ? 10_000 : 400;
const KEY = randomBytes(32).toString('base64');
const WITHIN = IS_LONG ? 300_000 : 60_000;
// Not in short runs: each takes a failover or two, half a minute together with starting six servers, and `make test` has
// eight minutes. `make test-long` runs them; short failovers are in test/cache/redis-kinds.test.ts.
const inLongRuns = IS_LONG ? it : it.skip;

type Trouble = Pick<Scene, 'trouble' | 'mend' | 'lasting'>;

let idp: Idp;
const houses: OpenedHouse[] = [];
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  idp = await startIdp();
});
afterEach(async () => {
  idp.tokens.clear();
  await Promise.all(houses.splice(0).map((house) => house.close()));
  await Promise.all(stops.splice(0).map((stop) => stop()));
});
afterAll(() => idp?.stop());

describe('no check is wrongly allowed or denied, of 10,000 in the long form, while the store', () => {
  it.each<[string, (redis: RunningRedis) => Pick<Scene, 'trouble' | 'mend'>]>([
    [
      'is killed with SIGKILL, and started again, empty',
      (redis) => ({ trouble: redis.kill, mend: redis.restart }),
    ],
    [
      'hangs: SIGSTOP, for half a minute in the long form, then SIGCONT',
      (redis) => ({ trouble: redis.pause, mend: redis.resume }),
    ],
    [
      'is full and refuses to push anything out (maxmemory, noeviction)',
      (redis) => ({
        trouble: () => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
        mend: () => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
      }),
    ],
    [
      'has become a replica that takes no writes',
      (redis) => ({
        trouble: () => redis.command('REPLICAOF', '127.0.0.1', '1'),
        mend: () => redis.command('REPLICAOF', 'NO', 'ONE'),
      }),
    ],
  ])(
    '%s (G7, T-40)',
    async (what, troubleOf) => {
      const redis = await aRedis();
      const house = await openHouseAt(`redis: { url: "${redis.url}" }`);
      const lasting = IS_LONG && what.startsWith('hangs') ? 30_000 : 1_500;
      await passes({ house, ...troubleOf(redis), lasting });
      await isSharedAgain(house, () => sizeOf(redis));
    },
    WITHIN,
  );

  it(
    'is slower than its timeout, at every other call first and then at all (G7, T-40)',
    async () => {
      const redis = await aRedis();
      const slow = await aSlowWayTo(redis);
      const house = await openHouseAt(`redis: { url: "redis://127.0.0.1:${slow.port}" }`);
      await passes({
        house,
        trouble: () => slow.delay((reply) => (reply % 2 === 0 ? 1_000 : 0)),
        mend: () => slow.delay(() => 0),
        lasting: 2_000,
      });
      await passes({
        house,
        trouble: () => slow.delay(() => 1_000),
        mend: () => slow.delay(() => 0),
        lasting: 1_500,
      });
      await isSharedAgain(house, () => sizeOf(redis));
    },
    WITHIN,
  );

  inLongRuns.each<[string, (master: RunningRedis) => Trouble]>([
    ['is killed', ({ kill }) => ({ trouble: kill, mend: () => undefined, lasting: 3_000 })],
    [
      'hangs until after the failover',
      ({ pause, resume }) => ({ trouble: pause, mend: resume, lasting: 10_000 }),
    ],
  ])(
    'is behind Sentinel, and its master %s (G7, T-40)',
    async (_what, troubleOf) => {
      const scene = await startSentinelScene();
      stops.push(scene.stop);
      const house = await openHouseAt(
        `redis: { sentinel: { name: ${scene.name}, nodes: [${nodesOf(scene)}] } }`,
      );
      await passes({ house, ...troubleOf(await scene.master()) });
      await isSharedAgain(house, async () => sizeOf(await scene.master()));
    },
    WITHIN,
  );

  inLongRuns.each<[string, (scene: ClusterScene) => readonly Trouble[]]>([
    [
      'slots move, then a master is killed',
      ({ reshard, servers: [, master] }) => [
        { trouble: () => reshard(1_000), mend: () => undefined, lasting: 0 },
        { trouble: () => master?.kill(), mend: () => master?.restart(), lasting: 4_000 },
      ],
    ],
    [
      'a master hangs until after the failover',
      ({ servers: [master] }) => [
        { trouble: () => master?.pause(), mend: () => master?.resume(), lasting: 10_000 },
      ],
    ],
  ])(
    'is a Cluster: %s (G7, T-40)',
    async (_what, troublesOf) => {
      const scene = await startClusterScene();
      stops.push(scene.stop);
      const house = await openHouseAt(`redis: { cluster: [${nodesOf(scene)}] }`);
      for (const trouble of troublesOf(scene)) await passes({ house, ...trouble });
      await isSharedAgain(house, scene.size);
    },
    WITHIN,
  );
});

describe('a warm restart', () => {
  it('serves known tokens without asking the authorization server (item 10, CACHE-12)', async () => {
    const redis = await aRedis();
    const store = `redis: { url: "${redis.url}" }`;
    const tokens = Array.from({ length: 50 }, (_, index) => `warm-${index}`);
    for (const token of tokens) idp.tokens.set(token, { sub: token });
    const before = await openHouseAt(store);
    for (const token of tokens) expect(await askForStatus(before, withToken(token))).toBe(200);
    await eventually('all answers in the store', async () =>
      (await redis.command('DBSIZE')) === `:${tokens.length}` ? true : null,
    );
    await before.close();

    const after = await openHouseAt(store);
    idp.forget();
    for (const token of tokens) expect(await askForStatus(after, withToken(token))).toBe(200);
    expect(idp.asked()).toEqual([]);
    const hits = await after.metric('gatehouse_cache_lookups_total', { tier: 'shared', outcome: 'active' });
    expect(hits).toBe(tokens.length);
  });

  it('with a new key first and the old one second is warm, too', async () => {
    const redis = await aRedis();
    const store = `redis: { url: "${redis.url}" }`;
    const newKey = randomBytes(32).toString('base64');
    idp.tokens.set('warm', {});
    const before = await openHouseAt(store);
    expect(await askForStatus(before, withToken('warm'))).toBe(200);
    await eventually('the answer in the store', async () =>
      (await redis.command('DBSIZE')) === ':1' ? true : null,
    );
    const after = await openHouseAt(store, [newKey, KEY]);
    idp.forget();
    expect(await askForStatus(after, withToken('warm'))).toBe(200);
    expect(idp.asked()).toEqual([]);

    idp.tokens.set('fresh', {});
    expect(await askForStatus(after, withToken('fresh'))).toBe(200);
    const stranger = await openHouseAt(store, [newKey]);
    await eventually('the new answer under the new key', async () =>
      (await redis.command('DBSIZE')) === ':2' ? true : null,
    );
    idp.forget();
    expect(await askForStatus(stranger, withToken('fresh'))).toBe(200);
    expect(idp.asked()).toEqual([]);
  });
});

const nodesOf = ({ nodes }: { readonly nodes: readonly { readonly port: number }[] }): string =>
  nodes.map(({ port }) => `"127.0.0.1:${port}"`).join();

const sizeOf = async (redis: RunningRedis): Promise<number> =>
  Number((await redis.command('DBSIZE')).slice(1));

async function aRedis(): Promise<RunningRedis> {
  const redis = await startRedis();
  stops.push(redis.stop);
  return redis;
}

async function openHouseAt(store: string, keys: readonly string[] = [KEY]): Promise<OpenedHouse> {
  const names = keys.map((_, index) => `{ env: CACHE_KEY_${index} }`).join();
  const house = await openAHouse(
    `${EVERY_DOOR}
clients: { main: ${clientAt(idp.endpoint)} }
cache: { keys: [${names}], shared: { ${store}, timeout: 500ms } }
`.replace('log: { level: debug }', 'log: { level: warn }'),
    { environment: Object.fromEntries(keys.map((key, index) => [`CACHE_KEY_${index}`, key])) },
  );
  houses.push(house);
  await eventually('the shared store to be connected', async () =>
    (await house.metric('gatehouse_shared_cache_connected')) === 1 ? true : null,
  );
  return house;
}

/** Holds the scene to what a store may cost. */
async function passes(scene: Omit<Scene, 'idp' | 'checks'>): Promise<void> {
  const { count, wrong, paid } = await judgeThrough({ ...scene, idp, checks: CHECKS });
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThanOrEqual(CHECKS);
  expect(paid).toBeLessThanOrEqual(AT_ONCE + 5);
  expect(await scene.house.metric('gatehouse_crashes_total')).toBe(0);
}

/** New answers are written to it again, by itself. */
async function isSharedAgain(house: OpenedHouse, size: () => Promise<number>): Promise<void> {
  const before = await size();
  let count = 0;
  await eventually('new answers to be shared', async () => {
    const token = `recovered-${(count += 1)}`;
    idp.tokens.set(token, {});
    expect(await askForStatus(house, withToken(token))).toBe(200);
    return (await size()) > before ? true : null;
  });
  await eventually('what is there to be believed again', async () =>
    (await house.metric('gatehouse_shared_cache_connected')) === 1 ? true : null,
  );
}

/** A way to Redis on which the server's replies can be held up, each by a time of its own. */
async function aSlowWayTo(redis: RunningRedis) {
  let delayOf: (reply: number) => number = () => 0;
  let replies = 0;
  const server = createServer((near) => {
    const far = connect(redis.port, '127.0.0.1');
    let last = Promise.resolve();
    near.pipe(far);
    far.on('data', (chunk) => {
      const ms = delayOf((replies += 1));
      last = last.then(async () => {
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        near.write(chunk);
      });
    });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    delay(next: (reply: number) => number) {
      delayOf = next;
    },
  };
}
