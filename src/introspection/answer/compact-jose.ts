import { Buffer } from 'node:buffer';

import { fail, type Json, type JsonObject, isJsonObject, type Result, succeed } from '../../domain/index.ts';
import { JSON_LIMITS, parseStrictJson } from './parse-strict-json.ts';

/** What we use of a JOSE header. Where a key is to be found (`jku`, `jwk`, `x5u`, `x5c`) is not for the header to say. */
export interface JoseHeader {
  readonly algorithm: string;
  /** `enc`, of what is encrypted. */
  readonly encoding: string | null;
  readonly keyId: string | null;
  readonly type: string | null;
  /** A member that changes how the rest is read; nothing of the kind is done here. `null`: none. */
  readonly demand: string | null;
}

/** How many parts a compact serialization has: three when signed (RFC 7515), five when encrypted (RFC 7516). */
export function countParts(text: string): number {
  return text.split('.').length;
}

/**
 * Reads the header of a compact serialization.
 *
 * Out: the header, or what is wrong.
 * Never: base64url that could be written otherwise, so that no byte can be changed without a change of meaning; a
 * header with a repeated member.
 */
export function readJoseHeader(text: string): Result<JoseHeader, string> {
  const parts = text.split('.');
  const [first = ''] = parts;
  if (!parts.every(isCanonical)) return fail('a part is not base64url in its one canonical form');
  const header = parseStrictJson(Buffer.from(first, 'base64url'), JSON_LIMITS);
  if (!header.ok) return fail(`its header is not strict JSON: ${header.failure}`);
  if (!isJsonObject(header.value)) return fail('its header is not a JSON object');
  return headerOf(header.value);
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function headerOf(header: JsonObject): Result<JoseHeader, string> {
  const wrong = ['alg', 'enc', 'kid', 'typ'].find((name) => !isTextOrAbsent(header[name]));
  if (wrong !== undefined) return fail(`"${wrong}" of its header is not a string`);
  const { alg, enc, kid, typ } = header;
  if (typeof alg !== 'string') return fail('its header has no "alg"');
  return succeed({
    algorithm: alg,
    encoding: textOrNull(enc),
    keyId: textOrNull(kid),
    type: textOrNull(typ),
    demand: DEMANDS.find((name) => name in header) ?? null,
  });
}

/** RFC 7515 section 4.1.11, RFC 7797, RFC 7516 section 4.1.3. */
const DEMANDS = ['crit', 'b64', 'zip'];

function isTextOrAbsent(value: Json | undefined): boolean {
  return value === undefined || typeof value === 'string';
}

function textOrNull(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
