import type { Clock, Milliseconds } from '../domain/index.ts';

/**
 * Keeps callers away from something that has stopped answering, and finds out by itself when it answers again:
 * it asks a question of its own, so that no caller pays for the attempt. Something that answers and falls silent by
 * turns must prove itself longer each time, so that it does not cost a caller at each turn.
 */
export interface Breaker {
  /** While true nobody is to call. */
  readonly isOpen: boolean;
  /**
   * Waits for a call, but no longer than until the breaker opens: those who wait when it does, and those who join
   * them, have waited enough. The call must settle with a value.
   */
  whileClosed<Value>(call: Promise<Value>, whenItOpens: Value): Promise<Value>;
  /** Reports a call that was answered in time. */
  answered(): void;
  /** Reports a call that ran out of time. Opens at once and asks at once, for it may have been a hiccup of ours. */
  trip(): void;
}

export interface BreakerParts {
  /** The breaker's own question; true when it was answered in time. A rejection counts as false. */
  readonly probe: () => Promise<boolean>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export interface BreakerSettings {
  /** Pause after the first unanswered question, doubled after each further one; and between answered ones. */
  readonly firstPause: Milliseconds;
  readonly longestPause: Milliseconds;
}

/** After so long, or so many answers, without a call that ran out of time, what was before is forgotten. */
const CALM_MS = 60_000;
const CALM_ANSWERS = 100;
/** Questions answered in a row that close it: 1 the first time, then so many times more, up to a bound. */
const PROOF_GROWTH = 4;
const LONGEST_PROOF = 32;

export function createBreaker({ probe, clock }: BreakerParts, settings: BreakerSettings): Breaker {
  const waits = new Set<() => void>();
  let isOpen = false;
  let proof = 1;
  let closedAt = -Infinity;
  let answers = 0;

  return {
    get isOpen() {
      return isOpen;
    },
    whileClosed,
    answered() {
      answers += 1;
    },
    trip() {
      if (isOpen) return;
      isOpen = true;
      for (const end of waits) end();
      waits.clear();
      const wasCalm = answers >= CALM_ANSWERS || clock.monotonic() - closedAt >= CALM_MS;
      proof = wasCalm ? 1 : Math.min(proof * PROOF_GROWTH, LONGEST_PROOF);
      askUntilProven(settings.firstPause, proof);
    },
  };

  function whileClosed<Value>(call: Promise<Value>, whenItOpens: Value): Promise<Value> {
    return new Promise((resolve) => {
      const end = (): void => resolve(whenItOpens);
      waits.add(end);
      void call.then((value) => {
        waits.delete(end);
        resolve(value);
      });
    });
  }

  /** @param missing answers in a row. */
  function askUntilProven(pauseMs: number, missing: number): void {
    void isAnswered().then((isBack) => {
      if (isBack && missing <= 1) {
        isOpen = false;
        closedAt = clock.monotonic();
        answers = 0;
      } else if (isBack) {
        after(settings.firstPause, () => askUntilProven(settings.firstPause, missing - 1));
      } else {
        const nextPauseMs = Math.min(pauseMs * 2, settings.longestPause);
        after(pauseMs, () => askUntilProven(nextPauseMs, proof));
      }
    });
  }

  async function isAnswered(): Promise<boolean> {
    try {
      return await probe();
    } catch {
      return false;
    }
  }
}

function after(ms: number, task: () => void): void {
  setTimeout(task, ms).unref();
}
