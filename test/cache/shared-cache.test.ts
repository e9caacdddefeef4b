import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { KeyvStoreAdapter } from 'keyv';
import { createSharedCache, NO_SHARED_CACHE, openKeyv } from '../../src/cache/index.ts';
import { encodeRecord } from '../../src/cache/record-text.ts';
import {
  AccessToken,
  type CacheRecord,
  epochMilliseconds,
  milliseconds,
  MISS,
} from '../../src/domain/index.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { createKeyring, deriveKeys } from '../../src/sealing/index.ts';
import { describeTokenCache } from './contract.ts';
import {
  aClock,
  aKey,
  anActiveRecord,
  anInactiveRecord,
  anObserver,
  inMs,
  inSeconds,
  SHARED,
} from './records.ts';

const KIND = 'introspection';
const { seal } = deriveKeys(Buffer.alloc(32, 7));
const key = aKey('alice');
const NAME = `gatehouse:1:introspection:${key}`;

describeTokenCache('shared, over a Map', (clock) => openOver(new Map(), { clock }).cache);

describe('what the store gets to see', () => {
  it('is one entry, its name with the format version, its value sealed', async () => {
    const map = new Map<string, string>();
    await openOver(map).cache.put(KIND, key, anActiveRecord({}, { sub: 'alice@example.com' }));
    expect([...map.keys()]).toEqual([NAME]);
    const value = map.get(NAME)!;
    expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(Buffer.from(value, 'base64').includes('alice')).toBe(false);
  });

  it('is an inactive answer, too, where somebody puts one, for no longer than such an answer may live (CACHE-5)', async () => {
    const { adapter, sets } = aRecordingStore();
    const { cache, clock } = openOver(adapter);
    const record = anInactiveRecord({ keepUntil: inMs(50_000), softUntil: inMs(50_000) });
    await cache.put(KIND, key, record);
    expect(sets.map((set) => set.ttl)).toEqual([5_000]);
    expect(await cache.get(KIND, key)).toEqual({ kind: 'hit', record: anInactiveRecord() });
    clock.pass(5_000);
    expect(await cache.get(KIND, key)).toEqual(MISS);
  });

  it.each<[string, Partial<CacheRecord>, number]>([
    ['the time that is left', { keepUntil: inMs(30_000) }, 30_000],
    ['whole milliseconds, rounded down', { keepUntil: inMs(30_000.9) }, 30_000],
    ['the least there is', { keepUntil: inMs(1) }, 1],
    ['no longer than the token lives', { exp: inSeconds(20) }, 20_000],
    ['no longer than the configured time', { keepUntil: inMs(3_600_000) }, 60_000],
  ])('is told to keep an entry for %s', async (_what, differing, ttl) => {
    const { adapter, sets } = aRecordingStore();
    await openOver(adapter).cache.put(KIND, key, anActiveRecord(differing));
    expect(sets.map((set) => set.ttl)).toEqual([ttl]);
  });

  it.each<[string, Partial<CacheRecord>]>([
    ['no time is left', { keepUntil: inMs(0) }],
    ['less than a millisecond is left', { keepUntil: inMs(0.9) }],
    ['its time is past', { keepUntil: inMs(-1) }],
    ['its time is not a number', { keepUntil: epochMilliseconds(Number.NaN) }],
    ['the token ends this very moment', { exp: inSeconds(0) }],
  ])('is nothing when %s, for a store takes 0 for ever', async (_what, differing) => {
    const { adapter, sets } = aRecordingStore();
    await openOver(adapter).cache.put(KIND, key, anActiveRecord(differing));
    expect(sets).toEqual([]);
  });

  it('is nothing when the sealed answer would be too long, and that is counted', async () => {
    const { adapter, sets } = aRecordingStore();
    const { cache, failures } = openOver(adapter);
    await cache.put(KIND, key, anActiveRecord({}, { text: 'x'.repeat(256 * 1024) }));
    expect([sets, failures()]).toEqual([[], ['put oversized']]);
  });

  it('is nothing when the answer is nested too deep to be written down, and that is counted', async () => {
    const deep = JSON.parse('['.repeat(30_000) + ']'.repeat(30_000));
    const { cache, failures } = openOver(new Map());
    await cache.put(KIND, key, anActiveRecord({}, { deep }));
    expect(failures()).toEqual(['put error']);
  });
});

