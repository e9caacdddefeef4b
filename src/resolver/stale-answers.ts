import type { Observe, Resolved, Soon } from '../domain/index.ts';
import type { ForgottenAnswers } from './forgotten-answers.ts';
import type { OutageWatch } from './outage-watch.ts';
import type { Tiers } from './tiers.ts';
import type { Answer, Wanted } from './wanted.ts';

/**
 * Answers where a route lets an answer outlive its cache time in an outage.
 *
 * In: what is wanted, and the way to ask. Out: the answer of the server; in a confirmed outage the one from before.
 * Never: one that is longer over than the route says, or past the token's `exp`; one that an inactive answer has taken
 * the place of, or that was forgotten; anything for a fault of our own making.
 */
export type AnswerInOutage = (wanted: Wanted, ask: () => Promise<Answer>) => Soon<Resolved>;

export interface StaleAnswersParts {
  readonly tiers: Pick<Tiers, 'recallPast'>;
  readonly outages: Pick<OutageWatch, 'isConfirmed' | 'confirm'>;
  readonly forgottenAnswers: Pick<ForgottenAnswers, 'has'>;
  readonly observe: Observe;
}

export function createStaleAnswers(parts: StaleAnswersParts): AnswerInOutage {
  const { tiers, outages, forgottenAnswers, observe } = parts;

  return function answerInOutage(wanted, ask) {
    if (recallFor(wanted) === null) return ask();
    if (!outages.isConfirmed(wanted.question.client)) return whenItFails(wanted, ask());
    // Nobody waits for it, but somebody must find out when the server is back.
    void ask();
    return serve(wanted) ?? ask();
  };

  async function whenItFails(wanted: Wanted, enquiry: Promise<Answer>): Promise<Resolved> {
    const answer = await enquiry;
    if (answer.ok || !(await outages.confirm(wanted.question, answer.failure))) return answer;
    return serve(wanted) ?? answer;
  }

  /** Looks again: meanwhile the token may have been found inactive, or have ended. */
  function serve(wanted: Wanted): Resolved | null {
    const past = recallFor(wanted);
    if (past === null) return null;
    const { record, pastFor } = past;
    observe({ event: 'stale_served', client: wanted.question.client.name, pastFor });
    return { ok: true, value: record.introspection, staleFor: pastFor };
  }

  function recallFor(wanted: Wanted): ReturnType<Tiers['recallPast']> {
    const past = tiers.recallPast(wanted.key);
    if (past === null || past.pastFor > wanted.age.stale) return null;
    return forgottenAnswers.has(past, wanted) ? null : past;
  }
}
