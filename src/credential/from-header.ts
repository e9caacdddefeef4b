import type { Credential, RequestHeaders } from '../domain/index.ts';
import { withoutBlanks } from './blanks.ts';
import { tokenOf } from './token-of.ts';

/** The token alone, or behind `Bearer`, in a header of any name. */
export function fromHeader(name: string, headers: RequestHeaders): Credential {
  const [value, ...others] = headers.values(name);
  if (value === undefined) return { kind: 'none' };
  // A comma is in no token: gateways join two lines with one (ENV-5).
  if (others.length > 0 || value.includes(',')) return { kind: 'refused', reason: 'credential_ambiguous' };
  const text = withoutBlanks(value).replace(/^bearer(?: +|$)/i, '');
  return tokenOf(text, { set: [], remove: [name], removeQuery: [] });
}
