import type { ActiveIntrospection, DenyReason, EpochMilliseconds, StepUp } from '../../domain/index.ts';
import type { RequestFacts } from '../request-facts.ts';

/** Why a token is not enough. `detail` is a sentence for the log, made when the settings were read. */
export interface Shortcoming {
  readonly reason: DenyReason;
  readonly detail: string | null;
  /** For the challenge; left out: none. */
  readonly scopes?: readonly string[];
  readonly stepUp?: StepUp;
}

/** One thing that a rule demands, settled as far as it can be without a token. */
export interface Demand {
  /** Place in the order in which demands are judged; see `DEMAND_ORDER`. */
  readonly kind: DemandKind;
  readonly readsRequest: boolean;
  /** `null`: the token has it. Pure; never throws. */
  readonly judge: Judge;
}

export type Judge = (
  token: ActiveIntrospection,
  now: EpochMilliseconds,
  /** Empty where the demand does not read the request. */
  request: RequestFacts,
) => Shortcoming | null;

/**
 * The order is part of the contract: first whether the token is of the right kind and from the right issuer, for whom it
 * is and how its user was authenticated (401), then who may come, then what the token may do (403). So nobody learns the
 * scopes of a rule with a token that is no good there (STEP-6).
 */
export const DEMAND_ORDER = [
  'kind',
  'issuer',
  'audience',
  'authentication',
  'client',
  'subject',
  'deny',
  'claim',
  'scope',
  'details',
  'expression',
] as const;

export type DemandKind = (typeof DEMAND_ORDER)[number];

export function demandOf(kind: DemandKind, judge: Judge, { readsRequest = false } = {}): Demand {
  return { kind, readsRequest, judge };
}

export function short(reason: DenyReason, detail: string | null = null): Shortcoming {
  return Object.freeze({ reason, detail });
}
