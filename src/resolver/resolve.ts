/**
 * What is the token worth?
 *
 * In: the client that judges it, the token, and until when the caller waits. Out: the answer of the authorization
 * server, at once when memory holds it, otherwise by one enquiry that all simultaneous callers share; or a fault.
 * Never: a rejection, a wait beyond the caller's, an answer to another question, a fault in a cache.
 */
import { createSingleFlight, withinBudget } from '../bounds/index.ts';
import {
  classOf,
  type AccessToken,
  type CacheKey,
  type CacheKind,
  type CacheRecord,
  type ClientContext,
  type Clock,
  fail,
  type Fault,
  fault,
  type Introspection,
  type Introspector,
  type MemoryCache,
  MISS,
  type NameKeys,
  type Observe,
  type Question,
  type RequestContext,
  type Resolve,
  type Result,
  type Soon,
  succeed,
  type TokenCache,
  UnusableRequestError,
} from '../domain/index.ts';
import { holdFor } from './hold-for.ts';
import type { CacheLimits } from './keep-for.ts';
import { recordOf } from './record-of.ts';
import { createTiers } from './tiers.ts';

export interface ResolveParts {
  readonly introspector: Introspector;
  readonly memory: MemoryCache;
  readonly shared: TokenCache;
  readonly names: NameKeys;
  readonly clock: Clock;
  readonly observe: Observe;
}

export type ResolveSettings = CacheLimits;

type Answer = Result<Introspection, Fault>;

const KIND: CacheKind = 'introspection';

export function createResolve(parts: ResolveParts, settings: ResolveSettings): Resolve {
  const { introspector, memory, shared, names, clock, observe } = parts;
  const tiers = createTiers({ memory, shared, whenBroken: crashed });
  // `max: 0s` turns the cache off, answers that other replicas kept included.
  const sharesAnswers = settings.active.max > 0;
  const flights = createSingleFlight<CacheKey, Answer>(holdFor);

  return function resolve(client, token, context) {
    try {
      const answer = answerOf(client, token, context);
      return answer instanceof Promise ? waitFor(answer, context) : answer;
    } catch (cause) {
      if (cause instanceof UnusableRequestError) throw cause;
      return crashed('resolver', cause);
    }
  };

  function answerOf(client: ClientContext, token: AccessToken, context: RequestContext): Soon<Answer> {
    const prepared = introspector.prepare(client, context);
    if (prepared instanceof Promise) return prepared.then((question) => answerTo(question, token));
    return answerTo(prepared, token);
  }

  /** This is the short path: for a known token it makes nothing but its result. */
  function answerTo(prepared: Result<Question, Fault>, token: AccessToken): Soon<Answer> {
    if (!prepared.ok) return prepared;
    const question = prepared.value;
    const key = names.name(KIND, question.identity, token);
    const known = tiers.recallFromMemory(key);
    return known.kind === 'hit' ? succeed(known.record.introspection) : sharedEnquiry(key, question, token);
  }

  function sharedEnquiry(key: CacheKey, question: Question, token: AccessToken): Promise<Answer> {
    const underWay = flights.join(key);
    if (underWay === undefined) return flights.start(key, () => enquire(key, question, token));
    observe({ event: 'enquiry_shared' });
    return underWay;
  }

  async function enquire(key: CacheKey, question: Question, token: AccessToken): Promise<Answer> {
    try {
      const known = sharesAnswers ? await tiers.recallFromShared(key) : MISS;
      if (known.kind === 'hit') {
        tiers.keep(key, known.record);
        return succeed(known.record.introspection);
      }
      const askedAt = clock.monotonic();
      const answer = await introspector.ask(question, token);
      if (answer.ok) remember(key, recordOf(answer.value, askedAt, clock, settings));
      return answer;
    } catch (cause) {
      return crashed('resolver', cause);
    }
  }

  /** Each caller waits for itself; the enquiry goes on without it, so that the next one finds the answer (T-37). */
  async function waitFor(answer: Promise<Answer>, context: RequestContext): Promise<Answer> {
    try {
      const outcome = await withinBudget(answer, context.waitUntil, clock);
      return outcome.ok ? outcome.value : fail(fault('wait_exceeded'));
    } catch (cause) {
      return crashed('resolver', cause);
    }
  }

  function remember(key: CacheKey, record: CacheRecord | null): void {
    if (record === null) return;
    tiers.keep(key, record);
    // Bad answers stay in this process: whoever invents tokens must not fill the store that replicas share.
    if (record.introspection.kind === 'active') tiers.share(key, record);
  }

  function crashed(where: string, cause: unknown): Answer {
    observe({
      event: 'crashed',
      where,
      cause: classOf(cause),
    });
    return fail(fault('internal'));
  }
}
