import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type AnswerAge,
  fail,
  fault,
  MISS,
  milliseconds,
  succeed,
  type TokenCache,
} from '../../src/domain/index.ts';
import { anActiveRecord, anAnswer, inMs } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, inactive, later, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

const EACH_TIME = fresh(0);

describe('freshness: 0s', () => {
  it('asks for each request, although the answer is kept for other routes', async () => {
    const { resolve, asked } = aHouse();
    for (let round = 0; round < 3; round += 1) await resolve('token', aClient(), undefined, EACH_TIME);
    expect(asked.length).toBe(3);
    expect(resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(asked.length).toBe(3);
  });

  it('sees a revocation at once, and so does every other route from then on', async () => {
    let answer: Answer = succeed(anAnswer());
    const { resolve } = aHouse({ says: () => answer });
    await resolve();
    answer = inactive();
    expect(await resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(await resolve('token', aClient(), undefined, EACH_TIME)).toMatchObject({
      value: { kind: 'inactive' },
    });
    expect(await resolve()).toMatchObject({ value: { kind: 'inactive' } });
  });

  it('is not served by an enquiry that began before it came, but by the next one, which all who wait share', async () => {
    const replies: ReturnType<typeof later<Answer>>[] = [];
    const says = () => {
      const reply = later<Answer>();
      replies.push(reply);
      return reply.promise;
    };
    const { resolve, asked, pass } = aHouse({ says });
    const before = resolve();
    await pass(0);
    const waiting = Array.from({ length: 20 }, async () => resolve('token', aClient(), undefined, EACH_TIME));
    await pass(0);
    expect(asked.length).toBe(1);
    replies[0]?.keep(succeed(anAnswer()));
    await pass(0);
    expect(asked.length).toBe(2);
    replies[1]?.keep(inactive());
    expect(await before).toMatchObject({ value: { kind: 'active' } });
    expect(new Set((await Promise.all(waiting)).map((answer) => answer.ok && answer.value.kind))).toEqual(
      new Set(['inactive']),
    );
    expect(asked.length).toBe(2);
  });

  it('does not take what other replicas were told', async () => {
    const shared = aStore({ get: async () => ({ kind: 'hit', record: anActiveRecord() }) });
    const { resolve, asked } = aHouse({ shared });
    await resolve('token', aClient(), undefined, EACH_TIME);
    expect(asked.length).toBe(1);
  });

  it('does not take what an enquiry for others found in the store, though it began later', async () => {
    const first = later<Answer>();
    const found = later<Awaited<ReturnType<TokenCache['get']>>>();
    const says = () => (asked.length === 1 ? first.promise : succeed(anAnswer({ sub: 'asked' })));
    let gets = 0;
    const shared = aStore({ get: async () => ((gets += 1) === 1 ? found.promise : MISS) });
    const { resolve, asked, pass } = aHouse({ shared, says });
    const eachTime = resolve('token', aClient(), undefined, EACH_TIME);
    const second = resolve('token', aClient(), undefined, EACH_TIME);
    await pass(0);
    first.keep(fail(fault('introspection_timeout')));
    await eachTime;
    await second;
    const lookup = resolve();
    const third = resolve('token', aClient(), undefined, EACH_TIME);
    found.keep({ kind: 'hit', record: anActiveRecord() });
    await lookup;
    await third;
    expect(asked.length).toBe(2);
  });

  it('takes a fault that is held for a moment, so that a broken server is not asked in a loop (decision 7)', async () => {
    const { resolve, asked, pass } = aHouse({ says: () => fail(fault('introspection_server_error')) });
    await resolve('token', aClient(), undefined, EACH_TIME);
    await resolve('token', aClient(), undefined, EACH_TIME);
    expect(asked.length).toBe(1);
    await pass(250);
    await resolve('token', aClient(), undefined, EACH_TIME);
    expect(asked.length).toBe(2);
  });
});

describe('freshness: 10s', () => {
  const TEN = fresh(10_000);

  it('takes the one answer that all routes share while it is young enough', async () => {
    const { resolve, asked, pass } = aHouse();
    await resolve();
    await pass(10_000);
    expect(resolve('token', aClient(), undefined, TEN)).toMatchObject({ value: { kind: 'active' } });
    await pass(1);
    await resolve('token', aClient(), undefined, TEN);
    expect(asked.length).toBe(2);
    await pass(50_000);
    await resolve();
    expect(asked.length).toBe(2);
  });

  it('counts the age from the moment the server was asked, whoever asked it', async () => {
    const record = anActiveRecord({ storedAt: inMs(-9_000), keepUntil: inMs(51_000) });
    const shared = aStore({ get: async () => ({ kind: 'hit', record }) });
    const { resolve, asked, pass } = aHouse({ shared });
    await resolve('token', aClient(), undefined, TEN);
    expect(asked).toEqual([]);
    await pass(1_001);
    await resolve('token', aClient(), undefined, TEN);
    expect(asked.length).toBe(1);
  });

  it('does not take what is older in the store', async () => {
    const record = anActiveRecord({ storedAt: inMs(-10_001), keepUntil: inMs(49_999) });
    const shared = aStore({ get: async () => ({ kind: 'hit', record }) });
    const { resolve, asked } = aHouse({ shared });
    await resolve('token', aClient(), undefined, TEN);
    expect(asked.length).toBe(1);
  });

  it('joins an enquiry that is younger than that', async () => {
    const reply = later<Answer>();
    const { resolve, asked, pass } = aHouse({ says: () => reply.promise });
    const first = resolve();
    await pass(3_000);
    const second = resolve('token', aClient(), undefined, TEN);
    reply.keep(succeed(anAnswer()));
    await Promise.all([first, second]);
    expect(asked.length).toBe(1);
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_000_000],
  ])('is judged by a clock that nobody sets: %s', async (_direction, stepMs) => {
    const says = () => succeed({ ...anAnswer(), expiresAt: null });
    const { resolve, asked, clock, pass } = aHouse({ says });
    await resolve();
    clock.step(stepMs);
    await pass(10_000);
    await resolve('token', aClient(), undefined, TEN);
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve('token', aClient(), undefined, TEN);
    expect(asked.length).toBe(2);
  });
});

function fresh(ms: number): AnswerAge {
  return { freshness: milliseconds(ms), stale: milliseconds(0) };
}

function aStore(differing: Partial<TokenCache>): TokenCache {
  return { get: async () => MISS, put: async () => undefined, ...differing };
}
