import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccessToken, epochMilliseconds } from '../../src/domain/index.ts';
import { aClock } from '../cache/records.ts';
import { aBoard, anAnswered, aReplica, asking, type ReplicaDiffering } from './parts.ts';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] }));
afterEach(() => void jest.useRealTimers());

const TOKEN = new AccessToken('secret-token');
const ANSWER = anAnswered({ token: TOKEN });
/** What is under way settles, and timers up to a look at the board fire. */
const aLook = () => jest.advanceTimersByTimeAsync(2_500);

async function twoReplicas(one: ReplicaDiffering = {}, other: ReplicaDiffering = {}, hears = true) {
  const board = aBoard();
  const [first, second] = [aReplica(board.seenBy(), one), aReplica(board.seenBy(hears), other)];
  await aLook();
  return { board, first, second };
}

const names = (replica: ReturnType<typeof aReplica>) => replica.events.map(({ event }) => event);

describe('forgetting in one process', () => {
  it('is in force before anything is waited for, and says that there is nobody to tell', async () => {
    const { eviction } = aReplica(null);
    const outcome = eviction.forget(asking({ token: TOKEN }), 'bearer');
    expect(eviction.forgotten.covers(ANSWER, 0)).toBe(true);
    expect(await outcome).toMatchObject({ kind: 'forgotten', told: 'nobody' });
    expect(eviction.isBehind).toBe(false);
  });

  it('takes the fingerprint that lines print for the token itself', async () => {
    const { eviction, keys } = aReplica(null);
    const [fingerprint] = keys.fingerprintsOf(TOKEN);
    expect(await eviction.forget(asking({ fingerprint }), 'bearer')).toMatchObject({ fingerprint });
    expect(eviction.forgotten.covers(ANSWER, 0)).toBe(true);
    expect(eviction.forgotten.covers(anAnswered({ token: new AccessToken('other') }), 0)).toBe(false);
  });

  it('leaves an audit record of who and what, with the fingerprint and never the token (INT-23, T-52)', async () => {
    const { eviction, keys, events } = aReplica(null);
    await eviction.forget(asking({ token: TOKEN, subject: 'alice' }), 'certificate URI:spiffe://ops');
    const [record] = events;
    expect(record).toMatchObject({
      event: 'forgotten',
      by: 'certificate URI:spiffe://ops',
      asked: { token: keys.fingerprintsOf(TOKEN)[0], subject: 'alice', issuer: null },
    });
    expect(JSON.stringify(record)).not.toContain(TOKEN.reveal());
  });
});

