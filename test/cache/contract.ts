import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { epochMilliseconds, MISS, type TokenCache } from '../../src/domain/index.ts';
import { aClock, aKey, anActiveRecord, anAnswer, inMs, inSeconds, type SimulatedClock } from './records.ts';

const KIND = 'introspection';

/** Opens an empty cache that goes by this clock. */
export type OpenTokenCache = (clock: SimulatedClock) => TokenCache | Promise<TokenCache>;

/** Where a store must be started before and ended after all tests. */
export interface Surroundings {
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

/** What every cache must do, whatever it keeps its records in. */
export function describeTokenCache(kind: string, open: OpenTokenCache, around: Surroundings = {}): void {
  describe(`TokenCache: ${kind}`, () => {
    const key = aKey('alice at orders');
    const otherKey = aKey('alice at partner');
    let clock: SimulatedClock;
    let cache: TokenCache;

    beforeAll(async () => around.before?.());
    afterAll(async () => around.after?.());
    beforeEach(async () => {
      clock = aClock();
      cache = await open(clock);
    });

    it('misses what it was never told', async () => {
      expect(await cache.get(KIND, key)).toEqual(MISS);
    });

    it('recalls the whole record it was told', async () => {
      const record = anActiveRecord({}, { groups: ['a', { deep: [null, true, 1.5] }], name: 'Ælfgifu 日本' });
      await cache.put(KIND, key, record);
      expect(await cache.get(KIND, key)).toMatchObject({ kind: 'hit', record });
    });

    it('recalls a record only under the key it was told with (CACHE-1, G6)', async () => {
      await cache.put(KIND, key, anActiveRecord());
      expect(await cache.get(KIND, otherKey)).toEqual(MISS);
    });

    it('recalls objects without a prototype, whatever their members are called (T-26)', async () => {
      const member = JSON.parse('{"__proto__":{"active":true},"constructor":"x"}');
      await cache.put(KIND, key, anActiveRecord({}, { member }));
      const recall = await cache.get(KIND, key);
      if (recall.kind !== 'hit' || recall.record.introspection.kind !== 'active') throw new Error('a miss');
      const { claims } = recall.record.introspection;
      expect(Object.getPrototypeOf(claims)).toBeNull();
      expect(JSON.stringify(claims['member'])).toBe(JSON.stringify(member));
    });

    it('recalls the later of two records', async () => {
      await cache.put(KIND, key, anActiveRecord({}, { sub: 'before' }));
      clock.pass(1_000);
      const later = anActiveRecord({ storedAt: inMs(1_000) }, { sub: 'after' });
      await cache.put(KIND, key, later);
      expect(await cache.get(KIND, key)).toMatchObject({ kind: 'hit', record: later });
    });

    it('serves a record until its time is over and not a moment longer (CACHE-2)', async () => {
      const record = anActiveRecord({ keepUntil: inMs(30_000), softUntil: inMs(30_000) });
      await cache.put(KIND, key, record);
      clock.pass(29_999);
      expect(await cache.get(KIND, key)).toMatchObject({ kind: 'hit', record });
      clock.pass(1);
      expect(await cache.get(KIND, key)).toEqual(MISS);
    });

    it('does not serve a record whose token has run out, however long it was to be kept (G5, CACHE-2)', async () => {
      const record = anActiveRecord({}, { exp: inSeconds(2) });
      await cache.put(KIND, key, record);
      clock.pass(1_999);
      expect(await cache.get(KIND, key)).toMatchObject({ kind: 'hit', record });
      clock.pass(1);
      expect(await cache.get(KIND, key)).toEqual(MISS);
    });

    it('does not serve a token that a step of the wall clock shows to have run out (T-32)', async () => {
      await cache.put(KIND, key, anActiveRecord({}, { exp: inSeconds(50) }));
      clock.step(50_000);
      expect(await cache.get(KIND, key)).toEqual(MISS);
    });

    it.each([
      ['over', 0],
      ['long over', -100_000],
      ['not a number', Number.NaN],
    ])('keeps nothing whose time is %s', async (_what, keepForMs) => {
      await cache.put(KIND, key, anActiveRecord({ keepUntil: epochMilliseconds(inMs(0) + keepForMs) }));
      expect(await cache.get(KIND, key)).toEqual(MISS);
    });

    it('serves an answer without exp for as long as it is to be kept (CACHE-3)', async () => {
      const introspection = { ...anAnswer(), expiresAt: null };
      const claims = Object.assign(Object.create(null), introspection.claims);
      delete claims.exp;
      const record = anActiveRecord({ introspection: { ...introspection, claims }, exp: null });
      await cache.put(KIND, key, record);
      clock.pass(59_999);
      expect(await cache.get(KIND, key)).toMatchObject({ kind: 'hit', record });
      clock.pass(1);
      expect(await cache.get(KIND, key)).toEqual(MISS);
    });
  });
}
