import type { Credential } from '../domain/index.ts';
import { tokenOf } from './token-of.ts';

/** The token in a parameter of the query (RFC 6750 section 2.3), which goes on without it. */
export function fromQuery(name: string, target: string): Credential {
  const question = target.indexOf('?');
  if (question === -1) return { kind: 'none' };
  const parameters = target
    .slice(question + 1)
    .split('&')
    .map((parameter) => {
      const equals = parameter.indexOf('=');
      const [written, value] =
        equals === -1 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
      return { written, name: decoded(written), value };
    });
  const own = parameters.filter((parameter) => parameter.name === name);
  const [only] = own;
  if (only === undefined) return { kind: 'none' };
  // The gateway removes what is written so and nothing else: another spelling would reach the upstream.
  if (own.length > 1 || only.written !== name) return { kind: 'refused', reason: 'credential_ambiguous' };

  const value = decoded(only.value);
  if (value === null) return { kind: 'refused', reason: 'token_malformed' };
  return tokenOf(value, { set: [], remove: [], removeQuery: [name] });
}

/** As a form is decoded. `null`: it cannot be. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
