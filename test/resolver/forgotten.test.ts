import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessToken,
  type AnsweredToken,
  type CacheRecord,
  fail,
  fault,
  type Forgotten,
  milliseconds,
  MISS,
  succeed,
  type TokenCache,
} from '../../src/domain/index.ts';
import { anActiveRecord, anAnswer, inMs } from '../cache/records.ts';
import { aClient, aRequest } from '../support/builders.ts';
import { aHouse, inactive, later, useSimulatedTimers } from './house.ts';

beforeEach(() => useSimulatedTimers());
afterEach(() => void jest.useRealTimers());

/** Forgets the token that a test names, or what was stored before a moment. */
function aForgetfulness() {
  const tokens: string[] = [];
  let count = 0;
  let looked = 0;
  let storedBefore = -Infinity;
  const forgotten: Forgotten = {
    get count() {
      return count;
    },
    covers({ token }: AnsweredToken, seen) {
      looked += 1;
      return tokens.slice(seen).includes(token.reveal());
    },
    coversStored: (_answer, storedAt) => storedAt < storedBefore,
  };
  return {
    forgotten,
    looked: () => looked,
    forget: (token: string): void => {
      tokens.push(token);
      count = tokens.length;
    },
    forgetStoredBefore: (ms: number) => void (storedBefore = ms),
  };
}

function aStore(record: CacheRecord | null) {
  const written: CacheRecord[] = [];
  const store: TokenCache = {
    get: async () => (record === null ? MISS : { kind: 'hit', record }),
    put: async (_kind, _key, put) => void written.push(put),
  };
  return { store, written };
}

const OUT = fail(fault('introspection_unreachable'));

describe('what was forgotten', () => {
  it('is asked about again at the next request, and other tokens are not (CACHE-8)', async () => {
    const { forgotten, forget } = aForgetfulness();
    const { resolve, asked, all } = aHouse({ forgotten });
    await resolve('one');
    await resolve('two');
    forget('one');
    expect(resolve('two')).not.toBeInstanceOf(Promise);
    await resolve('one');
    expect(asked).toEqual(['main one', 'main two', 'main one']);
    expect(resolve('one')).not.toBeInstanceOf(Promise);
    expect(all('cache_evicted')).toEqual([
      { event: 'cache_evicted', partition: 'active', cause: 'forgotten' },
    ]);
  });

  it('is looked for once in an answer that stays, however often its token comes', async () => {
    const { forgotten, forget, looked } = aForgetfulness();
    const { resolve } = aHouse({ forgotten });
    await resolve('one');
    forget('two');
    for (let request = 0; request < 10; request += 1) await resolve('one');
    expect(looked()).toBe(1);
  });

  it('is never looked for while nothing is', async () => {
    const { forgotten, looked } = aForgetfulness();
    const { resolve } = aHouse({ forgotten });
    for (let request = 0; request < 10; request += 1) await resolve('one');
    expect(looked()).toBe(0);
  });

  it('does not come back from an enquiry that was under way: that is made again (CACHE-8, T-32)', async () => {
    const { forgotten, forget } = aForgetfulness();
    const first = later<ReturnType<typeof inactive>>();
    let isRevoked = false;
    const { resolve, asked } = aHouse({
      forgotten,
      says: () => (isRevoked ? inactive() : first.promise),
    });
    const waiting = resolve('one');
    await jest.advanceTimersByTimeAsync(0);
    isRevoked = true;
    forget('one');
    const joined = resolve('one');
    first.keep(succeed(anAnswer()) as never);
    expect(await waiting).toMatchObject({ value: { kind: 'inactive' } });
    expect(await joined).toMatchObject({ value: { kind: 'inactive' } });
    expect(asked).toEqual(['main one', 'main one']);
    expect(await resolve('one')).toMatchObject({ value: { kind: 'inactive' } });
  });

  it('again and again while it is asked about ends as a fault of ours, never as an answer', async () => {
    const { forgotten, forget } = aForgetfulness();
    const { resolve, asked } = aHouse({
      forgotten,
      says: () => {
        forget('one');
        return succeed(anAnswer());
      },
    });
    expect(await resolve('one')).toMatchObject({
      ok: false,
      failure: { reason: 'introspection_timeout', isOurs: true },
    });
    expect(asked).toHaveLength(5);
  });

  it('does not come back from the shared store, and a newer answer takes its place there', async () => {
    const { forgotten, forgetStoredBefore } = aForgetfulness();
    const { store, written } = aStore(anActiveRecord({ storedAt: inMs(-1_000) }));
    const { resolve, asked, clock } = aHouse({ forgotten, shared: store });
    forgetStoredBefore(clock.now());
    await resolve('one');
    expect(asked).toEqual(['main one']);
    expect(written).toMatchObject([{ storedAt: clock.now() }]);
  });

  it('that is found inactive then replaces what the store holds of it', async () => {
    const { forgotten, forgetStoredBefore } = aForgetfulness();
    const { store, written } = aStore(anActiveRecord({ storedAt: inMs(-1_000) }));
    const { resolve, clock } = aHouse({ forgotten, shared: store, says: inactive });
    forgetStoredBefore(clock.now());
    await resolve('one');
    await jest.advanceTimersByTimeAsync(0);
    expect(written).toMatchObject([{ introspection: { kind: 'inactive' } }]);
  });

  it('is not served in an outage either, however long a route lets answers live (CACHE-10)', async () => {
    const { forgotten, forget } = aForgetfulness();
    let isOut = false;
    const { resolve, pass } = aHouse({
      forgotten,
      longestPast: 600_000,
      says: () => (isOut ? OUT : succeed(anAnswer())),
    });
    const age = { freshness: null, stale: milliseconds(600_000) };
    for (const token of ['one', 'two']) await resolve(token, aClient(), aRequest(), age);
    isOut = true;
    await pass(61_000);
    for (let count = 0; count < 5; count += 1) await resolve(`new ${count}`, aClient(), aRequest(), age);
    expect(await resolve('one', aClient(), aRequest(), age)).toMatchObject({ ok: true });
    forget('one');
    expect(await resolve('one', aClient(), aRequest(), age)).toMatchObject({ ok: false });
    expect(await resolve('two', aClient(), aRequest(), age)).toMatchObject({ ok: true });
  });

  it('is named by the token that the request brought', async () => {
    const seen: string[] = [];
    const { forgotten } = aForgetfulness();
    const { resolve } = aHouse({
      forgotten: {
        ...forgotten,
        get count() {
          return seen.length < 1 ? 0 : 1;
        },
        covers({ token, client, introspection }) {
          seen.push(`${client.name} ${token.reveal()} ${introspection.kind}`);
          return false;
        },
      },
    });
    await resolve('one');
    seen.push('something is forgotten');
    await resolve('one');
    expect(seen.at(-1)).toBe(`main ${new AccessToken('one').reveal()} active`);
  });
});
