import { jest } from '@jest/globals';
import { createMemoryCache, NO_SHARED_CACHE } from '../../src/cache/index.ts';
import {
  AccessToken,
  type AnswerAge,
  ANY_AGE,
  type ClientContext,
  type EnquiryLock,
  type Fault,
  type Forgotten,
  INACTIVE,
  type Introspection,
  type Introspector,
  type MemoryCache,
  milliseconds,
  monotonicMilliseconds,
  NOTHING_FORGOTTEN,
  type Question,
  type RequestContext,
  type Result,
  type Soon,
  succeed,
  type TokenCache,
} from '../../src/domain/index.ts';
import { createResolve, type ResolveSettings } from '../../src/resolver/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { aClock, anAnswer, anObserver, ROOMY } from '../cache/records.ts';
import { aClient, aRequest } from '../support/builders.ts';

export const LIMITS: ResolveSettings = {
  active: { max: milliseconds(60_000), jitter: milliseconds(0), refreshAhead: true },
  inactive: { max: milliseconds(5_000), shared: false },
};

export type Answer = Result<Introspection, Fault>;

/** What the authorization server of a test says, each time it is asked. */
export type Says = (question: Question, token: string) => Soon<Answer>;

export interface Differing {
  readonly says?: Says;
  readonly prepare?: Introspector['prepare'];
  readonly memory?: MemoryCache;
  readonly bounds?: typeof ROOMY;
  readonly longestPast?: number;
  readonly forgotten?: Forgotten;
  readonly shared?: TokenCache;
  readonly lock?: EnquiryLock;
  readonly limits?: ResolveSettings;
  readonly fraction?: () => number;
}

/** Timers that a test moves; turns of the event loop stay real, for a wait ends one turn after its timer. */
export function useSimulatedTimers(): void {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate'] });
}

/** A resolver with an authorization server that counts, real memory, and a clock that jest's timers go by. */
export function aHouse(differing: Differing = {}) {
  const { says = () => succeed(anAnswer()), shared = NO_SHARED_CACHE, limits = LIMITS } = differing;
  const { forgotten = NOTHING_FORGOTTEN } = differing;
  const clock = aClock();
  const { observe, all } = anObserver();
  const asked: string[] = [];
  let invented = 0;
  const introspector: Introspector = {
    prepare: differing.prepare ?? ((client) => succeed(aQuestion(client))),
    async ask(question, token) {
      asked.push(`${question.client.name} ${token.reveal()}`);
      return says(question, token.reveal());
    },
  };
  const randomness = {
    fraction: differing.fraction ?? (() => 0.5),
    bytes: (length: number) => Buffer.alloc(length, (invented += 1)),
  };
  const memory =
    differing.memory ??
    createMemoryCache(
      {
        clock,
        observe,
        longestPast: () => differing.longestPast ?? 0,
        forgottenSoFar: () => forgotten.count,
      },
      differing.bounds ?? ROOMY,
    );
  const { names } = deriveKeys(Buffer.alloc(32, 7));
  const { lock = null } = differing;
  const parts = { introspector, memory, shared, names, lock, forgotten, clock, randomness, observe };
  const resolve = createResolve(parts, limits);

  return {
    asked,
    all,
    clock,
    memory,
    resolve: (
      token = 'token',
      client = aClient(),
      context: RequestContext = aRequest(),
      age: AnswerAge = ANY_AGE,
    ) => resolve(client, new AccessToken(token), context, age),
    /** A request whose caller waits for so long. */
    patient: (ms: number) => aRequest({ waitUntil: monotonicMilliseconds(clock.monotonic() + ms) }),
    /** Time passes, for clocks and timers alike. */
    pass: async (ms: number): Promise<void> => {
      clock.pass(ms);
      await jest.advanceTimersByTimeAsync(ms);
    },
  };
}

export function aQuestion(client: ClientContext): Question {
  return { client, endpoint: 'https://idp.example/introspect', identity: Buffer.from(client.name) };
}

export const inactive = () => succeed(INACTIVE);

/** A promise and the way to keep it. */
export function later<Value>() {
  let keep: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((resolve) => (keep = resolve));
  return { promise, keep };
}
