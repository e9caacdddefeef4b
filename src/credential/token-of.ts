import { AccessToken, type Credential, type SpentCredential } from '../domain/index.ts';

/** In bytes (design, section 6). */
export const CREDENTIAL_BYTES_MAX = 8_192;
/** RFC 6750 section 2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`. */
export const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** A credential of a text that should be a token and nothing else. */
export function tokenOf(text: string, spent: SpentCredential): Credential {
  if (text === '') return { kind: 'refused', reason: 'credential_empty' };
  if (text.length > CREDENTIAL_BYTES_MAX) return { kind: 'refused', reason: 'credential_too_long' };
  if (!B64TOKEN.test(text)) return { kind: 'refused', reason: 'token_malformed' };
  return { kind: 'token', token: new AccessToken(text), spent };
}