describe('a value that lies (T-39, CACHE-12)', () => {
  const good = anActiveRecord();

  it.each<[string, string, (map: Map<string, string>) => void]>([
    ['forged as plain text', 'get unsealable', (map) => map.set(NAME, '{"active":true,"sub":"admin"}')],
    ['empty', 'get unsealable', (map) => map.set(NAME, '')],
    ['replayed under another name', 'get unsealable', (map) => replay(map, aKey('bob'))],
    ['cut short', 'get unsealable', (map) => change(map, (sealed) => sealed.subarray(0, -1))],
    ['flipped in one bit', 'get unsealable', (map) => change(map, flipped)],
    [
      'of another seal format',
      'get unsealable',
      (map) => change(map, (sealed) => (sealed.fill(2, 0, 1), sealed)),
    ],
    ['gigantic', 'get oversized', (map) => map.set(NAME, 'A'.repeat(8 * 1024 * 1024))],
    ['of a later record version', 'get outdated', (map) => write(map, { version: 2 })],
    ['of an older record version', 'get outdated', (map) => write(map, { version: 0 })],
    ['past its own inner time', 'get outdated', (map) => write(map, { keepUntil: inMs(-1) })],
    ['stored in the future', 'get outdated', (map) => write(map, { storedAt: inMs(5_001) })],
    ['without a time', 'get outdated', (map) => write(map, { keepUntil: null })],
    ['with a time that is no whole number', 'get outdated', (map) => write(map, { storedAt: 0.5 })],
    ['without an answer', 'get outdated', (map) => write(map, { claims: undefined })],
    ['with an unreadable answer', 'get outdated', (map) => write(map, { claims: { active: 'true' } })],
    [
      'about a token that is over',
      'get outdated',
      (map) => write(map, { claims: { active: true, exp: inSeconds(0) } }),
    ],
    ['not JSON', 'get outdated', (map) => sealText(map, 'text')],
    ['not an object', 'get outdated', (map) => sealText(map, '[]')],
  ])('%s is a miss and is counted as %s', async (_what, failure, tamper) => {
    const map = new Map<string, string>();
    const { cache, failures } = openOver(map);
    await cache.put(KIND, key, good);
    expect((await cache.get(KIND, key)).kind).toBe('hit');
    tamper(map);
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, [failure]]);
  });

  it('that is not text at all is a miss and is counted', async () => {
    const { cache, failures } = openOver({
      ...aRecordingStore().adapter,
      get: async () => ({ value: 7 }) as never,
    });
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, ['get unsealable']]);
  });

  it('sealed by another deployment is a miss and is counted', async () => {
    const map = new Map<string, string>();
    await openOver(map, { seal: deriveKeys(Buffer.alloc(32, 8)).seal }).cache.put(KIND, key, good);
    const { cache, failures } = openOver(map);
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, ['get unsealable']]);
  });

  it('in any way at all is a miss, and is counted once', async () => {
    const poison = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.json(),
      // Sealed by us under this very name, and yet not a record.
      fc.json().map((text) => seal.seal(NAME, Buffer.from(text)).toString('base64')),
      fc.nat({ max: 200 }).map((at) => cutAt(sealedRecord(), at)),
    );
    await fc.assert(
      fc.asyncProperty(poison, async (value) => {
        const { cache, failures } = openOver(new Map([[NAME, value]]));
        expect([await cache.get(KIND, key), failures().length]).toEqual([MISS, 1]);
      }),
    );
  });

  function sealedRecord(): string {
    return seal.seal(NAME, encodeRecord(good)).toString('base64');
  }

  function cutAt(value: string, bytes: number): string {
    return Buffer.from(value, 'base64')
      .subarray(0, bytes + 1)
      .toString('base64');
  }

  function write(map: Map<string, string>, differing: object): void {
    const { storedAt, softUntil, keepUntil, generation, introspection } = good;
    const claims = introspection.kind === 'active' ? introspection.claims : null;
    const stored = { version: 1, storedAt, softUntil, keepUntil, generation, claims, ...differing };
    sealText(map, JSON.stringify(stored));
  }

  function sealText(map: Map<string, string>, text: string): void {
    map.set(NAME, seal.seal(NAME, Buffer.from(text)).toString('base64'));
  }

  function replay(map: Map<string, string>, from: string): void {
    const other = `gatehouse:1:introspection:${from}`;
    map.set(NAME, seal.seal(other, Buffer.from('{"version":1}')).toString('base64'));
  }

  function change(map: Map<string, string>, tamper: (sealed: Buffer) => Buffer): void {
    map.set(NAME, tamper(Buffer.from(map.get(NAME)!, 'base64')).toString('base64'));
  }

  function flipped(sealed: Buffer): Buffer {
    sealed[40] = sealed[40]! ^ 1;
    return sealed;
  }
});

