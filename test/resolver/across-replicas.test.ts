import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CacheKey,
  type CacheRecord,
  type EnquiryLock,
  fail,
  fault,
  MISS,
  milliseconds,
  succeed,
  type TokenCache,
} from '../../src/domain/index.ts';
import { anAnswer } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, inactive, later, LIMITS, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

/** A store and a lock that replicas share; both always answer. */
function aSharedStore() {
  const records = new Map<CacheKey, CacheRecord>();
  const holders = new Map<CacheKey, string>();
  let fences = 0;
  const shared: TokenCache = {
    async get(_kind, key) {
      const record = records.get(key);
      return record === undefined ? MISS : { kind: 'hit', record };
    },
    async put(_kind, key, record) {
      records.set(key, record);
    },
  };
  const lock: EnquiryLock = {
    async take(key) {
      if (holders.has(key)) return { kind: 'held' };
      const fence = String((fences += 1));
      holders.set(key, fence);
      return { kind: 'taken', fence };
    },
    isHeld: async (key) => holders.has(key),
    async release(key, fence) {
      if (holders.get(key) === fence) holders.delete(key);
    },
  };
  return { shared, lock, holders, records };
}

type House = ReturnType<typeof aHouse>;

/** Several requests for one new token. */
function herd(house: House, count = 3, token = 'token'): Promise<Answer[]> {
  const context = house.patient(2_000);
  return Promise.all(Array.from({ length: count }, async () => house.resolve(token, aClient(), context)));
}

describe('a token that many wait for in several replicas', () => {
  it('is asked about once', async () => {
    const { shared, lock } = aSharedStore();
    const reply = later<Answer>();
    const houses = Array.from({ length: 8 }, () => aHouse({ shared, lock, says: () => reply.promise }));
    const waiting = houses.map((house) => herd(house, 64));
    for (const house of houses) await house.pass(20);
    reply.keep(succeed(anAnswer()));
    for (const house of houses) await house.pass(100);
    const answers = (await Promise.all(waiting)).flat();
    expect(answers.length).toBe(512);
    expect(answers.every((answer) => answer.ok && answer.value.kind === 'active')).toBe(true);
    expect(houses.flatMap(({ asked }) => asked)).toEqual(['main token']);
    const told = houses.flatMap(({ all }) => all('enquiry_coalesced').map(({ outcome }) => outcome));
    expect(told.sort()).toEqual(['asked', ...Array.from({ length: 7 }, () => 'found')]);
  });

  it('is let go of by the one who asked, once the answer is there for the others', async () => {
    const { shared, lock, holders, records } = aSharedStore();
    const house = aHouse({ shared, lock });
    await herd(house);
    await house.pass(0);
    expect([holders.size, records.size]).toEqual([0, 1]);
  });

  it('is asked about by each when the first had no answer for the others: a fault, or inactive', async () => {
    for (const says of [inactive, () => fail(fault('introspection_server_error'))]) {
      const { shared, lock } = aSharedStore();
      const houses = Array.from({ length: 3 }, () => aHouse({ shared, lock, says }));
      const waiting = houses.map((house) => herd(house));
      for (let round = 0; round < 5; round += 1) for (const house of houses) await house.pass(20);
      await Promise.all(waiting);
      expect(houses.flatMap(({ asked }) => asked).length).toBe(3);
    }
  });

  it('is asked about once even if it is inactive, where replicas tell one another', async () => {
    const limits = { ...LIMITS, inactive: { ...LIMITS.inactive, shared: true } };
    const { shared, lock } = aSharedStore();
    const houses = Array.from({ length: 3 }, () => aHouse({ shared, lock, limits, says: inactive }));
    const waiting = houses.map((house) => herd(house));
    for (let round = 0; round < 5; round += 1) for (const house of houses) await house.pass(20);
    await Promise.all(waiting);
    expect(houses.flatMap(({ asked }) => asked).length).toBe(1);
  });
});

describe('whoever waits for another replica', () => {
  it('waits for a quarter of the time that is left, and then asks', async () => {
    const { shared, lock, holders } = aSharedStore();
    const house = aHouse({ shared, lock });
    holders.set(await keyOfHerd(), 'somebody who died');
    const waiting = herd(house);
    await house.pass(0);
    for (let passed = 0; passed < 490; passed += 10) await house.pass(10);
    expect(house.asked).toEqual([]);
    for (let passed = 0; passed < 60; passed += 10) await house.pass(10);
    expect(house.asked).toEqual(['main token']);
    await waiting;
    expect(house.all('enquiry_coalesced')).toEqual([{ event: 'enquiry_coalesced', outcome: 'late' }]);
  });

  it('asks at once when there is no telling', async () => {
    const { shared } = aSharedStore();
    const lock: EnquiryLock = {
      take: async () => ({ kind: 'unavailable' }),
      isHeld: async () => false,
      release: async () => undefined,
    };
    const house = aHouse({ shared, lock });
    await herd(house);
    expect(house.asked.length).toBe(1);
  });
});

describe('nobody is waited for, and no lock is taken', () => {
  const taken: CacheKey[] = [];
  const lock: EnquiryLock = {
    async take(key) {
      taken.push(key);
      return { kind: 'taken', fence: 'f' };
    },
    isHeld: async () => false,
    release: async () => undefined,
  };
  beforeEach(() => void taken.splice(0));

  it('for a token that one request waits for, so that invented ones cost the store nothing', async () => {
    const house = aHouse({ lock, says: inactive });
    for (let index = 0; index < 20; index += 1) await house.resolve(`token-${index}`);
    expect(taken).toEqual([]);
  });

  it('beyond the budget for inactive tokens', async () => {
    const budget = { ...aClient().budget, all: { burst: 1, perSecond: 1 } };
    const client = aClient({ budget });
    const house = aHouse({ lock, says: inactive });
    await house.resolve('first', client);
    await Promise.all(Array.from({ length: 5 }, async () => house.resolve('second', client)));
    expect(taken).toEqual([]);
  });

  it('where an answer of others would not do', async () => {
    const house = aHouse({ lock });
    const eachTime = { freshness: milliseconds(0), stale: milliseconds(0) };
    await Promise.all(
      Array.from({ length: 5 }, async () => house.resolve('token', aClient(), undefined, eachTime)),
    );
    expect(taken).toEqual([]);
  });
});

/** The name under which every house keeps the token of `herd`. */
async function keyOfHerd(): Promise<CacheKey> {
  const { shared, records } = aSharedStore();
  await aHouse({ shared }).resolve();
  const [key] = records.keys();
  if (key === undefined) throw new Error('nothing was shared');
  return key;
}
