import type { AccessToken } from './secret.ts';
import type { HeaderField } from './header-field.ts';
import type { DenyReason } from './reasons.ts';

/** What was found where a route looks for a token. */
export type Credential =
  | {
      readonly kind: 'token';
      readonly token: AccessToken;
      /** What the upstream must not see of it; left out for `Authorization`, which a rule strips or keeps. */
      readonly spent?: SpentCredential;
    }
  /** Nothing at all was presented (R1). */
  | { readonly kind: 'none' }
  /** Something was presented that cannot be used (R2–R5b, R19); the reason says which answer it earns. */
  | { readonly kind: 'refused'; readonly reason: CredentialRefusal };

export type CredentialRefusal = Extract<
  DenyReason,
  | 'scheme_unsupported'
  | 'credential_ambiguous'
  | 'credential_empty'
  | 'credential_malformed'
  | 'credential_too_long'
  | 'token_malformed'
  | 'origin_refused'
>;

/** How a request goes on without the token that it brought. */
export interface SpentCredential {
  /** Headers that held more than the token, without it. */
  readonly set: readonly HeaderField[];
  /** Names of headers that held nothing else. */
  readonly remove: readonly string[];
  /** Names of query parameters, as they stand in the path. */
  readonly removeQuery: readonly string[];
}

/** Where the tokens of a rule are looked for. A request may bring one in one of these places only (R3). */
export interface CredentialSettings {
  readonly from: readonly CredentialSource[];
  /** Pages that may send the cookie with a method that changes something; none: those of the requested host. */
  readonly origins: readonly string[];
}

export type CredentialSource =
  /** `Authorization: Bearer …` (RFC 6750 section 2.1). */
  | { readonly kind: 'authorization' }
  /** The token alone, or behind `Bearer`. Name in lower case. */
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  /** The item of `Sec-WebSocket-Protocol` that begins so; the token is what follows. */
  | { readonly kind: 'websocketProtocol'; readonly prefix: string }
  | { readonly kind: 'query'; readonly name: string };
