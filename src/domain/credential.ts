import type { AccessToken } from './secret.ts';
import type { DenyReason } from './reasons.ts';

/** What was found where a route looks for a token. */
export type Credential =
  | { readonly kind: 'token'; readonly token: AccessToken }
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
>;
