import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CacheRecord, MISS, milliseconds, succeed, type TokenCache } from '../../src/domain/index.ts';
import { anActiveRecord, anAnswer, anInactiveRecord, inMs, inSeconds, NOW, ROOMY } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, inactive, LIMITS, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

const only = (active: number | null, forInactive: number | null) => ({
  active: active === null ? null : milliseconds(active),
  inactive: forInactive === null ? null : milliseconds(forInactive),
});

describe('the cache times of a client', () => {
  it('hold for its answers alone, and others keep the times of all', async () => {
    const { resolve, asked, pass } = aHouse();
    const [hasty, calm] = [aClient({ name: 'hasty', cache: only(10_000, null) }), aClient({ name: 'calm' })];
    for (const client of [hasty, calm]) await resolve('token', client);
    await pass(9_999);
    for (const client of [hasty, calm]) await resolve('token', client);
    expect(asked.length).toBe(2);
    await pass(1);
    for (const client of [hasty, calm]) await resolve('token', client);
    expect(asked).toEqual(['hasty token', 'calm token', 'hasty token']);
  });

  it('hold for inactive answers, too', async () => {
    const { resolve, asked, pass } = aHouse({ says: inactive });
    const client = aClient({ cache: only(null, 1_000) });
    await resolve('token', client);
    await pass(999);
    await resolve('token', client);
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve('token', client);
    expect(asked.length).toBe(2);
  });

  it('can turn its cache off, what other replicas know included (CACHE-4)', async () => {
    const shared = aStore({ get: async () => ({ kind: 'hit', record: anActiveRecord() }) });
    const { resolve, asked } = aHouse({ shared });
    const client = aClient({ cache: only(0, 0) });
    await resolve('token', client);
    await resolve('token', client);
    expect(asked.length).toBe(2);
  });

  it('never lengthen what holds for all', async () => {
    const { resolve, asked, pass } = aHouse();
    const client = aClient({ cache: only(3_600_000, null) });
    await resolve('token', client);
    await pass(60_000);
    await resolve('token', client);
    expect(asked.length).toBe(2);
  });

  it('hold for what was kept under longer ones, in memory and in the store', async () => {
    const record = anActiveRecord({ storedAt: inMs(-20_000), keepUntil: inMs(40_000) });
    const shared = aStore({ get: async () => ({ kind: 'hit', record }) });
    const { resolve, asked } = aHouse({ shared });
    await resolve('token', aClient());
    await resolve('token', aClient({ cache: only(20_000, null) }));
    expect(asked.length).toBe(1);
  });
});

describe('jitter', () => {
  const jittery = { ...LIMITS, active: { ...LIMITS.active, jitter: milliseconds(10_000) } };

  it.each([
    [0, 60_000],
    [0.5, 55_000],
    [0.9999, 50_001],
  ])('with a fraction of %s keeps an answer for %s ms: shorter, never longer', async (fraction, keptMs) => {
    const { resolve, asked, pass } = aHouse({ limits: jittery, fraction: () => fraction });
    await resolve();
    await pass(keptMs - 1);
    await resolve();
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve();
    expect(asked.length).toBe(2);
  });

  it('takes no more than half of what a token has left', async () => {
    const says = () => succeed(anAnswer({ exp: inSeconds(4) }));
    const { resolve, asked, pass } = aHouse({ says, limits: jittery, fraction: () => 0.9999 });
    await resolve();
    await pass(1_999);
    await resolve();
    expect(asked.length).toBe(1);
  });

  it('gives the store whole milliseconds', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve } = aHouse({ shared, limits: jittery, fraction: () => 0.123456789 });
    await resolve();
    const times = puts.flatMap(({ storedAt, softUntil, keepUntil }) => [storedAt, softUntil, keepUntil]);
    expect(times.every((time) => Number.isSafeInteger(time))).toBe(true);
  });
});

