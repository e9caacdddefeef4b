import type { Clock, Milliseconds } from '../domain/index.ts';
import type { Outcome } from './wanted.ts';

export interface FreshAnswerParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The enquiry that is under way; `undefined`: none is. */
  readonly next: () => Promise<Outcome> | undefined;
  readonly start: () => Promise<Outcome>;
}

/**
 * Waits for the answer under way, and when that is too old for the next one: those who want an answer that was asked for
 * after they came share one, too.
 *
 * Never: an answer whose question was put before this was called, for a freshness of 0.
 */
export async function freshAnswer(
  freshness: Milliseconds,
  first: Promise<Outcome>,
  { clock, next, start }: FreshAnswerParts,
): Promise<Outcome> {
  const oldest = clock.monotonic() - freshness;
  let underWay: Promise<Outcome> | undefined = first;
  let beganAfter = false;
  while (underWay !== undefined) {
    const outcome: Outcome = await underWay;
    // A fault allows nobody anything, however old it is.
    if (!outcome.answer.ok) return outcome;
    if (beganAfter && outcome.from === 'server') return outcome;
    if (freshness > 0 && outcome.askedAt >= oldest) return outcome;
    beganAfter = true;
    underWay = next();
  }
  return start();
}
