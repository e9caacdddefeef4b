import {
  type CacheRecord,
  type ClientContext,
  type Clock,
  classOf,
  fail,
  type Fault,
  fault,
  type Forgotten,
  type Introspector,
  type Observe,
  type Recall,
} from '../domain/index.ts';
import { type AcrossReplicas, ASK, type Turn } from './across-replicas.ts';
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
  readonly budget: Pick<EnquiryBudget, 'charge' | 'isGood'>;
  readonly outages: Pick<OutageWatch, 'learn'>;
  readonly remember: Remember;
  readonly store: StoreInEnquiry;
  /** `null`: replicas do not wait for one another. */
  readonly acrossReplicas: AcrossReplicas | null;
  readonly forgotten: Forgotten;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly observe: Observe;
}

/** What an enquiry has to do with the shared store. */
export interface StoreInEnquiry {
  recall(wanted: Wanted): Promise<Recall>;
  /** `null`: what is there will not do. */
  take(record: CacheRecord, wanted: Wanted, limits: CacheLimits): Outcome | null;
  /** Whether several wait for this token here, so that others may wait elsewhere. */
  isHerd(wanted: Wanted): boolean;
}

/** Whoever forgets the same again and again has to stop before there is an answer. */
const ASKED_MOST = 5;

export function createAskServer(parts: AskServerParts): AskServer {
  const { introspector, budget, outages, remember, store, acrossReplicas, forgotten, clock, observe } = parts;

  return async function askServer(wanted, limits, stored) {
    const { question, key, address } = wanted;
    const charge = budget.charge(question.client, key, address);
    if (typeof charge === 'string') return nobody(refuse(question.client, charge));

    const isHerd = store.isHerd(wanted);
    const turn = isHerd ? await takeTurn(wanted, limits) : ASK;
    const elsewhere = turn.kind === 'found' ? store.take(turn.record, wanted, limits) : null;
    if (elsewhere !== null) {
      charge(elsewhere.answer);
      return elsewhere;
    }

    const { answer, askedAt } = await ask(wanted);
    charge(answer);
    outages.learn(question.client, key, answer);
    const kept = answer.ok ? remember(answer.value, wanted, { askedAt, limits, stored, isHerd }) : null;
    void whenKept(kept, turn);
    return { answer, from: answer.ok ? 'server' : null, askedAt };
  };

  /** Again, where it was forgotten meanwhile: what was under way may be from before the token was revoked. */
  async function ask(wanted: Wanted): Promise<Pick<Outcome, 'answer' | 'askedAt'>> {
    const { question, token } = wanted;
    for (let asked = 1; ; asked += 1) {
      const seen = forgotten.count;
      const askedAt = clock.monotonic();
      const answer = await introspector.ask(question, token, preferenceOf(wanted));
      if (!answer.ok || seen === forgotten.count) return { answer, askedAt };
      const isForgotten = forgotten.covers(
        { introspection: answer.value, client: question.client, token },
        seen,
      );
      if (!isForgotten) return { answer, askedAt };
      if (asked === ASKED_MOST) return { answer: fail(FORGOTTEN_EACH_TIME), askedAt };
    }
  }

  /** Where an answer of others would not do, or could not be found, nobody waits for one. */
  function takeTurn(wanted: Wanted, limits: CacheLimits): Promise<Turn> | Turn {
    if (acrossReplicas === null || wanted.age.freshness === 0 || limits.active.max === 0) return ASK;
    return acrossReplicas(wanted, () => store.recall(wanted)).catch((cause: unknown) => {
      observe({ event: 'crashed', where: 'enquiry lock', cause: classOf(cause) });
      return ASK;
    });
  }

  /** Nobody is told to look for the answer before it can be found. */
  async function whenKept(kept: Promise<void> | null, turn: Turn): Promise<void> {
    try {
      await kept;
    } catch (cause) {
      observe({ event: 'crashed', where: 'resolver', cause: classOf(cause) });
    }
    if (turn.kind === 'ask') turn.done();
  }

  /** In a flood of invented tokens, those that were good a while ago find a place. */
  function preferenceOf({ known, key }: Wanted): 'preferred' | 'usual' {
    return known?.introspection.kind === 'active' || budget.isGood(key) ? 'preferred' : 'usual';
  }

  function nobody(answer: Answer): Outcome {
    return { answer, from: null, askedAt: clock.monotonic() };
  }

  function refuse({ name, budget: { beyond } }: ClientContext, spent: Spent): Answer {
    observe({ event: 'enquiry_refused', client: name, spent });
    const refusal = fault(
      'enquiry_budget_spent',
      `the allowance of this ${spent} is spent; see \`limits.inactive\``,
    );
    return fail(beyond === 429 ? { ...refusal, deniedAs: 'enquiries_limited' } : refusal);
  }
}

const FORGOTTEN_EACH_TIME: Fault = {
  ...fault('introspection_timeout', `its answer was forgotten ${ASKED_MOST} times while it was asked for`),
  isOurs: true,
};
