/**
 * Finds out what is not known: from the shared store, otherwise from the authorization server.
 *
 * In: what is wanted, and how old it may be. Out: an answer or a fault, one for all who want the same at the same time.
 * Never: a rejection, a fault in a cache, an answer older than a route allows.
 */
import { createSingleFlight } from '../bounds/index.ts';
import {
  type CacheKey,
  type CacheKind,
  type CacheRecord,
  type Clock,
  type Forgotten,
  type EnquiryLock,
  type Introspector,
  type MemoryHit,
  type Miss,
  MISS,
  monotonicMilliseconds,
  type NameKeys,
  type Observe,
  type Randomness,
  type Recall,
  succeed,
} from '../domain/index.ts';
import { createAcrossReplicas } from './across-replicas.ts';
import { createAskServer } from './ask-server.ts';
import { createEnquiryBudget } from './enquiry-budget.ts';
import type { ForgottenAnswers } from './forgotten-answers.ts';
import { freshAnswer } from './fresh-answer.ts';
import { holdFor } from './hold-for.ts';
import { type CacheLimits, limitsFor } from './keep-for.ts';
import type { OutageWatch } from './outage-watch.ts';
import { createRefreshPlaces } from './refresh-places.ts';
import { createRemember } from './remember.ts';
import type { ResolveSettings } from './settings.ts';
import type { Tiers } from './tiers.ts';
import type { Answer, Outcome, Wanted } from './wanted.ts';

export interface Enquiries {
  /** Joins the enquiry that is under way when its answer will do, and starts one otherwise. */
  answerTo(wanted: Wanted): Promise<Outcome>;
  /** Asks in the background about a token in steady use whose answer runs out soon. */
  refresh(hit: MemoryHit, wanted: Wanted): void;
}

export interface EnquiriesParts {
  readonly introspector: Introspector;
  readonly tiers: Tiers;
  readonly outages: Pick<OutageWatch, 'learn'>;
  readonly names: NameKeys;
  /** `null`: replicas ask whatever others ask. */
  readonly lock: EnquiryLock | null;
  readonly forgotten: Forgotten;
  readonly forgottenAnswers: Pick<ForgottenAnswers, 'hasStored'>;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'fraction'>;
  readonly observe: Observe;
  /** Tells of what must not happen. */
  readonly crashed: (cause: unknown) => Answer;
}

const KIND: CacheKind = 'introspection';
/** Fewer uses of an answer are no steady use of its token. */
const STEADY_USES = 5;
/** After a refresh that brought nothing. */
const REFRESH_PAUSE_MS = 2_000;

export function createEnquiries(parts: EnquiriesParts, settings: ResolveSettings): Enquiries {
  const { tiers, names, forgottenAnswers, clock, observe, crashed } = parts;
  const flights = createSingleFlight<CacheKey, Outcome>(({ answer }) => holdFor(answer));
  const budget = createEnquiryBudget(parts);
  const refreshPlaces = createRefreshPlaces();
  const remember = createRemember({ ...parts, recallFromStore: recallAnyway }, settings);
  const store = { recall: recallAnyway, take, isHerd: ({ key }: Wanted) => flights.waiting(key) > 1 };
  const acrossReplicas = parts.lock === null ? null : createAcrossReplicas({ ...parts, lock: parts.lock });
  const askServer = createAskServer({ ...parts, budget, remember, store, acrossReplicas });

  return {
    answerTo(wanted) {
      const underWay = flights.join(wanted.key);
      if (underWay === undefined) return start(wanted);
      observe({ event: 'enquiry_shared' });
      const { freshness } = wanted.age;
      if (freshness === null) return underWay;
      return freshAnswer(freshness, underWay, {
        clock,
        next: () => flights.join(wanted.key),
        start: () => start(wanted),
      });
    },

    refresh(hit, wanted) {
      const now = clock.monotonic();
      const { key, question } = wanted;
      if (hit.uses < STEADY_USES || now < hit.refreshAt || flights.waiting(key) > 0) return;
      if (!refreshPlaces.enter(question.client)) return;
      hit.refreshAt = now + REFRESH_PAUSE_MS;
      void start(wanted).then(({ answer }) => {
        refreshPlaces.leave(question.client);
        observe({ event: 'answer_refreshed', outcome: answer.ok ? answer.value.kind : 'failed' });
      });
    },
  };

  function start(wanted: Wanted): Promise<Outcome> {
    return flights.start(wanted.key, () => enquire(wanted));
  }

  async function enquire(wanted: Wanted): Promise<Outcome> {
    const startedAt = clock.monotonic();
    try {
      const limits = limitsFor(wanted.question.client, settings);
      const stored = await recallFromStore(wanted, limits);
      const known = stored.kind === 'hit' ? take(stored.record, wanted, limits) : null;
      return known ?? (await askServer(wanted, limits, stored));
    } catch (cause) {
      return { answer: crashed(cause), from: null, askedAt: startedAt };
    }
  }

  /** `max: 0s` turns the cache off, answers that other replicas kept included. */
  function recallFromStore(wanted: Wanted, limits: CacheLimits): Promise<Recall> | Miss {
    return limits.active.max === 0 || wanted.age.freshness === 0 ? MISS : recallAnyway(wanted);
  }

  function recallAnyway({ key, question, token }: Wanted): Promise<Recall> {
    return tiers.recallFromShared(key, () => names.formerName?.(KIND, question.identity, token) ?? null);
  }

  /** Whether what another replica was told will do here. Its clock may differ from ours by as much as replicas' clocks do. */
  function suits(record: CacheRecord, wanted: Wanted, limits: CacheLimits): boolean {
    const { age, known } = wanted;
    if (forgottenAnswers.hasStored(record, wanted)) return false;
    const now = clock.now();
    const ageMs = now - record.storedAt;
    if (ageMs >= limits[record.introspection.kind].max) return false;
    if (age.freshness !== null && ageMs > age.freshness) return false;
    if (known === null) return true;
    return (
      record.storedAt > known.storedAt && (now < record.softUntil || record.softUntil >= record.keepUntil)
    );
  }

  function take(record: CacheRecord, wanted: Wanted, limits: CacheLimits): Outcome | null {
    if (!suits(record, wanted, limits)) return null;
    const { key, question } = wanted;
    tiers.keep(key, record, question.client.name);
    if (record.introspection.kind === 'active') budget.know(key);
    const askedAt = monotonicMilliseconds(clock.monotonic() - Math.max(0, clock.now() - record.storedAt));
    return { answer: succeed(record.introspection), from: 'store', askedAt };
  }
}
