/**
 * What is the token worth?
 *
 * In: the client that judges it, the token, until when the caller waits, and how old an answer may be. Out: the answer
 * of the authorization server, at once when memory holds it, otherwise by one enquiry that all simultaneous callers
 * share; or a fault.
 * Never: a rejection (but for a request that cannot be read), a wait beyond the caller's, an answer to another
 * question, a fault in a cache.
 */
import { withinBudget } from '../bounds/index.ts';
import {
  classOf,
  type AccessToken,
  ANY_AGE,
  type AnswerAge,
  type CacheKind,
  type ClientContext,
  type Clock,
  fail,
  type Fault,
  fault,
  type EnquiryLock,
  type Forgotten,
  type Introspector,
  type MemoryCache,
  type MemoryHit,
  type NameKeys,
  type Observe,
  type Question,
  type Randomness,
  type RequestContext,
  type Resolve,
  type Resolved,
  type Result,
  type Soon,
  succeed,
  type TokenCache,
  UnusableRequestError,
} from '../domain/index.ts';
import { createEnquiries } from './enquiries.ts';
import { createForgottenAnswers } from './forgotten-answers.ts';
import { limitsFor } from './keep-for.ts';
import { createOutageWatch } from './outage-watch.ts';
import type { ResolveSettings } from './settings.ts';
import { createStaleAnswers } from './stale-answers.ts';
import { createTiers } from './tiers.ts';
import type { Answer, Wanted } from './wanted.ts';

export interface ResolveParts {
  readonly introspector: Introspector;
  readonly memory: MemoryCache;
  readonly shared: TokenCache;
  readonly names: NameKeys;
  /** Lets replicas agree who asks about a token that many wait for; `null`: they do not. */
  readonly lock: EnquiryLock | null;
  readonly forgotten: Forgotten;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
}

const KIND: CacheKind = 'introspection';

export function createResolve(parts: ResolveParts, settings: ResolveSettings): Resolve {
  const { introspector, memory, shared, names, forgotten, clock, observe } = parts;
  const tiers = createTiers({ memory, shared, whenBroken: crashed });
  const judging = { clock, settings };
  const outages = createOutageWatch(parts);
  const forgottenAnswers = createForgottenAnswers({ forgotten, tiers, observe });
  const enquiries = createEnquiries(
    { ...parts, tiers, outages, forgottenAnswers, crashed: (cause) => crashed('resolver', cause) },
    settings,
  );
  const answerInOutage = createStaleAnswers({ tiers, outages, forgottenAnswers, observe });

  return function resolve(client, token, context, age) {
    try {
      const answer = answerOf(client, token, context, age);
      return answer instanceof Promise ? waitFor(answer, context) : answer;
    } catch (cause) {
      return unusable(cause);
    }
  };

  function answerOf(
    client: ClientContext,
    token: AccessToken,
    context: RequestContext,
    age: AnswerAge,
  ): Soon<Resolved> {
    const prepared = introspector.prepare(client, context);
    if (prepared instanceof Promise)
      return prepared.then((question) => answerTo(question, token, context, age));
    return answerTo(prepared, token, context, age);
  }

  /** This is the short path: for a known token it makes nothing but its result. */
  function answerTo(
    prepared: Result<Question, Fault>,
    token: AccessToken,
    context: RequestContext,
    age: AnswerAge,
  ): Soon<Resolved> {
    if (!prepared.ok) return prepared;
    const question = prepared.value;
    const key = names.name(KIND, question.identity, token);
    const known = tiers.recallFromMemory(key);
    if (known.kind === 'miss')
      return answerUnknown(wantedBy(context, { question, token, key, age, known: null }));
    const { record } = known;
    const isForgotten =
      known.seen !== forgotten.count && forgottenAnswers.has(known, { question, token, key });
    if (isForgotten || !isYoungEnough(known, question.client, age, judging))
      return enquire(wantedBy(context, { question, token, key, age, known: record }));

    if (known.refreshAt <= clock.monotonic())
      enquiries.refresh(known, wantedBy(context, { question, token, key, age: ANY_AGE, known: record }));
    // Its second sighting: whoever invents tokens sends each of them once.
    if (settings.inactive.shared && known.uses === 1 && record.introspection.kind === 'inactive')
      void tiers.share(key, record);
    return succeed(record.introspection);
  }

  function answerUnknown(wanted: Wanted): Soon<Resolved> {
    return wanted.age.stale > 0 ? answerInOutage(wanted, () => enquire(wanted)) : enquire(wanted);
  }

  async function enquire(wanted: Wanted): Promise<Answer> {
    const { answer } = await enquiries.answerTo(wanted);
    return answer;
  }

  /** Each caller waits for itself; the enquiry goes on without it, so that the next one finds the answer (T-37). */
  async function waitFor(answer: Promise<Resolved>, context: RequestContext): Promise<Resolved> {
    try {
      const outcome = await withinBudget(answer, context.waitUntil, clock);
      return outcome.ok ? outcome.value : fail(fault('wait_exceeded'));
    } catch (cause) {
      return unusable(cause);
    }
  }

  function unusable(cause: unknown): Answer {
    if (cause instanceof UnusableRequestError) throw cause;
    return crashed('resolver', cause);
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

/** Of an answer in memory whose time is not over: whether it will do for this client and this request. */
function isYoungEnough(
  { askedAt, record }: MemoryHit,
  client: ClientContext,
  { freshness }: AnswerAge,
  { clock, settings }: { readonly clock: Clock; readonly settings: ResolveSettings },
): boolean {
  if (freshness === null && client.cache === null) return true;
  // Asked before this request came, however short a while ago.
  if (freshness === 0) return false;
  const ageMs = clock.monotonic() - askedAt;
  const { max } = limitsFor(client, settings)[record.introspection.kind];
  return ageMs < max && (freshness === null || ageMs <= freshness);
}

function wantedBy(
  { clientAddress, waitUntil }: RequestContext,
  wanted: Omit<Wanted, 'address' | 'waitUntil'>,
): Wanted {
  return { ...wanted, address: clientAddress, waitUntil };
}
