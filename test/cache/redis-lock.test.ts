import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedisLock, createSharedCache } from '../../src/cache/index.ts';
import { openRedisStore, type RedisStore } from '../../src/cache/redis-store.ts';
import { systemClock, systemRandomness } from '../../src/cli/system.ts';
import { type EnquiryLock, milliseconds, type RedisPlace } from '../../src/domain/index.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { eventually } from '../support/processes.ts';
import {
  type ClusterScene,
  type SentinelScene,
  startClusterScene,
  startSentinelScene,
} from '../support/redis-topologies.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { aKey, anObserver, SHARED } from './records.ts';

const { seal } = deriveKeys(Buffer.alloc(32, 7));
const opened: RedisStore[] = [];
let single: RunningRedis;
let sentinel: SentinelScene;
let cluster: ClusterScene;

beforeAll(async () => {
  [single, sentinel, cluster] = await Promise.all([startRedis(), startSentinelScene(), startClusterScene()]);
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await Promise.all([single, sentinel, cluster].map((scene) => scene?.stop()));
});

describe.each<[string, () => RedisPlace]>([
  ['one Redis', () => ({ kind: 'single', node: { host: '127.0.0.1', port: single.port }, database: 0 })],
  [
    'Redis behind Sentinel',
    () => ({ kind: 'sentinel', name: sentinel.name, nodes: sentinel.nodes, username: null, password: null }),
  ],
  ['a Redis Cluster', () => ({ kind: 'cluster', nodes: cluster.nodes })],
])('the lock over %s', (kind, place) => {
  const key = aKey(`alice ${kind}`);

  it('is taken by one, until that one lets go', async () => {
    const [mine, theirs] = [await open(place()), await open(place())];
    const taken = await mine.take(key, milliseconds(60_000));
    expect(taken).toEqual({ kind: 'taken', fence: expect.any(String) });
    expect(await theirs.take(key, milliseconds(60_000))).toEqual({ kind: 'held' });
    expect([await theirs.isHeld(key), await theirs.isHeld(aKey(`bob ${kind}`))]).toEqual([true, false]);

    if (taken.kind === 'taken') await mine.release(key, taken.fence);
    expect(await theirs.isHeld(key)).toBe(false);
    expect(await theirs.take(key, milliseconds(60_000))).toMatchObject({ kind: 'taken' });
  });

  it('ends by itself, and is not let go of by whoever had it before', async () => {
    const [mine, theirs] = [await open(place()), await open(place())];
    const short = aKey(`short ${kind}`);
    const taken = await mine.take(short, milliseconds(20));
    await eventually('the end of the lock', async () => ((await theirs.isHeld(short)) ? null : true));
    expect(await theirs.take(short, milliseconds(60_000))).toMatchObject({ kind: 'taken' });
    if (taken.kind === 'taken') await mine.release(short, taken.fence);
    expect(await mine.isHeld(short)).toBe(true);
  });
});

describe('a store that does not answer', () => {
  it('costs its timeout once, and is not asked for locks while the shared tier leaves it alone', async () => {
    const redis = await startRedis();
    try {
      const place: RedisPlace = {
        kind: 'single',
        node: { host: '127.0.0.1', port: redis.port },
        database: 0,
      };
      const { lock, asked } = await openObserved(place, 50);
      redis.pause();
      for (let index = 0; index < 50; index += 1) {
        expect(await lock.take(aKey(`${index}`), milliseconds(1_000))).toEqual({ kind: 'unavailable' });
        expect(await lock.isHeld(aKey(`${index}`))).toBe(false);
      }
      expect(asked()).toBe(1);
    } finally {
      await redis.stop();
    }
  });

  it('is no lock when it is not there at all', async () => {
    const place: RedisPlace = { kind: 'single', node: { host: '127.0.0.1', port: 1 }, database: 0 };
    const lock = lockOver(place, 50).lock;
    expect(await lock.take(aKey('a'), milliseconds(1_000))).toEqual({ kind: 'unavailable' });
    await lock.release(aKey('a'), 'fence');
  });
});

async function open(place: RedisPlace): Promise<EnquiryLock> {
  return (await openObserved(place, 20_000)).lock;
}

async function openObserved(place: RedisPlace, timeoutMs: number) {
  const made = lockOver(place, timeoutMs);
  await eventually('a connection', () => (made.store.isConnected() ? true : null));
  return made;
}

function lockOver(place: RedisPlace, timeoutMs: number) {
  const { observe, all } = anObserver();
  const settings = { place, username: null, password: null, tls: null };
  const store = openRedisStore(settings, { observe, randomness: systemRandomness });
  opened.push(store);
  const parts = {
    store: store.store,
    ping: store.ping,
    seal,
    clock: systemClock,
    observe,
    readIntrospection,
  };
  const timeout = milliseconds(timeoutMs);
  const { calls } = createSharedCache(parts, { ...SHARED, timeout });
  const { command } = store;
  const lock = createRedisLock(
    { command, calls, clock: systemClock, randomness: systemRandomness },
    { timeout },
  );
  return { lock, store, asked: () => all('store_asked').length };
}
