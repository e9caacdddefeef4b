import type { JsonObject } from './json.ts';
import type { EpochSeconds } from './quantity.ts';

/** What an authorization server said about a token (RFC 7662 section 2.2), after a strict reading. */
export type Introspection = ActiveIntrospection | InactiveIntrospection;

/** `active: false`. No other member of such an answer is ever read (INT-13). */
export interface InactiveIntrospection {
  readonly kind: 'inactive';
}

/** `active: true`. `null` means that the server did not say. */
export interface ActiveIntrospection {
  readonly kind: 'active';
  readonly subject: string | null;
  readonly clientId: string | null;
  readonly username: string | null;
  readonly issuer: string | null;
  readonly tokenType: string | null;
  /** Scope tokens in the order of the answer; pieces outside the RFC 6749 section 3.3 grammar are left out. */
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  readonly expiresAt: EpochSeconds | null;
  readonly notBefore: EpochSeconds | null;
  readonly issuedAt: EpochSeconds | null;
  /** Every member of the answer, unknown ones included, `active` too. */
  readonly claims: JsonObject;
}

export const INACTIVE: InactiveIntrospection = Object.freeze({ kind: 'inactive' });
