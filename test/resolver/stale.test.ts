import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type AnswerAge,
  fail,
  fault,
  type FaultReason,
  type Fault,
  milliseconds,
  succeed,
} from '../../src/domain/index.ts';
import { anAnswer, inSeconds } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, inactive, later, LIMITS, useSimulatedTimers } from './house.ts';

beforeEach(useSimulatedTimers);
afterEach(() => void jest.useRealTimers());

const MINUTE: AnswerAge = { freshness: null, stale: milliseconds(60_000) };
const OUT: readonly FaultReason[] = [
  'introspection_unreachable',
  'introspection_timeout',
  'introspection_server_error',
];

/** Knows one token, whose answer has just run out, and a server that then says something else. */
async function afterAnAnswer(then: Answer, first: Answer = succeed(anAnswer())) {
  const client = aClient();
  let answer = first;
  const house = aHouse({ says: () => answer, longestPast: 60_000 });
  const check = (age = MINUTE, token = 'token') => house.resolve(token, client, undefined, age);
  await check();
  answer = then;
  await house.pass(60_000);
  return { ...house, check, says: (next: Answer) => (answer = next) };
}

describe('an answer whose time is over', () => {
  it.each(OUT)(
    'is served in an outage where the route lets it, and says so: %s (CACHE-10)',
    async (reason) => {
      const { check, all } = await afterAnAnswer(fail(fault(reason)));
      expect(await check()).toMatchObject({ ok: true, value: { kind: 'active' }, staleFor: 0 });
      expect(all('stale_served')).toEqual([{ event: 'stale_served', client: 'main', pastFor: 0 }]);
    },
  );

  it('is served without a wait once the outage is known, while somebody finds out when it is over', async () => {
    const { check, asked, pass } = await afterAnAnswer(fail(fault('introspection_timeout')));
    await check();
    await pass(1_000);
    const before = asked.length;
    expect(check()).toMatchObject({ ok: true, staleFor: 1_000 });
    await pass(0);
    expect(asked.length).toBe(before + 1);
  });

  it.each([
    ['where the route does not let it', { freshness: null, stale: milliseconds(0) }],
    ['where the route wants a fresh one', { freshness: milliseconds(10_000), stale: milliseconds(0) }],
  ])('is not served %s', async (_where, age) => {
    const { check } = await afterAnAnswer(fail(fault('introspection_unreachable')));
    await check();
    expect(await check(age)).toEqual(fail(fault('introspection_unreachable')));
  });

  it('is not served when it has been over for longer than the route says', async () => {
    const { check, pass } = await afterAnAnswer(fail(fault('introspection_unreachable')));
    const short = { freshness: null, stale: milliseconds(5_000) };
    await pass(5_000);
    expect(await check(short)).toMatchObject({ ok: true, staleFor: 5_000 });
    await pass(1);
    expect(await check(short)).toMatchObject({ ok: false });
    await pass(54_998);
    expect(await check()).toMatchObject({ ok: true, staleFor: 59_999 });
    await pass(1);
    expect(await check()).toMatchObject({ ok: false });
  });

  it('is not served past exp', async () => {
    const first = succeed(anAnswer({ exp: inSeconds(90) }));
    const { check, pass } = await afterAnAnswer(fail(fault('introspection_unreachable')), first);
    await pass(29_999);
    expect(await check()).toMatchObject({ ok: true });
    await pass(1);
    expect(await check()).toMatchObject({ ok: false });
  });

  it('is not served once the token was found inactive, however long ago', async () => {
    const { check, says, pass } = await afterAnAnswer(inactive());
    await check();
    says(fail(fault('introspection_unreachable')));
    await pass(5_000);
    expect(await check()).toMatchObject({ ok: false });
    await pass(1_000);
    expect(await check()).toMatchObject({ ok: false });
  });

  it('is not served of a token that was found inactive while the outage was being confirmed', async () => {
    const client = aClient();
    const reply = later<Answer>();
    let says: (token: string) => Answer | Promise<Answer> = () => succeed(anAnswer());
    const house = aHouse({ says: (_question, token) => says(token), longestPast: 60_000 });
    await house.resolve('token', client, undefined, MINUTE);
    await house.pass(60_000);
    says = (token) => (token === 'token' ? fail(fault('introspection_timeout')) : reply.promise);
    const waiting = house.resolve('token', client, undefined, MINUTE);
    await house.pass(0);
    says = () => inactive();
    expect(await house.resolve('token', client)).toMatchObject({ value: { kind: 'inactive' } });
    reply.keep(fail(fault('introspection_timeout')));
    expect(await waiting).toEqual(fail(fault('introspection_timeout')));
  });

  it('gives way to the answer of a server that is back', async () => {
    const { check, says, pass } = await afterAnAnswer(fail(fault('introspection_unreachable')));
    await check();
    says(succeed(anAnswer({ sub: 'again' })));
    await pass(250);
    await check();
    await pass(0);
    const answer = await check();
    expect(answer).toMatchObject({ ok: true, value: { subject: 'again' } });
    expect(answer).not.toHaveProperty('staleFor');
  });
});

