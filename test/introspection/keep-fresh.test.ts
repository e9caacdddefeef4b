import { describe, expect, it } from '@jest/globals';

import {
  fail,
  type Fault,
  fault,
  milliseconds,
  monotonicMilliseconds,
  type Result,
  succeed,
} from '../../src/domain/index.ts';
import { type Fetched, type KeptFresh, keepFresh } from '../../src/introspection/discovery/keep-fresh.ts';

/** A value under test, with time, timers and the fetch in the test's hands. */
function open(fraction = 0) {
  let now = 0;
  let planned: { readonly delay: number; readonly task: () => void } | null = null;
  const pending: ((outcome: Result<Fetched<string>, Fault>) => void)[] = [];
  const outcomes: unknown[] = [];
  let fetches = 0;

  const kept: KeptFresh<string> = keepFresh<string>({
    fetch: () => {
      fetches += 1;
      return new Promise((resolve) => pending.push(resolve));
    },
    onOutcome: (outcome) => void outcomes.push(outcome),
    clock: { monotonic: () => monotonicMilliseconds(now) },
    randomness: { fraction: () => fraction },
    schedule: (delay, task) => {
      const plan = { delay, task };
      planned = plan;
      return () => {
        if (planned === plan) planned = null;
      };
    },
  });

  return {
    kept,
    outcomes,
    fetches: () => fetches,
    plannedAfter: () => planned?.delay ?? null,
    pass: (ms: number) => void (now += ms),
    /** The planned moment comes. */
    strike: async () => {
      const plan = planned;
      if (plan === null) throw new Error('nothing is planned');
      now += plan.delay;
      planned = null;
      plan.task();
    },
    /** The fetch under way ends. */
    settle: async (outcome: Result<Fetched<string>, Fault>) => {
      pending.shift()?.(outcome);
      await new Promise(setImmediate);
    },
  };
}

const good = (value: string, refreshAfter = 900_000) =>
  succeed({ value, refreshAfter: milliseconds(refreshAfter) });
const bad = fail(fault('metadata_unavailable', 'down'));

describe('keepFresh', () => {
  it('lets the first callers share one fetch, and answers at once afterwards', async () => {
    const { kept, fetches, settle } = open();
    const first = kept.get();
    const second = kept.get();
    await settle(good('a'));
    expect(await first).toEqual(succeed('a'));
    expect(await second).toEqual(succeed('a'));
    expect(kept.get()).toEqual(succeed('a'));
    expect(kept.get()).toBe(kept.get());
    expect(fetches()).toBe(1);
  });

  it('plans the refresh by what the server allows, earlier by up to a tenth', async () => {
    for (const [fraction, delay] of [
      [0, 900_000],
      [0.5, 855_000],
    ] as const) {
      const { kept, settle, plannedAfter } = open(fraction);
      void kept.get();
      await settle(good('a'));
      expect(plannedAfter()).toBe(delay);
    }
  });

  it('never plans a refresh within a minute', async () => {
    const { kept, settle, plannedAfter } = open(0.99);
    void kept.get();
    await settle(good('a', 60_000));
    expect(plannedAfter()).toBe(60_000);
  });

  it('serves the old value while it refreshes, then the new one, and tells of the change', async () => {
    const { kept, settle, strike, outcomes } = open();
    void kept.get();
    await settle(good('a'));
    await strike();
    expect(kept.get()).toEqual(succeed('a'));
    await settle(good('b'));
    expect(kept.get()).toEqual(succeed('b'));
    await strike();
    await settle(good('b'));
    expect(outcomes).toEqual(
      ['changed', 'changed', 'unchanged'].map((outcome) => ({ outcome, detail: null })),
    );
  });

  it('keeps the last good value however long the outage lasts, with less and less haste (G15)', async () => {
    const { kept, settle, strike, plannedAfter } = open();
    void kept.get();
    await settle(good('a'));
    const delays: (number | null)[] = [];
    for (let failure = 0; failure < 40; failure += 1) {
      await strike();
      await settle(bad);
      delays.push(plannedAfter());
      expect(kept.get()).toEqual(succeed('a'));
    }
    expect(delays.slice(0, 6)).toEqual([60_000, 120_000, 240_000, 480_000, 900_000, 900_000]);
    expect(delays.at(-1)).toBe(900_000);
    expect(kept.state).toMatchObject({ failures: 40, lastFault: { reason: 'metadata_unavailable' } });
  });

  it('serves what was kept elsewhere, unconfirmed, and goes on trying', async () => {
    const { kept, settle, strike, plannedAfter, outcomes } = open();
    const first = kept.get();
    const insteadOf = fault('metadata_unavailable', 'x');
    await settle(succeed({ value: 'copy', refreshAfter: milliseconds(900_000), insteadOf }));
    expect(await first).toEqual(succeed('copy'));
    expect(kept.state).toMatchObject({ confirmedAt: null, failures: 1, lastFault: insteadOf });
    expect(plannedAfter()).toBe(60_000);
    expect(outcomes).toEqual([{ outcome: insteadOf.reason, detail: insteadOf.detail }]);
    await strike();
    await settle(good('a'));
    expect(kept.get()).toEqual(succeed('a'));
    expect(kept.state).toMatchObject({ failures: 0, lastFault: null });
  });

  it('tries again by itself after a failed first fetch, at most once a minute (G14)', async () => {
    const { kept, settle, strike, plannedAfter } = open();
    const first = kept.get();
    await settle(bad);
    expect(await first).toEqual(bad);
    const delays = [plannedAfter()];
    for (let failure = 0; failure < 8; failure += 1) {
      await strike();
      await settle(bad);
      delays.push(plannedAfter());
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    await strike();
    await settle(good('a'));
    expect(kept.get()).toEqual(succeed('a'));
    expect(kept.state).toMatchObject({ failures: 0, lastFault: null });
  });

  it('answers with the fault at once within a second of it, and asks nobody (G14)', async () => {
    const { kept, settle, pass, fetches } = open();
    void kept.get();
    await settle(bad);
    pass(999);
    expect(kept.get()).toEqual(bad);
    expect(fetches()).toBe(1);
  });

  it('makes one fresh attempt on demand a second after the fault, and gives its value when it is quick (G14)', async () => {
    const { kept, settle, pass, fetches } = open();
    void kept.get();
    await settle(bad);
    pass(1_000);
    const callers = [1, 2].map(async () => kept.get());
    expect(fetches()).toBe(2);
    await settle(good('a'));
    expect(await Promise.all(callers)).toEqual([succeed('a'), succeed('a')]);
  });

  it('gives the old fault when the fresh attempt is slow (G14)', async () => {
    const { kept, settle, pass } = open();
    void kept.get();
    await settle(bad);
    pass(1_000);
    expect(await kept.get()).toEqual(bad);
  });

  it('plans nothing while paused, still answers, and plans again when resumed', async () => {
    const { kept, settle, plannedAfter } = open();
    void kept.get();
    await settle(good('a'));
    kept.pause();
    expect(plannedAfter()).toBeNull();
    expect(kept.state.nextAt).toBeNull();
    expect(kept.get()).toEqual(succeed('a'));
    kept.resume();
    expect(plannedAfter()).toBe(60_000);
  });
});
