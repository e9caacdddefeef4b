import type { Credential, RequestHeaders } from '../domain/index.ts';
import { withoutBlanks } from './blanks.ts';
import { tokenOf } from './token-of.ts';

/** The token in a cookie (RFC 6265 section 4.2). What is left of the header goes on without it. */
export function fromCookie(name: string, headers: RequestHeaders): Credential {
  const pairs = headers
    .values('cookie')
    .flatMap((line) => line.split(';'))
    .map(withoutBlanks)
    .filter((pair) => pair !== '');
  const own = pairs.filter((pair) => nameOf(pair) === name);
  const [pair] = own;
  if (pair === undefined) return { kind: 'none' };
  // Servers differ in which of two they read.
  if (own.length > 1) return { kind: 'refused', reason: 'credential_ambiguous' };

  const others = pairs.filter((other) => other !== pair).join('; ');
  return tokenOf(pair.slice(pair.indexOf('=') + 1), {
    set: others === '' ? [] : [{ name: 'cookie', value: others }],
    remove: others === '' ? ['cookie'] : [],
    removeQuery: [],
  });
}

/** Without `=`, servers take a pair for a name or for a value. */
function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return withoutBlanks(equals === -1 ? pair : pair.slice(0, equals));
}