describe('the age of what another replica kept', () => {
  it('is bounded by our own configured time, whatever the record says', async () => {
    const map = new Map<string, string>();
    const generous = openOver(map, { maxAge: 3_600_000 });
    const record = anActiveRecord({ keepUntil: inMs(3_000_000), softUntil: inMs(3_000_000) });
    await generous.cache.put(KIND, key, record);

    const { cache, clock } = openOver(map);
    clock.pass(59_999);
    expect(await cache.get(KIND, key)).toEqual({
      kind: 'hit',
      record: { ...record, keepUntil: inMs(60_000), softUntil: inMs(60_000) },
    });
    clock.pass(1);
    expect(await cache.get(KIND, key)).toEqual(MISS);
  });

  it('is not stretched by a clock ahead of ours', async () => {
    const map = new Map<string, string>();
    const record = anActiveRecord({ storedAt: inMs(4_000), keepUntil: inMs(64_000) });
    await openOver(map, { maxAge: 3_600_000 }).cache.put(KIND, key, record);
    expect(await openOver(map).cache.get(KIND, key)).toMatchObject({ record: { keepUntil: inMs(60_000) } });
  });
});

describe('an answer that this process knows and the store does not hold (T-32)', () => {
  const older = anActiveRecord();
  const newer = anInactiveRecord({ storedAt: inMs(2_000), keepUntil: inMs(7_000), softUntil: inMs(7_000) });

  it('does not give way to an older one there, however long ours has been over', async () => {
    const { cache, clock, failures } = openOver(new Map());
    await cache.put(KIND, key, older);
    clock.pass(2_000);
    cache.note(key, newer);
    clock.pass(50_000);
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, ['get outdated']]);
  });

  it('is not replaced by an older one that comes late to be written', async () => {
    const map = new Map<string, string>();
    const { cache, clock } = openOver(map);
    clock.pass(2_000);
    cache.note(key, newer);
    await cache.put(KIND, key, older);
    expect(map.size).toBe(0);
  });

  it('gives way to a newer one from another replica', async () => {
    const map = new Map<string, string>();
    const clock = aClock();
    const [ours, theirs] = [openOver(map, { clock }), openOver(map, { clock })];
    clock.pass(2_000);
    ours.cache.note(key, newer);
    clock.pass(1_000);
    const newest = anActiveRecord({ storedAt: inMs(3_000) });
    await theirs.cache.put(KIND, key, newest);
    expect(await ours.cache.get(KIND, key)).toEqual({ kind: 'hit', record: newest });
  });

  it('says nothing once the wall clock was set back behind it', async () => {
    const { cache, clock } = openOver(new Map());
    clock.pass(2_000);
    cache.note(key, newer);
    clock.step(-2_000);
    await cache.put(KIND, key, older);
    expect((await cache.get(KIND, key)).kind).toBe('hit');
  });
});

