import type { ServerResponse } from 'node:http';

import { withinBudget } from '../../bounds/index.ts';
import {
  type Clock,
  type Decision,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
} from '../../domain/index.ts';
import { faulted } from './refusals.ts';

/** Where checks wait whose verdict is not at hand. */
export interface WaitingRoom {
  /** The verdict or what came before it: the end of the wait, the end of the house, or the caller's leaving. */
  await(
    verdict: Promise<Decision>,
    until: MonotonicMilliseconds,
    response: ServerResponse,
  ): Promise<Decision | 'caller left'>;
  /** Gives everybody who waits the fault `draining`. */
  clear(): void;
}

/** The rooms keep to `waitUntil` themselves, and know the rule; the door steps in only when they do not. */
const BACKSTOP_MS = 5;

export function createWaitingRoom(clock: Pick<Clock, 'monotonic'>): WaitingRoom {
  const waiting = new Set<(decision: Decision) => void>();

  return {
    clear() {
      for (const interrupt of waiting) interrupt(faulted('draining', null));
    },

    async await(verdict, until, response) {
      const { promise: interruption, resolve: interrupt } = Promise.withResolvers<Decision | 'caller left'>();
      const leave = (): void => interrupt('caller left');
      waiting.add(interrupt);
      response.once('close', leave);
      try {
        const backstop = monotonicMilliseconds(until + BACKSTOP_MS);
        const outcome = await withinBudget(Promise.race([verdict, interruption]), backstop, clock);
        return outcome.ok ? outcome.value : faulted('wait_exceeded', null);
      } finally {
        waiting.delete(interrupt);
        response.removeListener('close', leave);
      }
    },
  };
}
