import type { SpentCredential } from './credential.ts';
import type { HeaderField } from './header-field.ts';
import type { JsonObject } from './json.ts';
import type { Seconds } from './quantity.ts';
import type { AllowReason, DenyReason, FaultReason } from './reasons.ts';

/** The verdict over one request. */
export type Decision = AllowDecision | Refusal;

/** Everything that is not an allow. */
export type Refusal = DenyDecision | FaultDecision;

export interface AllowDecision {
  readonly kind: 'allow';
  readonly reason: AllowReason;
  /** Name of the rule. */
  readonly route: string;
  /** The same object for the same token on the same rule, so that a door may keep the bytes it made of it. */
  readonly mutations: UpstreamMutations;
  /**
   * Header names of this very request that must not reach the upstream: look-alikes of managed headers
   * (`x_auth.subject`) and what `scrub` names. Nearly always the shared empty list.
   */
  readonly strays: readonly string[];
  /** What goes from the request because its token was there. A front that cannot do it must refuse. */
  readonly spent?: SpentCredential;
}

/** What changes on the way to the upstream. */
export interface UpstreamMutations {
  /** Set, overwriting what the client sent. */
  readonly set: readonly HeaderField[];
  /** Removed: every managed header without a value here, its `-`, `_` and `.` spellings; never a name that is set or kept. */
  readonly remove: readonly string[];
  /** Whether the upstream sees the client's `authorization` header. */
  readonly authorization: 'strip' | 'keep';
  /** Members for Envoy's dynamic metadata, the rule's name and the reason among them. */
  readonly metadata: JsonObject;
}

/** The caller is at fault. */
export interface DenyDecision {
  readonly kind: 'deny';
  readonly reason: DenyReason;
  /** Name of the rule; `null` when none was found. */
  readonly route: string | null;
  /** All scopes the route needs, for the challenge where the token lacks one; otherwise empty. */
  readonly scopes: readonly string[];
  /** How the user must have been authenticated, for the challenge of `authentication_insufficient`. */
  readonly stepUp?: StepUp;
  /** One sentence for the operator's log; holds nothing that the client sent and no claim value. */
  readonly detail: string | null;
}

/** What a client must ask the authorization server for, so that the token is enough (RFC 9470 section 3). */
export interface StepUp {
  /** One of them is enough, the preferred first; empty: any. Checked when the settings are read, as scopes are. */
  readonly acrValues: readonly string[];
  readonly maxAge: Seconds | null;
}

/** We, or the authorization server, are at fault. Never an allow, never blames the caller, never cached. */
export interface FaultDecision {
  readonly kind: 'fault';
  readonly reason: FaultReason;
  readonly route: string | null;
  readonly detail: string | null;
}

/** A failure on the way to a verdict, before it is tied to a rule. */
export interface Fault {
  readonly reason: FaultReason;
  /** One sentence for the operator's log: what was wrong and where; no secret, no token, no body text. */
  readonly detail: string | null;
  /** What the authorization server asked us to wait, when it did. */
  readonly retryAfter?: Seconds;
  /** Whether it is of our own making although the reason names the server, as when no turn came in time. Left out: no. */
  readonly isOurs?: boolean;
  /** The denial that the settings want instead. Left out: a fault stays one. */
  readonly deniedAs?: Extract<DenyReason, 'enquiries_limited'>;
}

export const fault = (reason: FaultReason, detail: string | null = null): Fault => ({ reason, detail });