describe('a rotated key', () => {
  const [oldKey, newKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const identity = Buffer.from('who');
  const token = new AccessToken('abc');

  it('finds what was sealed under the key before, while such entries may live, and writes under the new one', async () => {
    const { map, before, open } = aRotation();
    const record = anActiveRecord();
    await before.cache.put(KIND, before.key, record);
    const { cache, key: name, formerName } = open();
    expect(name).not.toBe(before.key);
    expect(await cache.get(KIND, name, formerName)).toEqual({ kind: 'hit', record });
    await cache.put(KIND, name, record);
    expect([...map.keys()]).toEqual([before.key, name].map((one) => `gatehouse:1:introspection:${one}`));
  });

  it('no longer looks under the key before when none of its entries can live any more', async () => {
    const { before, open, clock } = aRotation();
    const { cache, key: name, formerName } = open();
    clock.pass(59_999);
    await before.cache.put(KIND, before.key, anActiveRecord({ keepUntil: inMs(100_000) }));
    expect((await cache.get(KIND, name, formerName)).kind).toBe('hit');
    clock.pass(1);
    expect(await cache.get(KIND, name, formerName)).toEqual(MISS);
  });

  it('costs a second lookup only where the first found nothing, and both have one timeout', async () => {
    const { adapter, gets } = aRecordingStore();
    const { open } = aRotation(adapter);
    const { cache, key: name, formerName } = open();
    await cache.put(KIND, name, anActiveRecord());
    await cache.get(KIND, name, formerName);
    expect(gets).toHaveLength(1);
  });

  it('does not open, with the key before, what was sealed with the new one, nor the other way round (T-39)', async () => {
    const { map, before, open } = aRotation();
    const { cache, key: name, formerName, failures } = open();
    await cache.put(KIND, name, anActiveRecord());
    const value = map.get(`gatehouse:1:introspection:${name}`)!;
    map.clear();
    map.set(`gatehouse:1:introspection:${before.key}`, value);
    expect([await cache.get(KIND, name, formerName), failures()]).toEqual([MISS, ['get unsealable']]);
  });

  function aRotation(store: KeyvStoreAdapter | Map<string, string> = new Map<string, string>()) {
    const clock = aClock();
    const openWith = (newest: Buffer, former: Buffer | null) => {
      const ring = createKeyring({ newest, former, formerFor: milliseconds(60_000) }, clock);
      const opened = openOver(store, { clock, seal: ring.seal, formerSeal: ring.formerSeal });
      const name = ring.names.name(KIND, identity, token);
      return {
        ...opened,
        key: name,
        formerName: () => ring.names.formerName?.(KIND, identity, token) ?? null,
      };
    };
    const map = store instanceof Map ? store : new Map<string, string>();
    return { clock, map, before: openWith(oldKey, null), open: () => openWith(newKey, oldKey) };
  }
});

describe('a store that fails (decision 5, T-40)', () => {
  it('by rejecting is a miss, counted, for get and put', async () => {
    const { cache, failures } = openOver(aFailingStore(() => Promise.reject(new Error('broken'))));
    expect(await cache.get(KIND, key)).toEqual(MISS);
    await cache.put(KIND, key, anActiveRecord());
    expect(failures()).toEqual(['get error', 'put error']);
  });

  it('by throwing is a miss, counted', async () => {
    const throwing = aFailingStore(() => {
      throw new Error('broken');
    });
    const { cache, failures } = openOver(throwing);
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, ['get error']]);
  });

  it('by having no connection is a miss, counted as unavailable', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' });
    const { cache, failures } = openOver(aFailingStore(() => Promise.reject(refused)));
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, ['get unavailable']]);
  });

  it('by saying that it did not store is counted', async () => {
    const { cache, failures } = openOver({ ...aRecordingStore().adapter, set: async () => false as never });
    await cache.put(KIND, key, anActiveRecord());
    expect(failures()).toEqual(['put error']);
  });

  it('by never answering costs a wait to the checks that wait when the first timeout fires, and to no later one', async () => {
    const { cache, failures } = openOver(aFailingStore(aSilence), { timeout: 10 });
    const waiting = Array.from({ length: 20 }, (_, index) => cache.get(KIND, aKey(`waiting ${index}`)));
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => MISS));
    expect(failures()).toEqual(waiting.map(() => 'get timeout'));

    for (let index = 0; index < 100; index += 1) await cache.get(KIND, aKey(`later ${index}`));
    await cache.put(KIND, key, anActiveRecord());
    const later = failures().slice(20);
    expect(later).toEqual([...Array.from({ length: 100 }, () => 'get unavailable'), 'put unavailable']);
    expect(cache.status()).toEqual({ state: 'resting' });
  });

  it('by never answering lets go of those who came later together with the first that times out', async () => {
    const { cache } = openOver(aFailingStore(aSilence), { timeout: 40 });
    const first = cache.get(KIND, aKey('first'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    let isAnswered = false;
    void cache.get(KIND, aKey('later')).then(() => (isAnswered = true));
    await first;
    await new Promise(setImmediate);
    expect(isAnswered).toBe(true);
  });

  it('by answering and falling silent by turns costs at most five checks their wait, and is left alone then', async () => {
    let turn = 0;
    const { adapter } = aRecordingStore();
    const byTurns = {
      ...adapter,
      get: (name: string) => ((turn += 1) % 3 === 0 ? aSilence() : adapter.get(name)),
    };
    const { cache, failures } = openOver(byTurns as never, { timeout: 5 });
    const until = performance.now() + 1_500;
    while (performance.now() < until) {
      await cache.get(KIND, key);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const paid = failures().filter((failure) => failure === 'get timeout').length;
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThanOrEqual(5);
  });

  it('for a while is asked by a question of our own, and used again once it answers', async () => {
    let isSilent = true;
    const { adapter, gets } = aRecordingStore();
    const { cache } = openOver(
      { ...adapter, get: (name: string) => (isSilent ? aSilence() : adapter.get(name)) as never },
      { timeout: 10 },
    );
    await cache.get(KIND, key);
    expect(cache.status()).toEqual({ state: 'resting' });

    isSilent = false;
    while (cache.status()['state'] === 'resting') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(gets).toEqual(['gatehouse:1:probe']);
    await cache.put(KIND, key, anActiveRecord());
    expect((await cache.get(KIND, key)).kind).toBe('hit');
  });

  it('to write, and by never answering, counts as silent too', async () => {
    const { cache, failures } = openOver(aFailingStore(aSilence), { timeout: 10 });
    await cache.put(KIND, key, anActiveRecord());
    await cache.get(KIND, key);
    expect(failures()).toEqual(['put timeout', 'get unavailable']);
  });
});

describe('what the shared tier tells telemetry', () => {
  it('is each lookup with its outcome', async () => {
    const { cache, all } = openOver(new Map());
    await cache.get(KIND, key);
    await cache.put(KIND, key, anActiveRecord());
    await cache.get(KIND, key);
    expect(all('cache_looked_up').map(({ tier, outcome }) => `${tier} ${outcome}`)).toEqual([
      'shared miss',
      'shared active',
    ]);
  });
});

describe('NO_SHARED_CACHE', () => {
  it('misses whatever it was told', async () => {
    await NO_SHARED_CACHE.put(KIND, key, anActiveRecord());
    expect(await NO_SHARED_CACHE.get(KIND, key)).toEqual(MISS);
  });
});

interface Differing {
  readonly clock?: ReturnType<typeof aClock>;
  readonly seal?: typeof seal;
  readonly formerSeal?: typeof seal | null;
  readonly timeout?: number;
  readonly maxAge?: number;
}

function openOver(adapter: KeyvStoreAdapter | Map<string, string>, differing: Differing = {}) {
  const { clock = aClock(), timeout = SHARED.timeout, maxAge = SHARED.maxAge.active } = differing;
  const { observe, all, failures } = anObserver();
  const cache = createSharedCache(
    {
      store: openKeyv(adapter),
      seal: differing.seal ?? seal,
      formerSeal: differing.formerSeal ?? null,
      clock,
      observe,
      readIntrospection,
    },
    {
      timeout: milliseconds(timeout),
      maxAge: { active: milliseconds(maxAge), inactive: SHARED.maxAge.inactive },
    },
  );
  return { cache, clock, all, failures };
}

/** A store that works and remembers how it was asked. */
function aRecordingStore() {
  const map = new Map<string, string>();
  const sets: { name: string; ttl: number | undefined }[] = [];
  const gets: string[] = [];
  const adapter = {
    ...aFailingStore(aSilence),
    get: async (name: string) => {
      gets.push(name);
      return map.get(name) as never;
    },
    set: async (name: string, value: string, ttl?: number) => {
      sets.push({ name, ttl });
      map.set(name, value);
    },
  };
  return { adapter, sets, gets };
}

function aFailingStore(answer: () => Promise<never>): KeyvStoreAdapter {
  const adapter: KeyvStoreAdapter = {
    opts: {},
    on: () => adapter,
    get: answer,
    set: answer,
    delete: answer,
    clear: answer,
  };
  return adapter;
}

function aSilence(): Promise<never> {
  return new Promise(() => undefined);
}
