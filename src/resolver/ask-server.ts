import {
  type Clock,
  type ClientContext,
  fail,
  fault,
  type Introspector,
  type Observe,
  type Recall,
} from '../domain/index.ts';
import type { EnquiryBudget, Spent } from './enquiry-budget.ts';
import type { CacheLimits } from './keep-for.ts';
import type { OutageWatch } from './outage-watch.ts';
import type { Remember } from './remember.ts';
import type { Answer, Outcome, Wanted } from './wanted.ts';

/**
 * Asks the authorization server, within the budget, and keeps what it says.
 *
 * @param limits of the client. @param stored what the shared store said before.
 */
export type AskServer = (wanted: Wanted, limits: CacheLimits, stored: Recall) => Promise<Outcome>;

export interface AskServerParts {
  readonly introspector: Pick<Introspector, 'ask'>;
  readonly budget: Pick<EnquiryBudget, 'charge'>;
  readonly outages: Pick<OutageWatch, 'learn'>;
  readonly remember: Remember;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly observe: Observe;
}

export function createAskServer(parts: AskServerParts): AskServer {
  const { introspector, budget, outages, remember, clock, observe } = parts;

  return async function askServer(wanted, limits, stored) {
    const { question, token, key, address } = wanted;
    const askedAt = clock.monotonic();
    const charge = budget.charge(question.client, key, address);
    if (typeof charge === 'string') return { answer: refuse(question.client, charge), from: null, askedAt };

    const answer = await introspector.ask(question, token);
    charge(answer);
    outages.learn(question.client, key, answer);
    if (answer.ok) remember(answer.value, wanted, { askedAt, limits, stored });
    return { answer, from: answer.ok ? 'server' : null, askedAt };
  };

  function refuse({ name, budget: { beyond } }: ClientContext, spent: Spent): Answer {
    observe({ event: 'enquiry_refused', client: name, spent });
    const refusal = fault(
      'enquiry_budget_spent',
      `the allowance of this ${spent} is spent; see \`limits.inactive\``,
    );
    return fail(beyond === 429 ? { ...refusal, deniedAs: 'enquiries_limited' } : refusal);
  }
}
