import { withinBudget } from '../../bounds/index.ts';
import type { Clock, Decision, MonotonicMilliseconds } from '../../domain/index.ts';
import { faulted } from './refusals.ts';

/** Where checks wait whose verdict is not at hand. */
export interface WaitingRoom {
  /**
   * Calls `conclude` once: with the verdict, or with the fault `wait_exceeded`, or with what `clear` says.
   *
   * @param verdict must not reject.
   * @returns the way to leave before; nothing is called then.
   */
  enter(
    verdict: Promise<Decision>,
    until: MonotonicMilliseconds,
    conclude: (decision: Decision) => void,
  ): () => void;
  /** Gives everybody who waits the fault `draining`. Returns how many waited. */
  clear(): number;
}

export function createWaitingRoom(clock: Pick<Clock, 'monotonic'>): WaitingRoom {
  const waiting = new Set<(outcome: Decision | 'left') => void>();

  return {
    enter(verdict, until, conclude) {
      const { promise: interruption, resolve: interrupt } = Promise.withResolvers<Decision | 'left'>();
      waiting.add(interrupt);
      void withinBudget(Promise.race([verdict, interruption]), until, clock).then((outcome) => {
        waiting.delete(interrupt);
        if (!outcome.ok) conclude(faulted('wait_exceeded'));
        else if (outcome.value !== 'left') conclude(outcome.value);
      });
      return () => interrupt('left');
    },
    clear() {
      const count = waiting.size;
      for (const interrupt of waiting) interrupt(faulted('draining'));
      return count;
    },
  };
}
