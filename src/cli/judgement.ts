import { createCheck } from '../check/index.ts';
import { type CandidateStore, createClientChoice } from '../client-store/index.ts';
import type { Settings } from '../config/index.ts';
import {
  type AnswerFor,
  type Check,
  type Clock,
  createAnswerFor,
  type EnquiryLock,
  type Forgotten,
  type Introspector,
  type MemoryCache,
  type NameKeys,
  type Observe,
  type Randomness,
  type TokenCache,
  type WaitSettings,
} from '../domain/index.ts';
import { createPolicy } from '../policy/index.ts';
import { createResolve } from '../resolver/index.ts';

/** Everything that a reload replaces, in one object, so that no request ever sees half of it (T-69). */
export interface Judgement {
  readonly check: Check;
  readonly answerFor: AnswerFor;
  readonly wait: WaitSettings;
}

export interface JudgementParts {
  readonly clients: CandidateStore;
  readonly introspector: Introspector;
  readonly memory: MemoryCache;
  readonly shared: TokenCache;
  readonly names: NameKeys;
  readonly lock: EnquiryLock | null;
  readonly forgotten: Forgotten;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
}

export function createJudgement(settings: Settings, parts: JudgementParts): Judgement {
  const { clients, introspector, memory, shared, names, lock, forgotten, clock, randomness, observe } = parts;
  const { active, inactive } = settings.cache;

  const policy = createPolicy(settings.routes, { scrub: settings.scrub }, { observe });
  const resolve = createResolve(
    { introspector, memory, shared, names, lock, forgotten, clock, randomness, observe },
    { active, inactive },
  );
  const choice = createClientChoice({ store: clients }, settings);
  return {
    check: createCheck({ policy, clients: choice, resolve, clock, observe }),
    answerFor: createAnswerFor({ realm: settings.realm, randomness }),
    wait: settings.wait,
  };
}
