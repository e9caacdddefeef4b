import {
  type Clock,
  milliseconds,
  type Milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
} from '../domain/index.ts';

/**
 * Keeps callers away from something that fails, and lets a few through from time to time to find out whether it is back.
 *
 * In: who wants to call, by an opaque name. Out: whether they may.
 * Never: one name more than once in a round, so that a caller who always fails cannot keep the others out.
 */
export interface ProbingPause {
  readonly isOn: boolean;
  /** Until others are let through; 0 when somebody would be now. */
  readonly left: Milliseconds;
  /** Nothing happens when it is on already. */
  begin(): void;
  end(): void;
  /** Whether `enter` would say yes. */
  admits(name: string): boolean;
  enter(name: string): boolean;
}

export interface PauseSettings {
  /** Before the first round; doubled before each further one. */
  readonly first: Milliseconds;
  readonly longest: Milliseconds;
  /** How many distinct callers are let through in each round. */
  readonly probes: number;
}

export function createProbingPause(clock: Pick<Clock, 'monotonic'>, settings: PauseSettings): ProbingPause {
  const round = new Set<string>();
  let nextRoundAt: MonotonicMilliseconds | null = null;
  let pauseMs: number = settings.first;
  let isRound = false;

  return {
    get isOn() {
      return nextRoundAt !== null;
    },
    get left() {
      if (nextRoundAt === null || (isRound && round.size < settings.probes)) return milliseconds(0);
      return milliseconds(Math.max(0, nextRoundAt - clock.monotonic()));
    },
    begin() {
      if (nextRoundAt === null) pause(settings.first);
    },
    end() {
      nextRoundAt = null;
      isRound = false;
      round.clear();
    },
    admits: (name) => nextRoundAt === null || isDue(nextRoundAt) || hasPlaceFor(name),
    enter(name) {
      if (nextRoundAt === null) return true;
      if (isDue(nextRoundAt)) {
        pause(Math.min(pauseMs * 2, settings.longest));
        isRound = true;
      } else if (!hasPlaceFor(name)) return false;
      round.add(name);
      return true;
    },
  };

  function isDue(at: MonotonicMilliseconds): boolean {
    return clock.monotonic() >= at;
  }

  function hasPlaceFor(name: string): boolean {
    return isRound && round.size < settings.probes && !round.has(name);
  }

  function pause(forMs: number): void {
    round.clear();
    pauseMs = forMs;
    nextRoundAt = monotonicMilliseconds(clock.monotonic() + forMs);
  }
}
