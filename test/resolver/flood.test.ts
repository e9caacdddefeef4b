import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ClientContext, fail, fault, succeed } from '../../src/domain/index.ts';
import { sourceOf } from '../../src/resolver/source-of.ts';
import { anActiveRecord, anAnswer } from '../cache/records.ts';
import { aClient, aRequest } from '../support/builders.ts';
import { aHouse, type Answer, inactive, later, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

const SPENT = { ok: false, failure: { reason: 'enquiry_budget_spent' } };

function aClientWith(budget: Partial<ClientContext['budget']>): ClientContext {
  return aClient({ budget: { ...aClient().budget, ...budget } });
}

/** Good tokens begin with `good`. */
const says = (_question: unknown, token: string): Answer =>
  token.startsWith('good') ? succeed(anAnswer()) : inactive();

const from = (clientAddress: string) => aRequest({ clientAddress });

describe('the budget of a client (T-33)', () => {
  const client = aClientWith({ all: { burst: 10, perSecond: 1 } });

  it('bounds how many inactive tokens its server is asked about', async () => {
    const { resolve, asked, all, pass } = aHouse({ says });
    for (let index = 0; index < 100; index += 1) await resolve(`bad-${index}`, client);
    expect(asked.length).toBe(10);
    expect(await resolve('another', client)).toMatchObject(SPENT);
    expect(all('enquiry_refused').length).toBe(91);
    await pass(2_000);
    for (let index = 0; index < 10; index += 1) await resolve(`later-${index}`, client);
    expect(asked.length).toBe(12);
  });

  it('costs good tokens nothing: a login wave after a restart passes', async () => {
    const { resolve, asked } = aHouse({ says });
    for (let index = 0; index < 500; index += 1)
      expect(await resolve(`good-${index}`, client)).toMatchObject({ ok: true });
    expect(asked.length).toBe(500);
  });

  it('is not charged by faults, for which no token is to blame', async () => {
    const { resolve, asked } = aHouse({ says: () => fail(fault('introspection_timeout')) });
    for (let index = 0; index < 50; index += 1) await resolve(`token-${index}`, client);
    expect(asked.length).toBe(50);
  });

  it('that is spent leaves known tokens alone: those in memory, and those whose answers have run out', async () => {
    const { resolve, pass } = aHouse({ says });
    await resolve('good', client);
    for (let index = 0; index < 20; index += 1) await resolve(`bad-${index}`, client);
    expect(resolve('good', client)).toMatchObject({ ok: true });
    await pass(60_000);
    for (let index = 0; index < 100; index += 1) await resolve(`more-${index}`, client);
    expect(await resolve('bad', client)).toMatchObject(SPENT);
    expect(await resolve('good', client)).toMatchObject({ ok: true, value: { kind: 'active' } });
  });

  it('that is spent leaves alone what other replicas know, and what they knew', async () => {
    let isStored = true;
    const shared = {
      get: async () =>
        isStored ? ({ kind: 'hit', record: anActiveRecord() } as const) : ({ kind: 'miss' } as const),
      put: async () => undefined,
    };
    const { resolve, pass } = aHouse({ says, shared });
    await resolve('good', client);
    isStored = false;
    for (let index = 0; index < 20; index += 1) await resolve(`bad-${index}`, client);
    await pass(60_000);
    for (let index = 0; index < 100; index += 1) await resolve(`more-${index}`, client);
    expect(await resolve('good', client)).toMatchObject({ ok: true });
  });

  it('counts a token that was good and is not any longer like any other', async () => {
    let isGood = true;
    const revoked = (_question: unknown, token: string): Answer =>
      token === 'token' && isGood ? succeed(anAnswer()) : inactive();
    const { resolve, pass } = aHouse({ says: revoked });
    const spend = async (round: string) => {
      for (let index = 0; index < 20; index += 1) await resolve(`${round}-${index}`, client);
    };
    await resolve('token', client);
    isGood = false;
    await pass(60_000);
    await spend('first');
    expect(await resolve('token', client)).toMatchObject({ value: { kind: 'inactive' } });
    await pass(5_000);
    await spend('second');
    expect(await resolve('token', client)).toMatchObject(SPENT);
  });

  it('is 429 where the settings say so', async () => {
    const { resolve } = aHouse({ says });
    const strict = aClientWith({ all: { burst: 1, perSecond: 1 }, beyond: 429 });
    await resolve('a', strict);
    expect(await resolve('b', strict)).toMatchObject({
      failure: { reason: 'enquiry_budget_spent', deniedAs: 'enquiries_limited' },
    });
  });

  it('is its own: another client asks as always', async () => {
    const { resolve } = aHouse({ says });
    for (let index = 0; index < 20; index += 1) await resolve(`bad-${index}`, client);
    expect(await resolve('new', aClient({ name: 'other' }))).toMatchObject({ ok: true });
  });

  it('tolerates 600 new tokens at 50 at a time under default settings, good or not (design section 6)', async () => {
    const { resolve, asked } = aHouse({ says });
    for (let batch = 0; batch < 12; batch += 1)
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const kind = index % 2 === 0 ? 'good' : 'bad';
          const answer = await resolve(`${kind}-${batch}-${index}`, aClient(), from('192.0.2.1'));
          expect(answer).toMatchObject({ ok: true });
        }),
      );
    expect(asked.length).toBe(600);
  });
});

