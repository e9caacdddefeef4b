import { describe, expect, it } from '@jest/globals';
import type { KeyvStoreAdapter } from 'keyv';
import { openCaches } from '../../src/cli/caches.ts';
import { storeFromCode } from '../../src/cli/shared-store.ts';
import { AccessToken, type CacheRecord, Secret } from '../../src/domain/index.ts';
import { aClock, anActiveRecord, anInactiveRecord, anObserver, inMs } from '../cache/records.ts';
import { settingsOf } from '../config/read.ts';

// What a reload does to what is remembered.
const KIND = 'introspection';
const [OLD, NEW] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
const identity = Buffer.from('who');
const token = new AccessToken('abc');

describe('a key that is put before another one by a reload', () => {
  it('names what comes, and what was named by the other is still found in the store', async () => {
    const { recall, put, reloadWith } = await opened([OLD!]);
    await put(anActiveRecord());
    await reloadWith([NEW!, OLD!]);
    expect((await recall()).kind).toBe('hit');

    await put(anActiveRecord({}, { sub: 'another' }));
    await reloadWith([NEW!]);
    expect(await recall()).toMatchObject({ record: { introspection: { subject: 'another' } } });
  });

  it('is the only one once nothing of the other can live, however often the file is read again', async () => {
    const { clock, recall, put, reloadWith } = await opened([OLD!]);
    await reloadWith([NEW!, OLD!]);
    clock.pass(59_999);
    await reloadWith([NEW!, OLD!]);
    clock.pass(1);
    await put(anActiveRecord({ keepUntil: inMs(100_000) }), OLD);
    expect((await recall()).kind).toBe('miss');
  });

  it('alone makes what was sealed by the other unknown', async () => {
    const { recall, put, reloadWith } = await opened([OLD!]);
    await put(anActiveRecord());
    await reloadWith([NEW!]);
    expect((await recall()).kind).toBe('miss');
  });
});

describe('what comes to be known in memory', () => {
  it('is not contradicted by something older in the store, though it was never written there (T-32)', async () => {
    const { caches, clock, recall, put } = await opened([OLD!]);
    await put(anActiveRecord());
    clock.pass(1_000);
    const name = caches.names.name(KIND, identity, token);
    caches.memory.put(KIND, name, anInactiveRecord({ storedAt: inMs(1_000), keepUntil: inMs(6_000) }));
    clock.pass(20_000);
    expect((await recall()).kind).toBe('miss');
  });
});

describe('a lock between replicas', () => {
  it.each([true, false])('is there when `coalesce` is %s, and only then', async (coalesce) => {
    const { cache } = await settingsOf(
      'clients: { only: { issuer: https://a.example, clientId: a, clientSecret: b } }\n' +
        `cache: { keys: [${OLD!}], shared: { redis: { url: "redis://127.0.0.1:1" }, coalesce: ${coalesce} } }\n`,
    );
    const command = async () => Promise.reject(new Error('nobody is asked'));
    const caches = openCaches(cache, {
      clock: aClock(),
      randomness: { bytes: (length) => Buffer.alloc(length), fraction: () => 0.5 },
      observe: anObserver().observe,
      store: { ...storeFromCode(over(new Map())), command },
    });
    expect(caches.lock !== null).toBe(coalesce);
    await caches.close();
  });
});

async function opened(keys: readonly string[]) {
  const clock = aClock();
  const kept = new Map<string, string>();
  const { observe } = anObserver();
  const { cache } = await settingsOf(
    'clients: { only: { issuer: https://a.example, clientId: a, clientSecret: b } }\n',
  );
  const withKeys = (all: readonly string[]) => ({ ...cache, keys: all.map((key) => new Secret(key)) });
  const randomness = { bytes: (length: number) => Buffer.alloc(length), fraction: () => 0.5 };
  const open = (all: readonly string[]) =>
    openCaches(withKeys(all), { clock, randomness, observe, store: storeFromCode(over(kept)) });
  const caches = open(keys);
  return {
    caches,
    clock,
    recall: async () => {
      const { names, shared } = caches;
      const formerName = () => names.formerName?.(KIND, identity, token) ?? null;
      return shared.get(KIND, names.name(KIND, identity, token), formerName);
    },
    /** As a replica with this key alone would. */
    put: async (record: CacheRecord, key?: string) => {
      const { names, shared } = key === undefined ? caches : open([key]);
      await shared.put(KIND, names.name(KIND, identity, token), record);
    },
    reloadWith: async (all: readonly string[]) => caches.replace(withKeys(all)),
  };
}

function over(kept: Map<string, string>): KeyvStoreAdapter {
  const adapter: KeyvStoreAdapter = {
    opts: undefined,
    on: () => adapter,
    get: async (name: string) => kept.get(name) as never,
    set: async (name: string, value: string) => kept.set(name, value),
    delete: async (name: string) => kept.delete(name),
    clear: async () => kept.clear(),
  };
  return adapter;
}
