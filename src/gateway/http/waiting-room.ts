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
const BACKSTOP_MS = 10;

export function createWaitingRoom(clock: Pick<Clock, 'monotonic'>): WaitingRoom {
  const waiting = new Set<(decision: Decision) => void>();

  return {
    clear() {
      for (const settle of waiting) settle(faulted('draining', null));
    },

    await(verdict, until, response) {
      const { promise, resolve, reject } = Promise.withResolvers<Decision | 'caller left'>();
      const leave = (): void => resolve('caller left');
      waiting.add(resolve);
      response.once('close', leave);

      withinBudget(verdict, monotonicMilliseconds(until + BACKSTOP_MS), clock).then(
        (outcome) => resolve(outcome.ok ? outcome.value : faulted('wait_exceeded', null)),
        reject,
      );
      return promise.finally(() => {
        waiting.delete(resolve);
        response.removeListener('close', leave);
      });
    },
  };
}
