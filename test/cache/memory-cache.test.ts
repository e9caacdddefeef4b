import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createMemoryCache } from '../../src/cache/index.ts';
import { bytes, MISS } from '../../src/domain/index.ts';
import { describeTokenCache } from './contract.ts';
import {
  aClock,
  aKey,
  anActiveRecord,
  anInactiveRecord,
  anObserver,
  inMs,
  inSeconds,
  ROOMY,
} from './records.ts';

const KIND = 'introspection';

describeTokenCache('memory', (clock) => createMemoryCache({ clock, observe: () => undefined }, ROOMY));

describe('createMemoryCache', () => {
  it('answers at once: with a value, not with a promise', () => {
    const { cache, key } = aCache();
    cache.put(KIND, key, anActiveRecord());
    expect(cache.get(KIND, key).kind).toBe('hit');
  });

  it('hands out the same introspection each time, so that what is kept for it is found again', () => {
    const { cache, key } = aCache();
    cache.put(KIND, key, anActiveRecord());
    expect(cache.get(KIND, key)).toBe(cache.get(KIND, key));
  });

  it('keeps an inactive answer for its own time (G1, CACHE-5)', () => {
    const { cache, clock, key } = aCache();
    const record = anInactiveRecord();
    cache.put(KIND, key, record);
    clock.pass(4_999);
    expect(cache.get(KIND, key)).toMatchObject({ kind: 'hit', record });
    clock.pass(1);
    expect(cache.get(KIND, key)).toEqual(MISS);
  });

  it('replaces an active answer by a later inactive one, and the other way round', () => {
    const { cache, clock, key } = aCache();
    cache.put(KIND, key, anActiveRecord());
    clock.pass(1_000);
    cache.put(KIND, key, anInactiveRecord({ storedAt: inMs(1_000) }));
    expect(cache.get(KIND, key)).toMatchObject({ record: { introspection: { kind: 'inactive' } } });
    expect(cache.stats()).toMatchObject({ active: { entries: 0 }, inactive: { entries: 1 } });

    clock.pass(1_000);
    cache.put(KIND, key, anActiveRecord({ storedAt: inMs(2_000) }));
    expect(cache.get(KIND, key)).toMatchObject({ record: { introspection: { kind: 'active' } } });
    expect(cache.stats()).toMatchObject({ active: { entries: 1 }, inactive: { entries: 0 } });
  });

  it('does not let an older answer replace the newer one it knows (T-32)', () => {
    const { cache, clock, key } = aCache();
    clock.pass(1_000);
    cache.put(KIND, key, anInactiveRecord({ storedAt: inMs(1_000) }));
    cache.put(KIND, key, anActiveRecord({ storedAt: inMs(0) }));
    expect(cache.get(KIND, key)).toMatchObject({ record: { introspection: { kind: 'inactive' } } });
  });

  it('serves an answer about a token that had run out before, so that it is judged and not asked about again', () => {
    const { cache, clock, key } = aCache();
    const record = anActiveRecord({ keepUntil: inMs(5_000) }, { exp: inSeconds(-1) });
    cache.put(KIND, key, record);
    clock.pass(4_999);
    expect(cache.get(KIND, key)).toMatchObject({ kind: 'hit', record });
  });
});

describe('the wall clock', () => {
  it.each([
    ['back by an hour', -3_600_000],
    ['forward by ten minutes', 600_000],
  ])('loses nothing and extends nothing when it is set %s', (_what, stepMs) => {
    const { cache, clock, key } = aCache();
    cache.put(KIND, key, anActiveRecord());
    clock.pass(10_000);
    clock.step(stepMs);
    expect(cache.get(KIND, key).kind).toBe('hit');
    clock.pass(49_999);
    expect(cache.get(KIND, key).kind).toBe('hit');
    clock.pass(1);
    expect(cache.get(KIND, key)).toEqual(MISS);
  });

  it('does not stretch a record that seems to come from the future', () => {
    const { cache, clock, key } = aCache();
    clock.step(-3_600_000);
    cache.put(KIND, key, anActiveRecord());
    clock.pass(60_000);
    expect(cache.get(KIND, key)).toEqual(MISS);
  });

  it('serves again what it hid while it was wrong', () => {
    const { cache, clock, key } = aCache();
    cache.put(KIND, key, anActiveRecord({}, { exp: inSeconds(50) }));
    clock.step(3_600_000);
    expect(cache.get(KIND, key)).toEqual(MISS);
    clock.step(-3_600_000);
    expect(cache.get(KIND, key).kind).toBe('hit');
  });

  it('set back, lets the later answer replace one that now seems to be from the future', () => {
    const { cache, clock, key } = aCache();
    cache.put(KIND, key, anActiveRecord());
    clock.step(-3_600_000);
    cache.put(KIND, key, anInactiveRecord({ storedAt: clock.now(), keepUntil: inMs(-3_595_000) }));
    expect(cache.get(KIND, key)).toMatchObject({ record: { introspection: { kind: 'inactive' } } });
  });
});

