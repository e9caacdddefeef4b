import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CacheRecord,
  fail,
  fault,
  type Introspection,
  MISS,
  milliseconds,
  succeed,
  type TokenCache,
} from '../../src/domain/index.ts';
import { anActiveRecord, anAnswer, inMs, inSeconds } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, inactive, later, LIMITS, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

/** With the fraction of the tests, 0.5, an answer of 60 s may be refreshed from here on. */
const SOFT_MS = 49_500;

describe('a token in steady use', () => {
  it('is asked about again in the background before its answer runs out, and never waits', async () => {
    const house = aHouse();
    await useSteadily(house);
    await house.pass(SOFT_MS - 1);
    expect(house.resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(house.asked.length).toBe(1);

    await house.pass(1);
    expect(house.resolve()).toMatchObject({ value: { kind: 'active' } });
    await house.pass(0);
    expect(house.asked.length).toBe(2);
    await house.pass(59_000);
    expect(house.resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(house.all('answer_refreshed')).toEqual([{ event: 'answer_refreshed', outcome: 'active' }]);
  });

  it.each([
    ['three quarters', 0, 45_000],
    ['nine tenths', 1, 54_000],
  ])('is asked about again from %s of the life of its answer on, by chance', async (_share, chance, ms) => {
    const house = aHouse({ fraction: () => chance });
    await useSteadily(house);
    await house.pass(ms - 1);
    void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(1);
    await house.pass(1);
    void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(2);
  });

  it('is asked about once, however many requests come meanwhile', async () => {
    const reply = later<Answer>();
    const says = (): Answer | Promise<Answer> => (asked.length === 1 ? succeed(anAnswer()) : reply.promise);
    const house = aHouse({ says });
    const { asked } = house;
    await useSteadily(house);
    await house.pass(SOFT_MS);
    for (let index = 0; index < 100; index += 1) void house.resolve();
    await house.pass(5_000);
    for (let index = 0; index < 100; index += 1) void house.resolve();
    expect(asked.length).toBe(2);
    reply.keep(succeed(anAnswer()));
  });

  it('that was revoked is refused from the refresh on, in memory and in the store (T-32)', async () => {
    const puts: CacheRecord[] = [];
    let answer: Answer = succeed(anAnswer());
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const house = aHouse({ says: () => answer, shared });
    await useSteadily(house);
    answer = inactive();
    await house.pass(SOFT_MS);
    void house.resolve();
    await house.pass(0);
    expect(house.resolve()).toMatchObject({ value: { kind: 'inactive' } });
    expect(puts.map(({ introspection }) => introspection.kind)).toEqual(['active', 'inactive']);
    expect(house.all('answer_refreshed')).toEqual([{ event: 'answer_refreshed', outcome: 'inactive' }]);
  });

  it('keeps its answer when the refresh fails, and is tried again after a pause', async () => {
    let answer: Answer = succeed(anAnswer());
    const house = aHouse({ says: () => answer });
    await useSteadily(house);
    answer = fail(fault('introspection_unreachable'));
    await house.pass(SOFT_MS);
    void house.resolve();
    await house.pass(1_999);
    expect(house.resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(house.asked.length).toBe(2);
    await house.pass(1);
    void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(3);
    expect(house.all('answer_refreshed').map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
  });

  it('takes what another replica was told meanwhile, and asks nobody', async () => {
    let recall: Awaited<ReturnType<TokenCache['get']>> = MISS;
    const house = aHouse({ shared: aStore({ get: async () => recall }) });
    await useSteadily(house);
    await house.pass(SOFT_MS);
    const younger = { storedAt: inMs(40_000), softUntil: inMs(90_000), keepUntil: inMs(100_000) };
    recall = { kind: 'hit', record: anActiveRecord(younger) };
    void house.resolve();
    await house.pass(20_000);
    expect(house.resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(house.asked.length).toBe(1);
  });

  it.each([
    ['the answer that it has itself', {}],
    ['one that is due, too', { storedAt: inMs(1), softUntil: inMs(49_000), keepUntil: inMs(60_001) }],
  ])('does not take %s', async (_which, times) => {
    let recall: Awaited<ReturnType<TokenCache['get']>> = MISS;
    const house = aHouse({ shared: aStore({ get: async () => recall }) });
    await useSteadily(house);
    await house.pass(SOFT_MS);
    recall = { kind: 'hit', record: anActiveRecord(times) };
    void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(2);
  });
});

describe('nothing is refreshed ahead', () => {
  it('of a token that is used now and then', async () => {
    const house = aHouse();
    await house.resolve();
    await house.pass(SOFT_MS);
    for (let use = 0; use < 4; use += 1) void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(1);
  });

  it.each<[string, Introspection]>([
    ['ends with its token', anAnswer({ exp: inSeconds(30) })],
    ['ends when its token becomes valid', anAnswer({ nbf: inSeconds(30) })],
  ])('of an answer that %s: asking earlier would not prolong it', async (_what, answer) => {
    const house = aHouse({ says: () => succeed(answer) });
    await useSteadily(house);
    await house.pass(29_900);
    void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(1);
  });

  it('of an answer that is kept for a few seconds', async () => {
    const limits = { ...LIMITS, active: { ...LIMITS.active, max: milliseconds(9_999) } };
    const house = aHouse({ limits });
    await useSteadily(house);
    await house.pass(9_990);
    void house.resolve();
    await house.pass(0);
    expect(house.asked.length).toBe(1);
  });

  it('of inactive answers, nor where it is turned off', async () => {
    const off = { ...LIMITS, active: { ...LIMITS.active, refreshAhead: false } };
    const cases = [
      [aHouse({ says: inactive }), 4_900],
      [aHouse({ limits: off }), SOFT_MS],
    ] as const;
    for (const [house, lateMs] of cases) {
      await useSteadily(house);
      await house.pass(lateMs);
      void house.resolve();
      await house.pass(0);
      expect(house.asked.length).toBe(1);
    }
  });

  it('of more tokens at a time than a quarter of what the client may ask at once', async () => {
    const reply = later<Answer>();
    const firsts = new Set<string>();
    const says = (_question: unknown, token: string): Answer | Promise<Answer> => {
      if (firsts.has(token)) return reply.promise;
      firsts.add(token);
      return succeed(anAnswer());
    };
    const client = aClient({ limits: { concurrent: 16, queue: 0 } });
    const house = aHouse({ says });
    const tokens = Array.from({ length: 20 }, (_, index) => `token-${index}`);
    for (const token of tokens) await useSteadily(house, token, client);
    await house.pass(SOFT_MS);
    for (const token of tokens) void house.resolve(token, client);
    await house.pass(0);
    expect(house.asked.length).toBe(20 + 4);
    reply.keep(succeed(anAnswer()));
  });
});

async function useSteadily(
  house: ReturnType<typeof aHouse>,
  token = 'token',
  client = aClient(),
): Promise<void> {
  for (let use = 0; use < 6; use += 1) await house.resolve(token, client);
}

function aStore(differing: Partial<TokenCache>): TokenCache {
  return { get: async () => MISS, put: async () => undefined, ...differing };
}
