import {
  AccessToken,
  type Credential,
  type CredentialRefusal,
  type RequestHeaders,
} from '../domain/index.ts';
import { endWithoutBlanks, isBlank, skipBlanks } from './blanks.ts';
import { joinedCredentials } from './joined-credentials.ts';
import { B64TOKEN, CREDENTIAL_BYTES_MAX } from './token-of.ts';

const SCHEME = 'bearer';

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const NONE: Credential = Object.freeze({ kind: 'none' });

/**
 * Takes the bearer token from the `Authorization` header (RFC 6750 section 2.1).
 *
 * In: the header section as byte strings. Out: the token, or `none` when there is no such header, or why what
 * is there cannot be used. A header that is present is never `none`, an empty one (R4) included.
 * Never: a token outside b64token or over 8 KiB; a choice between two credentials; work beyond a few passes.
 */
export function extractBearer(headers: RequestHeaders): Credential {
  const values = headers.values('authorization');
  const value = values[0];
  if (value === undefined) return NONE;
  if (values.length > 1) return refused('credential_ambiguous');

  const start = skipBlanks(value, 0);
  if (start === value.length) return refused('credential_empty');
  const end = endWithoutBlanks(value);
  const schemeEnd = wordEnd(value, start, end);
  const credentialStart = Math.min(skipBlanks(value, schemeEnd), end);
  if (Math.max(end - credentialStart, schemeEnd - start) > CREDENTIAL_BYTES_MAX) {
    return refused('credential_too_long');
  }

  const scheme = value.slice(start, schemeEnd);
  if (scheme.toLowerCase() !== SCHEME) return refused(withoutBearer(scheme, value.slice(start, end)));
  if (credentialStart === end) return refused('credential_empty');
  return bearer(value.slice(schemeEnd, credentialStart), value.slice(credentialStart, end));
}

function bearer(gap: string, credential: string): Credential {
  if (credential.includes(',')) {
    return refused(
      joinedCredentials(credential) === 'several' ? 'credential_ambiguous' : 'credential_malformed',
    );
  }
  // 1*SP and nothing else stands between scheme and token (BEAR-2).
  if (gap.includes('\t')) return refused('credential_malformed');
  if (credential.includes(' ') || credential.includes('\t')) return refused('credential_malformed');
  if (!B64TOKEN.test(credential)) return refused('token_malformed');
  return { kind: 'token', token: new AccessToken(credential) };
}

/**
 * A word that is no scheme by its characters (`Bearer:x`, `"Bearer`), or that only begins like ours (`Bearerx`),
 * is a Bearer credential written wrongly (BEAR-3). Any other scheme is one we do not offer (R2), unless a
 * second credential was joined to it (R3).
 */
function withoutBearer(scheme: string, value: string): CredentialRefusal {
  if (value.includes(',') && joinedCredentials(value) !== 'parameters') return 'credential_ambiguous';
  if (!TOKEN.test(scheme) || scheme.toLowerCase().startsWith(SCHEME)) return 'credential_malformed';
  return 'scheme_unsupported';
}

function refused(reason: CredentialRefusal): Credential {
  return { kind: 'refused', reason };
}

function wordEnd(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && !isBlank(text.charCodeAt(at))) at += 1;
  return at;
}