describe('the bounds of memory (CACHE-9, T-41)', () => {
  it('push out what was used longest ago when there are too many entries', () => {
    const { cache, evictions } = aCache({ ...ROOMY, active: { entries: 2, bytes: bytes(1_000_000) } });
    cache.put(KIND, aKey('a'), anActiveRecord());
    cache.put(KIND, aKey('b'), anActiveRecord());
    cache.get(KIND, aKey('a'));
    cache.put(KIND, aKey('c'), anActiveRecord());
    expect(['a', 'b', 'c'].map((name) => cache.get(KIND, aKey(name)).kind)).toEqual(['hit', 'miss', 'hit']);
    expect(evictions()).toEqual(['active space']);
  });

  it('are never crossed, in entries or bytes, whatever is put', () => {
    const bounds = { entries: 8, bytes: bytes(20_000) };
    const puts = fc.array(
      fc.record({ name: fc.nat(20), isActive: fc.boolean(), text: fc.string({ maxLength: 3_000 }) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(puts, (all) => {
        const { cache } = aCache({ active: bounds, inactive: bounds });
        for (const { name, isActive, text } of all) {
          cache.put(KIND, aKey(String(name)), isActive ? anActiveRecord({}, { text }) : anInactiveRecord());
          for (const { entries, bytes: held } of Object.values(cache.stats())) {
            expect(entries).toBeLessThanOrEqual(bounds.entries);
            expect(held).toBeLessThanOrEqual(bounds.bytes);
          }
        }
      }),
    );
  });

  it('refuse a record that is larger than all of them, and forget the one it would have replaced', () => {
    const { cache, key, evictions } = aCache({ ...ROOMY, active: { entries: 10, bytes: bytes(20_000) } });
    cache.put(KIND, key, anActiveRecord({}, { sub: 'before' }));
    cache.put(KIND, key, anActiveRecord({}, { text: 'x'.repeat(20_000) }));
    expect([cache.get(KIND, key), evictions()]).toEqual([MISS, ['active space']]);
  });

  it('leave every good answer in its place while a flood of bad ones passes (T-34)', () => {
    const bounds = { entries: 50, bytes: bytes(10_000_000) };
    const { cache, evictions } = aCache({ active: bounds, inactive: bounds });
    const good = Array.from({ length: 50 }, (_, index) => aKey(`good ${index}`));
    for (const key of good) cache.put(KIND, key, anActiveRecord());
    for (let index = 0; index < 1_000; index += 1) cache.put(KIND, aKey(`bad ${index}`), anInactiveRecord());
    expect(good.every((key) => cache.get(KIND, key).kind === 'hit')).toBe(true);
    expect(evictions()).toEqual(Array.from({ length: 950 }, () => 'inactive space'));
  });

  it('count larger answers as larger', () => {
    const sizeOf = (text: string) => {
      const { cache, key } = aCache();
      cache.put(KIND, key, anActiveRecord({}, { text, list: [text] }));
      return cache.stats().active.bytes;
    };
    expect(sizeOf('x'.repeat(1_000)) - sizeOf('')).toBe(2_000);
    expect(sizeOf('日'.repeat(1_000)) - sizeOf('')).toBe(4_000);
  });

  it('can be told for an answer that is nested as deep as its size allows', () => {
    const { cache, key } = aCache();
    const deep = JSON.parse('['.repeat(30_000) + ']'.repeat(30_000));
    cache.put(KIND, key, anActiveRecord({}, { deep }));
    expect(cache.get(KIND, key).kind).toBe('hit');
  });
});

describe('what memory tells telemetry', () => {
  it('is each lookup with its outcome', () => {
    const { cache, all } = aCache();
    cache.get(KIND, aKey('nobody'));
    cache.put(KIND, aKey('good'), anActiveRecord());
    cache.get(KIND, aKey('good'));
    cache.put(KIND, aKey('bad'), anInactiveRecord());
    cache.get(KIND, aKey('bad'));
    expect(all('cache_looked_up').map(({ tier, outcome }) => `${tier} ${outcome}`)).toEqual([
      'memory miss',
      'memory active',
      'memory inactive',
    ]);
  });

  it('is each record that it found to be past its time, once', () => {
    const { cache, clock, key, evictions } = aCache();
    cache.put(KIND, key, anActiveRecord());
    clock.pass(60_000);
    cache.get(KIND, key);
    cache.get(KIND, key);
    expect(evictions()).toEqual(['active expired']);
  });

  it('is not that one answer has taken the place of another', () => {
    const { cache, key, evictions } = aCache();
    cache.put(KIND, key, anActiveRecord());
    cache.put(KIND, key, anActiveRecord());
    cache.put(KIND, key, anInactiveRecord());
    expect(evictions()).toEqual([]);
  });
});

function aCache(settings: typeof ROOMY = ROOMY) {
  const clock = aClock();
  const { observe, all } = anObserver();
  const cache = createMemoryCache({ clock, observe }, settings);
  const evictions = () => all('cache_evicted').map(({ partition, cause }) => `${partition} ${cause}`);
  return { cache, clock, key: aKey('alice'), all, evictions };
}
