import type { Milliseconds } from '../domain/index.ts';

/**
 * Keeps callers away from something that has stopped answering, and finds out by itself when it answers again:
 * it asks a question of its own, so that no caller pays for the attempt.
 */
export interface Breaker {
  /** While true nobody is to call. */
  readonly isOpen: boolean;
  /**
   * Waits for a call, but no longer than until the breaker opens: those who wait when it does, and those who join
   * them, have waited enough. The call must settle with a value.
   */
  whileClosed<Value>(call: Promise<Value>, whenItOpens: Value): Promise<Value>;
  /** Reports a call that ran out of time. Opens at once and asks at once, for it may have been a hiccup of ours. */
  trip(): void;
}

export interface BreakerParts {
  /** The breaker's own question; true when it was answered in time. A rejection counts as false. */
  readonly probe: () => Promise<boolean>;
}

export interface BreakerSettings {
  /** Pause after the first unanswered question; doubled after each further one. */
  readonly firstPause: Milliseconds;
  readonly longestPause: Milliseconds;
}

export function createBreaker({ probe }: BreakerParts, settings: BreakerSettings): Breaker {
  const waits = new Set<() => void>();
  let isOpen = false;

  return {
    get isOpen() {
      return isOpen;
    },
    whileClosed,
    trip() {
      if (isOpen) return;
      isOpen = true;
      for (const end of waits) end();
      waits.clear();
      askAgain(settings.firstPause);
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

  function askAgain(pauseMs: number): void {
    void answered().then((isBack) => {
      if (isBack) {
        isOpen = false;
        return;
      }
      const nextPauseMs = Math.min(pauseMs * 2, settings.longestPause);
      setTimeout(() => askAgain(nextPauseMs), pauseMs).unref();
    });
  }

  async function answered(): Promise<boolean> {
    try {
      return await probe();
    } catch {
      return false;
    }
  }
}
