import { createGate, type Preference } from '../bounds/index.ts';
import {
  type AccessToken,
  type ClientContext,
  fail,
  type Fault,
  fault,
  followedBy,
  type Introspection,
  type JsonObject,
  milliseconds,
  type Question,
  type RequestContext,
  type Result,
  type Soon,
  succeed,
} from '../domain/index.ts';
import { classOf } from './class-of.ts';
import { createConnectionPools } from './connection/connection-pools.ts';
import { createEndpointSuspension } from './suspension/endpoint-suspension.ts';
import { enquire } from './enquire.ts';
import { type EnquirerStats, enquirerStats, enquirerStatus } from './enquirer-status.ts';
import type { PreparedQuestion } from './question/introspection-request.ts';
import type { EnquirerParts } from './introspector-parts.ts';
import { createQuestionSource, type QuestionSource } from './question/question-source.ts';
import { createFactsReader, type ReadFacts } from './question/request-facts.ts';
import { createTokenNames } from './token-names.ts';

/** All that lives as long as one client context: its question, its connections, its gate. */
export interface Enquirer {
  readonly client: ClientContext;
  /**
   * @param context whose facts are sent along; `null`: none are.
   * @throws UnusableRequestError when facts of the request are wanted that it cannot give. Never rejects.
   */
  prepare(context: RequestContext | null): Soon<Result<PreparedQuestion, Fault>>;
  /** Settles within the client's own budget; never rejects. */
  ask(question: Question, token: AccessToken, preference?: Preference): Promise<Result<Introspection, Fault>>;
  status(): JsonObject;
  stats(): EnquirerStats;
  /** The client is no longer in force: no timers, and no connections once the running enquiries have ended. */
  retire(): Promise<void>;
  /** The client is in force again. */
  recall(): void;
}

export function createEnquirer(client: ClientContext, parts: EnquirerParts): Enquirer {
  const { clock, observe } = parts;
  const source = createQuestionSource(client, parts);
  const readFacts = createFactsReader(client);
  const isCauseNeeded = readFacts !== null || (client.secretFrom ?? null) !== null;
  const preparation = { source, readFacts, isCauseNeeded };
  const pools = createConnectionPools(client, parts);
  const gate = createGate(client.limits);
  const suspension = createEndpointSuspension({
    clock,
    onChange: (cause, isOn) => {
      observe({ event: 'suspension_changed', client: client.name, cause, isOn });
    },
  });
  const nameOf = createTokenNames(parts.randomness.bytes(32));
  const view = { client, source, pools, gate, suspension, clock };
  const running = new Set<Promise<unknown>>();
  let lastFault: Fault | null = null;
  let isRetired = false;

  return {
    client,
    prepare: (context) => prepareFor(context, preparation),
    ask,
    status: () => enquirerStatus(view, lastFault),
    stats: () => enquirerStats(view),
    async retire() {
      isRetired = true;
      source.pause();
      await Promise.all(running);
      await closeWhenIdle();
    },
    recall() {
      isRetired = false;
      source.resume();
    },
  };

  async function ask(
    question: Question,
    token: AccessToken,
    preference: Preference = 'usual',
  ): Promise<Result<Introspection, Fault>> {
    const enquiry = askAndTell(question, token, preference);
    running.add(enquiry);
    const outcome = await enquiry;
    running.delete(enquiry);
    void closeWhenIdle();
    return outcome;
  }

  async function closeWhenIdle(): Promise<void> {
    if (isRetired && running.size === 0) await pools.close();
  }

  async function askAndTell(
    question: Question,
    token: AccessToken,
    preference: Preference,
  ): Promise<Result<Introspection, Fault>> {
    const startedAt = clock.monotonic();
    const outcome = await askSafely(question, token, preference);
    if (!outcome.ok) lastFault = outcome.failure;
    observe({
      event: 'introspected',
      client: client.name,
      outcome: outcome.ok ? outcome.value.kind : outcome.failure.reason,
      tookMs: milliseconds(clock.monotonic() - startedAt),
      detail: outcome.ok ? null : outcome.failure.detail,
    });
    return outcome;
  }

  async function askSafely(
    question: Question,
    token: AccessToken,
    preference: Preference,
  ): Promise<Result<Introspection, Fault>> {
    try {
      if (!isPrepared(question)) return fail(fault('internal', 'the question is not one of ours'));
      const enquiryParts = {
        gate,
        preference,
        pools,
        suspension: suspension.of(question.endpoint),
        nameOf,
        clock,
        randomness: parts.randomness,
      };
      return await enquire(enquiryParts, question, token);
    } catch (error) {
      observe({ event: 'crashed', where: 'introspection', cause: classOf(error) });
      return fail(fault('internal'));
    }
  }
}

/** One question serves all requests, except where something of a request goes into it. */
function prepareFor(
  context: RequestContext | null,
  { source, readFacts, isCauseNeeded }: Preparation,
): Soon<Result<PreparedQuestion, Fault>> {
  if (!isCauseNeeded || context === null) return source.get();
  const facts = readFacts === null ? null : readFacts(context);
  return followedBy(source.get(), (question) =>
    question.ok ? succeed(question.value.causedBy(context, facts)) : question,
  );
}

interface Preparation {
  readonly source: QuestionSource;
  /** `null`: no facts are sent along. */
  readonly readFacts: ReadFacts | null;
  readonly isCauseNeeded: boolean;
}

/** Asked is what was prepared, whatever a refresh has moved since, so that the answer fits its cache key. */
function isPrepared(question: Question): question is PreparedQuestion {
  return 'requestFor' in question;
}
