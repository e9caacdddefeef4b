import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import KeyvRedis from '@keyv/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSharedCache, loadStoreModule, openKeyv } from '../../src/cache/index.ts';
import { openRedisStore, type RedisStore } from '../../src/cache/redis-store.ts';
import { clusterSlotOf } from '../../src/cache/cluster-slot.ts';
import {
  type CacheKey,
  epochMilliseconds,
  milliseconds,
  type RedisPlace,
  type RedisSettings,
  type RedisTls,
  Secret,
} from '../../src/domain/index.ts';
import { systemClock } from '../../src/cli/system.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import {
  type ClusterScene,
  type SentinelScene,
  startClusterScene,
  startSentinelScene,
} from '../support/redis-topologies.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { describeTokenCache, type OpenTokenCache } from './contract.ts';
import { aKey, anActiveRecord, anObserver, SHARED, type SimulatedClock } from './records.ts';

// Every kind of store keeps the one contract, and each is used again by itself after its servers have changed places.
const KIND = 'introspection';
const { seal } = deriveKeys(Buffer.alloc(32, 7));
const RIGHTS = '~gatehouse:* +get +set +ping +select +asking +cluster|slots';
const opened: RedisStore[] = [];

let sentinel: SentinelScene;
let cluster: ClusterScene;
let secured: RunningRedis;
let plain: RunningRedis;
const folder = temporaryFolder('store-module');
const authority = createAuthority();
const server = authority.issue(['DNS:redis.test']);
const client = authority.issue(['DNS:gatehouse.test']);
const tls: RedisTls = {
  ca: authority.ca,
  certificate: { cert: client.cert, key: new Secret(client.key) },
  serverName: 'redis.test',
};

beforeAll(async () => {
  const user = ['--user', ...`gatehouse on >pass ${RIGHTS}`.split(' ')];
  [sentinel, cluster, plain, secured] = await Promise.all([
    startSentinelScene({
      serverArguments: user,
      sentinelLines: ['user gatehouse on >watch allchannels +ping +sentinel +psubscribe'],
    }),
    startClusterScene({ serverArguments: user }),
    startRedis(),
    startRedis({ tls: { ...server, ca: authority.ca }, arguments: user }),
  ]);
});
afterAll(async () => {
  await closeAll();
  folder.remove();
  await Promise.all([sentinel, cluster, plain, secured].map((scene) => scene?.stop()));
});

describeTokenCache('shared, over a Redis with TLS, a client certificate and an ACL user', async (clock) => {
  await secured.command('FLUSHALL');
  return openConnected(
    { place: { kind: 'single', node: { host: '127.0.0.1', port: secured.port }, database: 3 }, tls },
    clock,
  );
});
describeTokenCache('shared, over Redis behind Sentinel', async (clock) => {
  await sentinel.flush();
  return openConnected({ place: sentinelPlace() }, clock);
});
describeTokenCache('shared, over a Redis Cluster', async (clock) => {
  await cluster.flush();
  return openConnected({ place: clusterPlace() }, clock);
});
describeTokenCache("shared, over an adapter of the user's own, from code", async (clock) => {
  await plain.command('FLUSHALL');
  const adapter = new KeyvRedis<string>(plain.url);
  fromCode.push(adapter);
  return overStore({ store: openKeyv(adapter) }, clock);
});
describeTokenCache("shared, over a module of the user's own", overModule());

const fromCode: KeyvRedis<string>[] = [];
afterAll(async () => {
  await Promise.all(fromCode.map((adapter) => adapter.disconnect()));
});

describe('servers that change places', () => {
  it('of a Cluster: a name is found while its slot moves, and after it has moved', async () => {
    const { cache, failures } = await open({ place: clusterPlace() });
    const keys = keysOfSlotsBelow(60, 100);
    await Promise.all(keys.map((key) => cache.put(KIND, key, aFreshRecord())));
    let isMoving = true;
    const moved = cluster.reshard(60).finally(() => (isMoving = false));
    while (isMoving) {
      for (const key of keys) expect([(await cache.get(KIND, key)).kind, failures()]).toEqual(['hit', []]);
    }
    await moved;
    for (const key of keys) expect((await cache.get(KIND, key)).kind).toBe('hit');
    expect(failures()).toEqual([]);
  });

  it('behind Sentinel: a master that is killed is followed by its replica, with what it holds', async () => {
    await sentinel.flush();
    const { cache, store } = await open({ place: sentinelPlace() });
    await cache.put(KIND, aKey('alice'), aFreshRecord());
    const master = await sentinel.master();
    await replicated(sentinel);
    await master.kill();
    expect((await cache.get(KIND, aKey('alice'))).kind).toBe('miss');
    await eventually('the record at the new master', async () =>
      (await cache.get(KIND, aKey('alice'))).kind === 'hit' ? true : null,
    );
    expect(store.status()).toMatchObject({ kind: 'sentinel', state: 'connected' });
    await master.restart();
  });

  it('of a Cluster: every name is kept again after a master was killed', async () => {
    const { cache, store } = await open({ place: clusterPlace() });
    const keys = Array.from({ length: 60 }, (_, index) => aKey(`of the cluster ${index}`));
    const [master] = cluster.servers;
    await master?.kill();
    await eventually('every name to be kept', async () => {
      await Promise.all(keys.map((key) => cache.put(KIND, key, aFreshRecord())));
      const recalls = await Promise.all(keys.map((key) => cache.get(KIND, key)));
      return recalls.every(({ kind }) => kind === 'hit') ? true : null;
    });
    expect(store.status()).toMatchObject({ kind: 'cluster', state: 'connected' });
    await master?.restart();
  });

  it('and are not there at start: each is used as soon as it comes', async () => {
    const absent = { host: '127.0.0.1', port: 1 };
    for (const place of [
      { ...sentinelPlace(), nodes: [absent] },
      { kind: 'cluster', nodes: [absent] },
    ] as const) {
      const { store, failures } = openStore({ place });
      await eventually('failed attempts', () => (failures().length > 3 ? true : null));
      expect(store.status()).toMatchObject({ state: 'disconnected', lastFailure: 'ECONNREFUSED' });
      expect(new Set(failures())).toEqual(new Set(['connection unavailable']));
    }
  });
});