describe('forgetting in several', () => {
  it('is in force in all of them when it is answered (CACHE-8, INV-2)', async () => {
    const { first, second } = await twoReplicas();
    expect(await first.eviction.forget(asking({ subject: 'alice' }), 'bearer')).toMatchObject({
      told: 'everybody',
    });
    expect(second.eviction.forgotten.covers(anAnswered(), 0)).toBe(true);
    expect(names(second)).toEqual(['forgotten_elsewhere']);
    expect(names(first)).toEqual(['forgotten']);
  });

  it('is heard once, however often it is told and kept', async () => {
    const { first, second } = await twoReplicas();
    await first.eviction.forget(asking({ tenant: 'orders' }), 'bearer');
    await aLook();
    await aLook();
    expect([first.eviction.forgotten.count, second.eviction.forgotten.count]).toEqual([1, 1]);
  });

  it('reaches one that cannot hear when it looks next', async () => {
    const { first, second } = await twoReplicas({}, {}, false);
    await first.eviction.forget(asking({ token: TOKEN }), 'bearer');
    expect(second.eviction.forgotten.count).toBe(0);
    await aLook();
    expect(second.eviction.forgotten.covers(ANSWER, 0)).toBe(true);
  });

  it('reaches one that starts later before it believes the store', async () => {
    const { board, first } = await twoReplicas();
    await first.eviction.forget(asking({ token: TOKEN }), 'bearer');
    const late = aReplica(board.seenBy());
    expect(late.eviction.isBehind).toBe(true);
    await aLook();
    expect(late.eviction.isBehind).toBe(false);
    expect(late.eviction.forgotten.coversStored(ANSWER, epochMilliseconds(late.clock.now() - 1))).toBe(true);
  });

  it('is in force at once while the store is away, is told when it is back, and says so', async () => {
    const { board, first, second } = await twoReplicas();
    board.fail('unavailable');
    expect(await first.eviction.forget(asking({ token: TOKEN }), 'bearer')).toMatchObject({ told: 'later' });
    expect(first.eviction.forgotten.covers(ANSWER, 0)).toBe(true);
    expect(first.eviction.stats()).toEqual({ marks: 1, untold: 1 });
    await aLook();
    expect([first.eviction.isBehind, second.eviction.isBehind]).toEqual([true, true]);
    board.fail(null);
    await aLook();
    expect(second.eviction.forgotten.covers(ANSWER, 0)).toBe(true);
    expect(first.eviction.stats()).toEqual({ marks: 1, untold: 0 });
    expect(second.eviction.isBehind).toBe(false);
  });

  it('is told again when the store has lost it', async () => {
    const { board, first } = await twoReplicas();
    await first.eviction.forget(asking({ token: TOKEN }), 'bearer');
    board.fail('unavailable');
    await aLook();
    board.kept.splice(0);
    board.fail(null);
    await aLook();
    await aLook();
    expect(board.kept).toHaveLength(1);
    const late = aReplica(board.seenBy());
    await aLook();
    expect(late.eviction.forgotten.count).toBe(1);
  });

  it('goes on without a store that refuses to keep it, and says so once', async () => {
    const { board, first } = await twoReplicas();
    board.fail('refused');
    await aLook();
    await aLook();
    expect(first.eviction.isBehind).toBe(false);
    expect(first.events).toEqual([{ event: 'board_failed', cause: 'refused' }]);
    expect(await first.eviction.forget(asking({ token: TOKEN }), 'bearer')).toMatchObject({ told: 'later' });
  });

  it('is told in the end to a store that can be read and takes nothing, which is said once', async () => {
    const { board, first, second } = await twoReplicas();
    board.fail('refused', { readable: true });
    await first.eviction.forget(asking({ token: TOKEN }), 'bearer');
    await aLook();
    await aLook();
    expect(first.events.filter(({ event }) => event === 'board_failed')).toHaveLength(1);
    expect(first.eviction.status()).toMatchObject({ untold: 1, hears: false });
    board.fail(null);
    await aLook();
    expect(first.eviction.status()).toMatchObject({ untold: 0, hears: true });
    expect(second.eviction.forgotten.covers(ANSWER, 0)).toBe(true);
  });

  it.each([
    ['the new one first', { newest: 2, former: 1 }, { newest: 1 }],
    ['the old one first', { newest: 1 }, { newest: 2, former: 1 }],
    ['both', { newest: 2, former: 1 }, { newest: 2, former: 1 }],
  ])('passes between replicas while keys rotate: told by %s', async (_who, one, other) => {
    const { first, second } = await twoReplicas(one, other);
    await first.eviction.forget(asking({ token: TOKEN }), 'bearer');
    expect(second.eviction.forgotten.covers(ANSWER, 0)).toBe(true);
    expect(second.eviction.forgotten.count).toBe(1);
  });

  it('is believed of nobody without the key, and a changed or renamed text is nothing (T-39)', async () => {
    const { board, first, second } = await twoReplicas();
    const stranger = aReplica(board.seenBy(), { newest: 9 });
    await aLook();
    await stranger.eviction.forget(asking({}), 'bearer');
    await first.eviction.forget(asking({ subject: 'alice' }), 'bearer');
    const [, text = ''] = board.kept;
    const [id = '', sealed = ''] = text.split('.');
    const before = second.eviction.forgotten.count;
    const away = { ...board.seenBy() };
    await away.publish(
      [
        `${'0'.repeat(32)}.${sealed}`,
        `${id.slice(0, -1)}0.${sealed}`,
        'nothing',
        '',
        '{"matcher":{}}',
        `${id}.`,
      ],
      0 as never,
    );
    expect(second.eviction.forgotten.count).toBe(before);
    expect(second.events.filter(({ event }) => event === 'board_failed')).not.toEqual([]);
  });

  it('puts nothing readable on the board', async () => {
    const { board, first } = await twoReplicas();
    await first.eviction.forget(asking({ token: TOKEN, subject: 'alice-the-subject' }), 'bearer');
    const bytes = board.kept.map((text) =>
      Buffer.from(text.split('.')[1] ?? '', 'base64').toString('latin1'),
    );
    expect(board.kept.join() + bytes.join()).not.toMatch(/alice|subject|secret/);
  });

  it('by a replica whose clock is ahead forgets nothing that comes after', async () => {
    const fast = aClock();
    const { first, second } = await twoReplicas({ clock: fast });
    fast.step(3_600_000);
    await first.eviction.forget(asking({}), 'bearer');
    const { forgotten } = second.eviction;
    expect(forgotten.covers(ANSWER, 0)).toBe(true);
    expect(forgotten.covers(ANSWER, forgotten.count)).toBe(false);
    expect(forgotten.coversStored(ANSWER, epochMilliseconds(second.clock.now() + 5_000))).toBe(false);
  });
});
