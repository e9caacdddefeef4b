import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type EnquiryLock,
  FAULT_REASONS,
  fail,
  fault,
  type FaultReason,
  type MemoryCache,
  MISS,
  milliseconds,
  type Question,
  type Result,
  type Fault,
  succeed,
  type TokenCache,
  UnusableRequestError,
} from '../../src/domain/index.ts';
import { anActiveRecord, anAnswer, inMs, inSeconds, NOW } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, aQuestion, inactive, later, LIMITS, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

describe('a known token', () => {
  it('is answered at once: with a value, not with a promise, and without an enquiry', async () => {
    const { resolve, asked } = aHouse();
    const first = await resolve();
    expect(resolve()).toEqual(first);
    expect(asked).toEqual(['main token']);
  });

  it('is answered with the same introspection each time, so that what is kept for it is found again', async () => {
    const { resolve } = aHouse();
    await resolve();
    expect(valueOf(resolve() as Answer)).toBe(valueOf(resolve() as Answer));
  });

  it('that is inactive is answered from memory for its own, short time (G1, CACHE-5)', async () => {
    const { resolve, asked, pass } = aHouse({ says: inactive });
    await resolve();
    await pass(4_999);
    expect(await resolve()).toMatchObject({ ok: true, value: { kind: 'inactive' } });
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve();
    expect(asked.length).toBe(2);
  });

  it('is asked about again once its configured time is over', async () => {
    const { resolve, asked, pass } = aHouse();
    await resolve();
    await pass(59_999);
    await resolve();
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve();
    expect(asked.length).toBe(2);
  });

  it('is not served past exp, however long answers are kept (G5, CACHE-2)', async () => {
    let answer: Answer = succeed(anAnswer({ exp: inSeconds(2) }));
    const { resolve, pass } = aHouse({ says: () => answer });
    await resolve();
    answer = inactive();
    await pass(1_999);
    expect(await resolve()).toMatchObject({ value: { kind: 'active' } });
    await pass(1);
    expect(await resolve()).toMatchObject({ value: { kind: 'inactive' } });
  });

  it('that is active but over by our clock is kept for the short time, so that it is not asked about in a loop', async () => {
    const { resolve, asked, pass } = aHouse({ says: () => succeed(anAnswer({ exp: inSeconds(-10) })) });
    await resolve();
    expect(await resolve()).toMatchObject({ value: { kind: 'active', expiresAt: inSeconds(-10) } });
    expect(asked.length).toBe(1);
    await pass(5_000);
    await resolve();
    expect(asked.length).toBe(2);
  });

  it('that is not valid yet is asked about again when it becomes so (T-35)', async () => {
    const { resolve, asked, pass } = aHouse({ says: () => succeed(anAnswer({ nbf: inSeconds(3) })) });
    await resolve();
    await pass(3_000);
    await resolve();
    expect(asked.length).toBe(2);
  });
});

describe('the age of an answer', () => {
  it('is counted from the moment the server was asked', async () => {
    const reply = later<Answer>();
    const { resolve, asked, pass } = aHouse({ says: () => reply.promise });
    const waiting = resolve();
    await pass(0);
    await pass(4_000);
    reply.keep(succeed(anAnswer()));
    await waiting;
    await pass(55_999);
    await resolve();
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve();
    expect(asked.length).toBe(2);
  });

  it('is the same when the wall clock is set while the server thinks', async () => {
    const reply = later<Answer>();
    const { resolve, asked, clock, pass } = aHouse({ says: () => reply.promise });
    const waiting = resolve();
    await pass(0);
    await pass(1_000);
    clock.step(-3_600_000);
    reply.keep(succeed(anAnswer()));
    await waiting;
    await pass(58_999);
    await resolve();
    expect(asked.length).toBe(1);
    await pass(1);
    await resolve();
    expect(asked.length).toBe(2);
  });
});

describe('a cache that is turned off', () => {
  const off = {
    active: { ...LIMITS.active, max: milliseconds(0) },
    inactive: { ...LIMITS.inactive, max: milliseconds(0) },
  };

  it('keeps nothing: each request after the answer is a new enquiry (CACHE-4)', async () => {
    for (const says of [() => succeed(anAnswer()), inactive]) {
      const { resolve, asked } = aHouse({ says, limits: off });
      await resolve();
      await resolve();
      expect(asked.length).toBe(2);
    }
  });

  it('does not take what other replicas have kept', async () => {
    const shared = aSharedTier({ get: async () => ({ kind: 'hit', record: anActiveRecord() }) });
    const { resolve, asked } = aHouse({ shared, limits: off });
    await resolve();
    expect(asked.length).toBe(1);
  });
});