describe('inactive answers in the shared tier', () => {
  const told = { ...LIMITS, inactive: { ...LIMITS.inactive, shared: true } };

  it('are told at the second sighting of the token, once', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve } = aHouse({ shared, says: inactive, limits: told });
    await resolve();
    expect(puts).toEqual([]);
    for (let again = 0; again < 3; again += 1) await resolve();
    expect(puts).toMatchObject([
      { introspection: { kind: 'inactive' }, storedAt: NOW, keepUntil: NOW + 5_000 },
    ]);
  });

  it('are never told of tokens that are sent once, nor when nobody asked for it', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const once = aHouse({ shared, says: inactive, limits: told });
    for (let index = 0; index < 100; index += 1) await once.resolve(`invented-${index}`);
    const never = aHouse({ shared, says: inactive });
    for (let again = 0; again < 3; again += 1) await never.resolve();
    expect(puts).toEqual([]);
  });

  it('are served where another replica told them, for their own time', async () => {
    const shared = aStore({ get: async () => ({ kind: 'hit', record: anInactiveRecord() }) });
    const { resolve, asked } = aHouse({ shared, limits: told });
    expect(await resolve()).toMatchObject({ value: { kind: 'inactive' } });
    expect(asked).toEqual([]);
  });
});

describe('a token that is found inactive after it was active', () => {
  /** Says active once and inactive from then on. */
  function aRevokedToken(): () => Answer {
    let asked = 0;
    return () => ((asked += 1) === 1 ? succeed(anAnswer()) : inactive());
  }

  it('replaces what the store says, so that no other replica takes it from there (T-32)', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve } = aHouse({ shared, says: aRevokedToken() });
    await resolve();
    await resolve('token', aClient(), undefined, { freshness: milliseconds(0), stale: milliseconds(0) });
    expect(puts.map(({ introspection }) => introspection.kind)).toEqual(['active', 'inactive']);
  });

  it('replaces it there when only the store had known it', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({
      get: async () => ({ kind: 'hit', record: anActiveRecord() }),
      put: (_kind, _key, record) => void puts.push(record),
    });
    const { resolve, pass } = aHouse({ shared, says: inactive });
    await resolve('token', aClient(), undefined, { freshness: milliseconds(0), stale: milliseconds(0) });
    await pass(0);
    expect(puts.map(({ introspection }) => introspection.kind)).toEqual(['inactive']);
  });

  it('is forgotten even where nothing inactive is kept', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const limits = { ...LIMITS, inactive: { ...LIMITS.inactive, max: milliseconds(0) } };
    const { resolve, asked } = aHouse({ shared, says: aRevokedToken(), limits });
    await resolve();
    await resolve('token', aClient(), undefined, { freshness: milliseconds(0), stale: milliseconds(0) });
    expect(puts).toMatchObject([{ keepUntil: NOW + 60_000 }, { keepUntil: NOW + 1 }]);
    await resolve();
    expect(asked.length).toBe(3);
  });

  it('writes nothing of tokens that nobody knew as active', async () => {
    const puts: CacheRecord[] = [];
    const shared = aStore({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve, pass } = aHouse({ shared, says: inactive });
    await resolve('a');
    await resolve('b', aClient(), undefined, { freshness: milliseconds(0), stale: milliseconds(0) });
    await pass(0);
    expect(puts).toEqual([]);
  });
});

describe('the memory of a client', () => {
  it('is its own: another client that brings many tokens does not push its answers out (CACHE-9)', async () => {
    const { resolve, asked } = aHouse({ bounds: { ...ROOMY, active: { ...ROOMY.active, entries: 20 } } });
    for (let index = 0; index < 5; index += 1) await resolve(`${index}`, aClient({ name: 'modest' }));
    for (let index = 0; index < 500; index += 1) await resolve(`${index}`, aClient({ name: 'greedy' }));
    asked.splice(0);
    for (let index = 0; index < 5; index += 1) await resolve(`${index}`, aClient({ name: 'modest' }));
    expect(asked).toEqual([]);
  });
});

function aStore(differing: Partial<TokenCache>): TokenCache {
  return { get: async () => MISS, put: async () => undefined, ...differing };
}