describe('the budget of a source', () => {
  const client = aClientWith({ source: { burst: 5, perSecond: 1 } });

  it('is spent by who floods, and by nobody else', async () => {
    const { resolve, all } = aHouse({ says });
    for (let index = 0; index < 20; index += 1) await resolve(`bad-${index}`, client, from('192.0.2.1'));
    expect(await resolve('new', client, from('192.0.2.1'))).toMatchObject(SPENT);
    expect(await resolve('new', client, from('192.0.2.2'))).toMatchObject({ ok: true });
    expect(await resolve('newer', client, aRequest({ clientAddress: null }))).toMatchObject({ ok: true });
    expect(new Set(all('enquiry_refused').map(({ spent }) => spent))).toEqual(new Set(['source']));
  });

  it('is not touched where that of the client is spent', async () => {
    const both = aClientWith({ all: { burst: 3, perSecond: 100 }, source: { burst: 4, perSecond: 1 } });
    const { resolve, pass } = aHouse({ says });
    for (let index = 0; index < 10; index += 1) await resolve(`bad-${index}`, both, from('192.0.2.1'));
    await pass(10);
    expect(await resolve('one-more', both, from('192.0.2.1'))).toMatchObject({ ok: true });
  });

  it('bounds what is under way, too', async () => {
    const reply = later<Answer>();
    const { resolve, asked, pass } = aHouse({ says: () => reply.promise });
    const waiting = Array.from({ length: 20 }, async (_, index) =>
      resolve(`token-${index}`, client, from('192.0.2.1')),
    );
    await pass(0);
    expect(asked.length).toBe(5);
    reply.keep(inactive());
    await Promise.all(waiting);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['2001:db8:1:2:3::', '2001:db8:1:2'],
  ])('counts %s as %s: an IPv6 network of 64 bits is one subscriber', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});

describe('a flood of invented tokens', () => {
  it('at nine of ten leaves the good ones their answers, and memory within its bounds (T-34)', async () => {
    const bounds = {
      active: { entries: 200, bytes: 2_000_000 as never },
      inactive: { entries: 100, bytes: 200_000 as never },
    };
    const client = aClientWith({ all: { burst: 50, perSecond: 100 }, source: { burst: 20, perSecond: 10 } });
    const house = aHouse({ says, bounds });
    const good = Array.from({ length: 100 }, (_, index) => `good-${index}`);
    for (const token of good) await house.resolve(token, client, from('198.51.100.1'));

    for (let round = 0; round < 200; round += 1) {
      await Promise.all(
        Array.from({ length: 90 }, async (_, index) =>
          house.resolve(`bad-${round}-${index}`, client, from(`192.0.2.${index % 50}`)),
        ),
      );
      for (let index = 0; index < 10; index += 1) {
        const token = good[(round * 10 + index) % good.length];
        const answer = await house.resolve(token, client, from('198.51.100.1'));
        expect(answer).toMatchObject({ ok: true, value: { kind: 'active' } });
      }
      await house.pass(500);
    }
    const invented = house.asked.filter((line) => line.includes('bad')).length;
    expect(invented).toBeLessThanOrEqual(50 + 100 * 100);
    const stats = (
      house.memory as unknown as { stats(): Record<string, { entries: number; bytes: number }> }
    ).stats();
    expect(stats['inactive']?.entries).toBeLessThanOrEqual(100);
    expect(stats['active']?.entries).toBe(100);
  });
});