describe('a renewed certificate', () => {
  it('is shown over connections made anew, while calls go on', async () => {
    const place = { kind: 'single', node: { host: '127.0.0.1', port: secured.port }, database: 0 } as const;
    const { cache, store, failures } = await open({ place, tls });
    const known = async () => (await secured.command('CLIENT', 'LIST')).match(/user=gatehouse/g)?.length ?? 0;
    const before = await known();
    const fresh = authority.issue(['DNS:gatehouse.test']);
    const certificate = { cert: fresh.cert, key: new Secret(fresh.key) };
    store.renew(aRedis({ place, tls: { ...tls, certificate } }));
    for (let call = 0; call < 200; call += 1) {
      await cache.put(KIND, aKey('alice'), aFreshRecord());
      expect((await cache.get(KIND, aKey('alice'))).kind).toBe('hit');
    }
    await eventually('the old connection to be gone', async () => ((await known()) === before ? true : null));
    expect(failures()).toEqual([]);
  });

  it('of a server that is for another name is refused', async () => {
    const place = { kind: 'single', node: { host: '127.0.0.1', port: secured.port }, database: 0 } as const;
    const { store } = openStore({ place, tls: { ...tls, serverName: 'other.test' } });
    await eventually('the refusal', () => (store.status()['lastFailure'] === null ? null : true));
    expect(store.status()).toMatchObject({
      state: 'disconnected',
      lastFailure: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});

function sentinelPlace(): Extract<RedisPlace, { kind: 'sentinel' }> {
  const { name, nodes } = sentinel;
  return { kind: 'sentinel', name, nodes, username: 'gatehouse', password: new Secret('watch') };
}

function clusterPlace(): RedisPlace {
  return { kind: 'cluster', nodes: cluster.nodes.slice(0, 3) };
}

function aRedis(differing: Partial<RedisSettings> & Pick<RedisSettings, 'place'>): RedisSettings {
  return { username: 'gatehouse', password: new Secret('pass'), tls: null, ...differing };
}

function openStore(differing: Parameters<typeof aRedis>[0]) {
  const observer = anObserver();
  const store = openRedisStore(aRedis(differing), {
    observe: observer.observe,
    randomness: { fraction: () => 0.5 },
  });
  opened.push(store);
  return { store, ...observer };
}

async function open(
  differing: Parameters<typeof aRedis>[0],
  clock: SimulatedClock | typeof systemClock = systemClock,
) {
  const { store, observe, failures } = openStore(differing);
  await eventually('a connection', () => (store.isConnected() ? true : null));
  return { store, failures, cache: overStore({ ...store, observe }, clock) };
}

async function openConnected(differing: Parameters<typeof aRedis>[0], clock: SimulatedClock) {
  await closeAll();
  return (await open(differing, clock)).cache;
}

function overStore(
  {
    observe = () => undefined,
    ...parts
  }: Pick<RedisStore, 'store'> & Partial<RedisStore> & { observe?: ReturnType<typeof anObserver>['observe'] },
  clock: SimulatedClock | typeof systemClock,
) {
  return createSharedCache(
    { store: parts.store, ping: parts.ping ?? null, seal, clock, observe, readIntrospection },
    SHARED,
  );
}

/** As a user would write it: a store in a file of its own. */
function overModule(): OpenTokenCache {
  let count = 0;
  return async (clock) => {
    const path = join(folder.path, `store-${(count += 1)}.mjs`);
    writeFileSync(
      path,
      `const kept = new Map();
       export default async () => ({
         get: async (name) => kept.get(name),
         set: async (name, value, ttl) => { if (!(ttl > 0)) throw new Error('no end'); kept.set(name, value); return true; },
         delete: async (name) => kept.delete(name),
         clear: async () => kept.clear(),
       });\n`,
    );
    const loaded = await loadStoreModule(path, milliseconds(10_000), systemClock);
    if (!loaded.ok) throw new Error(loaded.failure);
    return overStore({ store: openKeyv(loaded.value) }, clock);
  };
}

/** By the real clock, for tests that go by it. */
function aFreshRecord() {
  const storedAt = epochMilliseconds(Date.now());
  const keepUntil = epochMilliseconds(storedAt + 60_000);
  return anActiveRecord({ storedAt, keepUntil, softUntil: keepUntil });
}

function keysOfSlotsBelow(slots: number, count: number): readonly CacheKey[] {
  const found: CacheKey[] = [];
  for (let index = 0; found.length < count; index += 1) {
    const key = aKey(`moving ${index}`);
    if (clusterSlotOf(`gatehouse:1:introspection:${key}`) < slots) found.push(key);
  }
  return found;
}

async function replicated(scene: SentinelScene): Promise<void> {
  await eventually('the replica to have it', async () => {
    const sizes = await Promise.all(scene.servers.map((each) => each.command('DBSIZE')));
    return sizes.every((size) => size === ':1') ? true : null;
  });
}

async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((store) => store.close()));
}