describe('the same token under two clients (G6, T-31)', () => {
  it('is two tokens: each server is asked, and each answer stays with its client', async () => {
    const { resolve, asked } = aHouse({
      says: ({ client }) => (client.name === 'orders' ? succeed(anAnswer()) : inactive()),
    });
    const [orders, partner] = [aClient({ name: 'orders' }), aClient({ name: 'partner' })];
    for (let round = 0; round < 2; round += 1) {
      expect(await resolve('token', orders)).toMatchObject({ value: { kind: 'active' } });
      expect(await resolve('token', partner)).toMatchObject({ value: { kind: 'inactive' } });
    }
    expect(asked).toEqual(['orders token', 'partner token']);
  });
});

describe('simultaneous checks', () => {
  it.each([
    ['20', 'G8', 20],
    ['1000', 'T-36', 1_000],
  ])('of one token, %s of them, are one enquiry with one answer (%s)', async (_count, _id, count) => {
    const reply = later<Answer>();
    const { resolve, asked, all } = aHouse({ says: () => reply.promise });
    const waiting = Array.from({ length: count }, async () => resolve());
    await jest.advanceTimersByTimeAsync(0);
    reply.keep(succeed(anAnswer()));
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map((answer) => valueOf(answer))).size).toBe(1);
    expect([asked.length, all('enquiry_shared').length]).toEqual([1, count - 1]);
  });

  it('of one token on first use of its client are one enquiry, too', async () => {
    const prepared = later<Result<Question, Fault>>();
    const { resolve, asked } = aHouse({ prepare: () => prepared.promise });
    const waiting = Array.from({ length: 20 }, async () => resolve());
    prepared.keep(succeed(aQuestion(aClient())));
    await Promise.all(waiting);
    expect(asked.length).toBe(1);
  });

  it('of different tokens are asked about apart', async () => {
    const { resolve, asked } = aHouse();
    await Promise.all([resolve('a'), resolve('b')]);
    expect(asked).toEqual(['main a', 'main b']);
  });
});

describe('a caller that does not wait any longer', () => {
  it('gets wait_exceeded, while the others get the answer (T-37, decision 6)', async () => {
    const reply = later<Answer>();
    const { resolve, asked, patient, pass } = aHouse({ says: () => reply.promise });
    const hasty = resolve('token', aClient(), patient(100));
    const calm = resolve('token', aClient(), patient(10_000));
    await pass(100);
    expect(await hasty).toEqual(fail(fault('wait_exceeded')));
    reply.keep(succeed(anAnswer()));
    expect(await calm).toMatchObject({ value: { kind: 'active' } });
    expect(asked.length).toBe(1);
  });

  it('leaves an enquiry behind whose answer the next one finds', async () => {
    const reply = later<Answer>();
    const { resolve, asked, patient, pass } = aHouse({ says: () => reply.promise });
    const hasty = resolve('token', aClient(), patient(100));
    await pass(100);
    await hasty;
    reply.keep(succeed(anAnswer()));
    await pass(0);
    expect(resolve()).toMatchObject({ ok: true, value: { kind: 'active' } });
    expect(asked.length).toBe(1);
  });

  it('whose time is over before it begins still starts the enquiry', async () => {
    const { resolve, asked, patient, pass } = aHouse();
    expect(await resolve('token', aClient(), patient(0))).toEqual(fail(fault('wait_exceeded')));
    await pass(0);
    expect([asked.length, valueOf(resolve() as Answer)]).toMatchObject([1, { kind: 'active' }]);
  });

  it('does not wait longer for the metadata of its client either, which are read to the end', async () => {
    const prepared = later<Result<Question, Fault>>();
    const { resolve, asked, patient, pass } = aHouse({ prepare: () => prepared.promise });
    const hasty = resolve('token', aClient(), patient(100));
    await pass(100);
    expect(await hasty).toEqual(fail(fault('wait_exceeded')));
    prepared.keep(succeed(aQuestion(aClient())));
    await pass(0);
    expect(asked.length).toBe(1);
  });
});