describe('an outage', () => {
  it.each<[string, Fault]>([
    ['a full queue', fault('enquiries_exhausted')],
    ['an enquiry that found no turn', { ...fault('introspection_timeout'), isOurs: true }],
    ['refused credentials', fault('credentials_refused')],
    ['an answer that cannot be read', fault('introspection_unreadable')],
    ['an answer that is too large', fault('introspection_too_large')],
    ['a 404', fault('introspection_status')],
    ['a redirect', fault('introspection_redirected')],
    ['a 429', fault('introspection_throttled')],
    ['a pause that the server asked for', fault('introspection_suspended')],
    ['a defect', fault('internal')],
  ])('is not %s', async (_what, failure) => {
    const { check, pass } = await afterAnAnswer(fail(failure));
    for (let round = 0; round < 8; round += 1) {
      expect(await check()).toEqual(fail(failure));
      await pass(1_000);
    }
  });

  it('is not our own deadline: a caller that cannot wait gets wait_exceeded', async () => {
    const client = aClient();
    const reply = later<Answer>();
    let isOut = false;
    const house = aHouse({ says: () => (isOut ? reply.promise : succeed(anAnswer())), longestPast: 60_000 });
    await house.resolve('token', client, undefined, MINUTE);
    isOut = true;
    await house.pass(60_000);
    const waiting = house.resolve('token', client, house.patient(100), MINUTE);
    await house.pass(100);
    expect(await waiting).toEqual(fail(fault('wait_exceeded')));
  });

  it('is not one token that upsets the server (T-38): others are asked about first, and one answer is enough', async () => {
    const client = aClient();
    let isUpset = false;
    const says = (_question: unknown, token: string): Answer =>
      isUpset && token === 'token' ? fail(fault('introspection_server_error')) : succeed(anAnswer());
    const house = aHouse({ says, longestPast: 60_000 });
    await house.resolve('token', client, undefined, MINUTE);
    isUpset = true;
    await house.pass(60_000);
    for (let round = 0; round < 5; round += 1) {
      expect(await house.resolve('token', client, undefined, MINUTE)).toMatchObject({ ok: false });
      await house.pass(1_000);
    }
    expect(house.all('stale_served')).toEqual([]);
  });

  it('is asked about with a few random tokens, at most once in a second', async () => {
    const { check, asked, pass } = await afterAnAnswer(fail(fault('introspection_timeout')));
    asked.splice(0);
    await check();
    expect(asked.length).toBe(1 + 4);
    expect(new Set(asked).size).toBe(5);
    await Promise.all([check(), check(), check()]);
    await pass(0);
    expect(asked.length).toBe(6);
  });

  it('of one client is none of another', async () => {
    const [here, there] = [aClient({ name: 'here' }), aClient({ name: 'there' })];
    let isOut = false;
    const says = ({ client }: { client: { name: string } }, token: string): Answer => {
      if (!isOut || (client.name === 'there' && token !== 'token')) return succeed(anAnswer());
      return fail(fault('introspection_unreachable'));
    };
    const house = aHouse({ says, longestPast: 60_000 });
    for (const client of [here, there]) await house.resolve('token', client, undefined, MINUTE);
    isOut = true;
    await house.pass(60_000);
    expect(await house.resolve('token', here, undefined, MINUTE)).toMatchObject({ ok: true });
    expect(await house.resolve('token', there, undefined, MINUTE)).toMatchObject({ ok: false });
  });

  it('that nobody has seen for a while must show again', async () => {
    const { check, asked, pass } = await afterAnAnswer(fail(fault('introspection_unreachable')));
    await check();
    await pass(15_001);
    const before = asked.length;
    expect(await check()).toMatchObject({ ok: true, staleFor: 15_001 });
    expect(asked.length).toBeGreaterThan(before);
  });
});

describe('memory', () => {
  it('does not keep answers whose time is over where no route wants them', async () => {
    const { resolve, memory, pass } = aHouse();
    await resolve();
    await pass(60_000);
    void resolve();
    expect((memory as { stats?: () => unknown }).stats?.()).toMatchObject({ active: { entries: 0 } });
  });

  it('lets a token whose answer is over be asked about as ever while the server is there', async () => {
    const { check, asked } = await afterAnAnswer(succeed(anAnswer()));
    expect(await check()).not.toHaveProperty('staleFor');
    expect(asked.length).toBe(2);
  });

  it('keeps inactive answers no longer than their time', async () => {
    const house = aHouse({ says: inactive, longestPast: 60_000, limits: LIMITS });
    await house.resolve();
    await house.pass(5_000);
    void house.resolve('token', aClient(), undefined, MINUTE);
    expect((house.memory as { stats?: () => unknown }).stats?.()).toMatchObject({ inactive: { entries: 0 } });
  });
});
