import { describe, expect, it } from '@jest/globals';

import {
  fail,
  type Fault,
  fault,
  milliseconds,
  monotonicMilliseconds,
  type Result,
  Secret,
  seconds,
  succeed,
} from '../../src/domain/index.ts';
import {
  type CallToken,
  createCallToken,
  type GrantedToken,
} from '../../src/introspection/authentication/call-token.ts';

const NEVER = new AbortController().signal;
const DOWN = fault('call_token_unavailable', 'down');

/** A call token with a clock that a test moves, and attempts that a test ends. */
function aScene(fraction = 0) {
  let now = 1_000;
  const attempts: ((outcome: Result<GrantedToken, Fault>) => void)[] = [];
  const token = createCallToken({
    fetch: () => new Promise((resolve) => attempts.push(resolve)),
    clock: { monotonic: () => monotonicMilliseconds(now) },
    randomness: { fraction: () => fraction },
  });
  return {
    token,
    attempts,
    pass: (ms: number) => void (now += ms),
    /** Ends the latest attempt. */
    grant: async (text: string, lifeMs = 60_000): Promise<void> => {
      attempts.at(-1)?.(succeed({ token: new Secret(text), life: milliseconds(lifeMs) }));
      await settled();
    },
    refuse: async (found: Fault = DOWN): Promise<void> => {
      attempts.at(-1)?.(fail(found));
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** What there is at once; `waits` where there is nothing yet. */
function inHand(token: CallToken): string {
  const outcome = token.get(NEVER);
  if (outcome instanceof Promise) return 'waits';
  return outcome.ok ? outcome.value.reveal() : outcome.failure.reason;
}

const told = async (outcome: ReturnType<CallToken['get']>): Promise<string> => {
  const result = await outcome;
  return result.ok ? result.value.reveal() : result.failure.reason;
};

describe('a call token', () => {
  it('is asked for when it is first needed, once for all who wait', async () => {
    const { token, attempts, grant } = aScene();
    expect(attempts).toHaveLength(0);
    const waiting = [token.get(NEVER), token.get(NEVER), token.get(NEVER)].map(told);
    await grant('a');
    expect(await Promise.all(waiting)).toEqual(['a', 'a', 'a']);
    expect(inHand(token)).toBe('a');
    expect(attempts).toHaveLength(1);
  });

  it('is renewed before it ends while the one in hand goes on, by one attempt', async () => {
    const { token, attempts, pass, grant } = aScene();
    inHand(token);
    await grant('a', 60_000);
    pass(35_999);
    expect([inHand(token), attempts.length]).toEqual(['a', 1]);
    // The last tenth is not used, and two thirds of the rest have passed.
    pass(1);
    expect([inHand(token), inHand(token), attempts.length]).toEqual(['a', 'a', 2]);
    await grant('b');
    expect([inHand(token), attempts.length]).toEqual(['b', 2]);
  });

  it('is renewed at another moment by another replica', async () => {
    const { token, attempts, pass, grant } = aScene(0.999);
    inHand(token);
    await grant('a', 60_000);
    pass(40_000);
    expect([inHand(token), attempts.length]).toEqual(['a', 1]);
    pass(1_000);
    expect([inHand(token), attempts.length]).toEqual(['a', 2]);
  });

  it.each([
    [60_000, 54_000],
    [10_000, 9_000],
    // Half a minute at most.
    [3_600_000, 3_570_000],
  ])('of %i ms is not used any more after %i', async (life, used) => {
    const { token, pass, grant } = aScene();
    inHand(token);
    await grant('a', life);
    pass(used - 1);
    expect(inHand(token)).toBe('a');
    pass(1);
    expect(inHand(token)).toBe('waits');
  });

  it('counts its life from when it was asked for, not from when it came', async () => {
    const { token, pass, grant } = aScene();
    inHand(token);
    pass(9_000);
    await grant('a', 10_000);
    expect(inHand(token)).toBe('waits');
  });

  it('goes on while its renewal fails, which is tried again after longer and longer pauses', async () => {
    const { token, attempts, pass, grant, refuse } = aScene();
    inHand(token);
    await grant('a', 3_600_000);
    pass(2_400_000);
    for (const pause of [1_000, 2_000, 4_000, 6_000, 6_000]) {
      const before = attempts.length;
      inHand(token);
      expect(attempts).toHaveLength(before + 1);
      await refuse();
      pass(pause - 1);
      expect(inHand(token)).toBe('a');
      expect(attempts).toHaveLength(before + 1);
      pass(1);
    }
    expect(token.state).toMatchObject({ failures: 5, lastFault: DOWN });
    inHand(token);
    await grant('b');
    expect([inHand(token), token.state.failures, token.state.lastFault]).toEqual(['b', 0, null]);
  });

  it('is a fault at once between attempts while there is none', async () => {
    const { token, attempts, pass, refuse } = aScene();
    const waiting = told(token.get(NEVER));
    await refuse();
    expect([await waiting, inHand(token), attempts.length]).toEqual([DOWN.reason, DOWN.reason, 1]);
    pass(1_000);
    expect([inHand(token), attempts.length]).toEqual(['waits', 2]);
  });

  it.each([
    [30, 30_000],
    [86_400, 60_000],
    [0, 1_000],
  ])('is asked for again after the %i seconds that the server names, within a bound', async (wait, pause) => {
    const { token, pass, refuse } = aScene();
    inHand(token);
    await refuse({ ...DOWN, retryAfter: seconds(wait) });
    pass(pause - 1);
    expect(inHand(token)).toBe(DOWN.reason);
    pass(1);
    expect(inHand(token)).toBe('waits');
  });

  it('makes nobody wait longer than their own time, and comes for the next one', async () => {
    const { token, attempts, grant } = aScene();
    const [first, late] = [new AbortController(), new AbortController()];
    late.abort();
    const waiting = [told(token.get(first.signal)), told(token.get(late.signal)), told(token.get(NEVER))];
    first.abort();
    expect(await Promise.all(waiting.slice(0, 2))).toEqual([
      'introspection_timeout',
      'introspection_timeout',
    ]);
    await grant('a');
    expect([await waiting[2], inHand(token), attempts.length]).toEqual(['a', 'a', 1]);
  });

  describe('that the server refused', () => {
    async function held() {
      const scene = aScene();
      inHand(scene.token);
      await scene.grant('a');
      const secret = await scene.token.get(NEVER);
      if (!secret.ok) throw new Error(secret.failure.reason);
      return { ...scene, first: secret.value };
    }

    it('is let go, once for all who were refused, and another is asked for', async () => {
      const { token, attempts, pass, grant, first } = await held();
      pass(5_000);
      expect([token.discard(first), token.discard(first)]).toEqual([true, true]);
      expect([inHand(token), attempts.length]).toEqual(['waits', 2]);
      await grant('b');
      expect(token.discard(first)).toBe(true);
      expect([inHand(token), attempts.length]).toEqual(['b', 2]);
    });

    it('stays when it is quite new: another one would be refused, too', async () => {
      const { token, attempts, pass, first } = await held();
      pass(4_999);
      expect(token.discard(first)).toBe(false);
      expect([inHand(token), attempts.length]).toEqual(['a', 1]);
    });
  });
});