describe('a fault', () => {
  it.each([
    ['at once', (result: Result<Question, Fault>) => result],
    ['later', async (result: Result<Question, Fault>) => result],
  ])('of preparing the question, told %s, is the answer, and nobody is asked', async (_when, soon) => {
    const { resolve, asked } = aHouse({ prepare: () => soon(fail(fault('metadata_unavailable'))) });
    expect(await resolve()).toEqual(fail(fault('metadata_unavailable')));
    expect(asked).toEqual([]);
  });

  it('is never written to a cache (G9, CACHE-5)', async () => {
    const puts: unknown[] = [];
    const shared = aSharedTier({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve, memory } = aHouse({ shared, says: () => fail(fault('introspection_unreadable')) });
    await resolve();
    const kept = (memory as { stats?: () => unknown }).stats?.();
    expect(kept).toMatchObject({ active: { entries: 0 }, inactive: { entries: 0 } });
    expect(puts).toEqual([]);
  });

  it('of the server is held for 250 ms; a check after that asks again (G9, decision 7)', async () => {
    let answer: Answer = fail(fault('introspection_server_error'));
    const { resolve, asked, pass } = aHouse({ says: () => answer });
    await resolve();
    answer = succeed(anAnswer());
    await pass(249);
    expect(await resolve()).toEqual(fail(fault('introspection_server_error')));
    expect(asked.length).toBe(1);
    await pass(1);
    expect(await resolve()).toMatchObject({ value: { kind: 'active' } });
    expect(asked.length).toBe(2);
  });

  it.each<FaultReason>(['introspection_timeout', 'enquiries_exhausted', 'internal'])(
    'that we ended or refused ourselves is not held: %s (decision 7)',
    async (reason) => {
      const { resolve, asked } = aHouse({ says: () => fail(fault(reason)) });
      expect(await resolve()).toEqual(fail(fault(reason)));
      await resolve();
      expect(asked.length).toBe(2);
    },
  );

  it('is held exactly when it tells something about the server, for each reason there is', async () => {
    const held: string[] = [];
    for (const reason of Object.keys(FAULT_REASONS) as FaultReason[]) {
      const { resolve, asked } = aHouse({ says: () => fail(fault(reason)) });
      await resolve();
      await resolve();
      if (asked.length === 1) held.push(reason);
    }
    const remote = Object.entries(FAULT_REASONS).filter(([, { side }]) => side === 'remote');
    expect(held).toEqual(
      remote
        .map(([reason]) => reason)
        .filter((reason) => reason !== 'introspection_timeout' && reason !== 'introspection_suspended'),
    );
  });
});

describe('the shared tier', () => {
  it('is asked before the server, and what it knows is remembered in memory', async () => {
    const record = anActiveRecord();
    let gets = 0;
    const shared = aSharedTier({
      get: async () => {
        gets += 1;
        return { kind: 'hit', record };
      },
    });
    const { resolve, asked } = aHouse({ shared });
    expect(await resolve()).toEqual(succeed(record.introspection));
    expect(resolve()).toEqual(succeed(record.introspection));
    expect([gets, asked]).toEqual([1, []]);
  });

  it('does not prolong what it hands over', async () => {
    const record = anActiveRecord({ storedAt: inMs(-50_000), keepUntil: inMs(10_000) });
    let recall: Awaited<ReturnType<TokenCache['get']>> = { kind: 'hit', record };
    const { resolve, asked, pass } = aHouse({ shared: aSharedTier({ get: async () => recall }) });
    await resolve();
    recall = MISS;
    await pass(10_000);
    await resolve();
    expect(asked.length).toBe(1);
  });

  it('is told active answers with the time of the question and their end', async () => {
    const puts: unknown[] = [];
    const shared = aSharedTier({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve } = aHouse({ shared, says: () => succeed(anAnswer({ exp: inSeconds(30) })) });
    await resolve();
    expect(puts).toMatchObject([
      {
        version: 1,
        storedAt: NOW,
        softUntil: NOW + 30_000,
        keepUntil: NOW + 30_000,
        exp: inSeconds(30),
        generation: 0,
      },
    ]);
  });

  it('is not told inactive answers', async () => {
    const puts: unknown[] = [];
    const shared = aSharedTier({ put: (_kind, _key, record) => void puts.push(record) });
    const { resolve } = aHouse({ shared, says: inactive });
    await resolve();
    expect(puts).toEqual([]);
  });

  it('makes nobody wait for its writing', async () => {
    const { resolve } = aHouse({ shared: aSharedTier({ put: () => new Promise(() => undefined) }) });
    expect(await resolve()).toMatchObject({ value: { kind: 'active' } });
  });
});

describe('a part that breaks its promise', () => {
  const broken = (): never => {
    throw new TypeError('broken');
  };
  const rejected = () => Promise.reject(new TypeError('broken'));

  it.each([
    ['shared get throws', { shared: aSharedTier({ get: broken }) }, 'shared cache'],
    ['shared get rejects', { shared: aSharedTier({ get: rejected }) }, 'shared cache'],
    ['shared put throws', { shared: aSharedTier({ put: broken }) }, 'shared cache'],
    ['shared put rejects', { shared: aSharedTier({ put: rejected }) }, 'shared cache'],
    ['memory get throws', { memory: aMemory({ get: broken }) }, 'memory cache'],
    ['memory put throws', { memory: aMemory({ put: broken }) }, 'memory cache'],
  ])('when %s the answer is as on a miss, and it is told (G7)', async (_what, parts, where) => {
    const { resolve, asked, all, pass } = aHouse(parts);
    expect(await resolve()).toMatchObject({ ok: true, value: { kind: 'active' } });
    await pass(0);
    expect(asked.length).toBe(1);
    expect(all('crashed')).toEqual([{ event: 'crashed', where, cause: 'TypeError' }]);
  });

  it('when the lock rejects, replicas ask without one, and it is told', async () => {
    const lock = { take: rejected, isHeld: rejected, release: rejected };
    const { resolve, asked, all } = aHouse({ lock });
    const answers = await Promise.all([resolve(), resolve()]);
    expect(answers).toMatchObject([{ ok: true }, { ok: true }]);
    expect(asked.length).toBe(1);
    expect(all('crashed')).toEqual([{ event: 'crashed', where: 'enquiry lock', cause: 'TypeError' }]);
  });

  it('when letting go of the lock rejects, nobody is hurt', async () => {
    const lock: EnquiryLock = {
      take: async () => ({ kind: 'taken', fence: 'f' }),
      isHeld: rejected,
      release: rejected,
    };
    const { resolve, pass } = aHouse({ lock });
    expect(await Promise.all([resolve(), resolve()])).toMatchObject([{ ok: true }, { ok: true }]);
    await pass(0);
  });

  it('when asking to confirm an outage rejects, there is none', async () => {
    let isOut = false;
    const says = (_question: unknown, token: string) => {
      if (!isOut) return succeed(anAnswer());
      return token === 'token' ? fail(fault('introspection_timeout')) : rejected();
    };
    const { resolve, pass } = aHouse({ says, longestPast: 60_000 });
    const stale = { freshness: null, stale: milliseconds(60_000) };
    await resolve('token', aClient(), undefined, stale);
    isOut = true;
    await pass(60_000);
    expect(await resolve('token', aClient(), undefined, stale)).toEqual(fail(fault('introspection_timeout')));
  });

  it.each([
    ['preparing throws', { prepare: broken }],
    ['preparing rejects', { prepare: rejected }],
    ['asking rejects', { says: rejected }],
  ])('when %s the answer is the fault internal, never a rejection', async (_what, parts) => {
    const { resolve, all } = aHouse(parts);
    expect(await resolve()).toEqual(fail(fault('internal')));
    expect(all('crashed')).toEqual([{ event: 'crashed', where: 'resolver', cause: 'TypeError' }]);
  });

  it('lets a request that cannot be read go through to the corridor, which denies it', () => {
    const unusable = (): never => {
      throw new UnusableRequestError('The client address cannot be read.');
    };
    const { resolve, all } = aHouse({ prepare: unusable });
    expect(() => resolve()).toThrow(UnusableRequestError);
    expect(all('crashed')).toEqual([]);
  });
});

function aMemory(differing: Partial<MemoryCache>): MemoryCache {
  return {
    get: () => MISS,
    getPast: () => null,
    put: () => undefined,
    forget: () => undefined,
    ...differing,
  };
}

function aSharedTier(differing: Partial<TokenCache>): TokenCache {
  return { get: async () => MISS, put: async () => undefined, ...differing };
}

function valueOf(answer: Answer): unknown {
  if (!answer.ok) throw new Error(`a fault: ${answer.failure.reason}`);
  return answer.value;
}
