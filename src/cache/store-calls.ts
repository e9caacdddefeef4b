/**
 * Calls of a store that may be down, slow, hanging or lying.
 *
 * In: a call. Out: what it settled with, or why it did not.
 * Never: a rejection, a wait beyond the moment given, a call to a store that has stopped answering.
 */
import type { Keyv } from 'keyv';
import { createBreaker, withinBudget } from '../bounds/index.ts';
import {
  type Clock,
  fail,
  type Milliseconds,
  milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type Observe,
  type Result,
  succeed,
} from '../domain/index.ts';
import { PROBE_NAME } from './entry-name.ts';
import { type StoreFailure, storeFailureOf } from './store-failure.ts';

export interface StoreCallsParts {
  /** As `openKeyv` makes it. */
  readonly store: Keyv<string>;
  /** Settles when all of the store has answered, where there is more than one call can tell; `null`: a lookup tells. */
  readonly ping?: (() => Promise<void>) | null;
  readonly clock: Clock;
  readonly observe: Observe;
}

export interface StoreCalls {
  ask<Value>(
    operation: 'get' | 'put',
    call: () => Promise<Value>,
    until: MonotonicMilliseconds,
  ): Promise<Result<Value, StoreFailure | 'timeout'>>;
  readonly isResting: boolean;
}

// Longer than the silence after which the Redis store cuts its connection, so that a dead one falls silent,
// is cut and is made anew, instead of being kept alive by our questions.
const PROBE_PAUSES = { firstPause: milliseconds(100), longestPause: milliseconds(3_000) };

export function createStoreCalls(
  { store, ping = null, clock, observe }: StoreCallsParts,
  { timeout }: { readonly timeout: Milliseconds },
): StoreCalls {
  const breaker = createBreaker({ probe: storeAnswers, clock }, PROBE_PAUSES);

  return {
    ask,
    get isResting() {
      return breaker.isOpen;
    },
  };

  async function ask<Value>(
    operation: 'get' | 'put',
    call: () => Promise<Value>,
    until: MonotonicMilliseconds,
  ): Promise<Result<Value, StoreFailure | 'timeout'>> {
    if (breaker.isOpen) return fail('unavailable');
    const began = clock.monotonic();
    const answer = breaker.whileClosed(settled(call), fail<'timeout'>('timeout'));
    const outcome = await withinBudget(answer, until, clock);
    observe({ event: 'store_asked', operation, tookMs: milliseconds(clock.monotonic() - began) });
    if (outcome.ok) {
      if (isOfTheStore(outcome.value)) breaker.answered();
      return outcome.value;
    }
    breaker.trip();
    return fail('timeout');
  }

  /** The breaker's own question. An error is an answer, too: it costs nobody any time. */
  async function storeAnswers(): Promise<boolean> {
    const question = ping ?? (() => store.get(PROBE_NAME));
    const until = monotonicMilliseconds(clock.monotonic() + timeout);
    return (await withinBudget(settled<unknown>(question), until, clock)).ok;
  }
}

async function settled<Value>(call: () => Promise<Value>): Promise<Result<Value, StoreFailure | 'timeout'>> {
  try {
    return succeed(await call());
  } catch (cause) {
    return fail(storeFailureOf(cause));
  }
}

/** An answer, be it a refusal; a connection that is not there says nothing about the store. */
function isOfTheStore(outcome: Result<unknown, StoreFailure | 'timeout'>): boolean {
  return outcome.ok || (outcome.failure !== 'unavailable' && outcome.failure !== 'timeout');
}
