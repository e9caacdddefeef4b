import {
  epochSeconds,
  type EpochSeconds,
  fail,
  INACTIVE,
  type Introspection,
  isJsonObject,
  type Json,
  type JsonObject,
  type Result,
  succeed,
} from '../../domain/index.ts';

/**
 * Reads an RFC 7662 section 2.2 answer (INT-12 to INT-16).
 *
 * In: parsed JSON. Out: what the authorization server said, or the member at fault in one sentence.
 * Never: active by anything but the JSON literal `true`; a value of the answer in the complaint.
 */
export function readIntrospection(claims: Json): Result<Introspection, string> {
  if (!isJsonObject(claims)) return fail('the answer is not a JSON object');
  const active = member(claims, 'active');
  if (typeof active !== 'boolean') return fail('"active" is missing or not a boolean');
  // INT-13: whatever else an inactive answer says is not looked at.
  if (!active) return succeed(INACTIVE);

  try {
    return succeed({
      kind: 'active',
      subject: text(claims, 'sub'),
      clientId: text(claims, 'client_id'),
      username: text(claims, 'username'),
      issuer: text(claims, 'iss'),
      tokenType: text(claims, 'token_type'),
      scopes: scopes(claims),
      audiences: audiences(claims),
      // Rounded towards the stricter side: an earlier end, a later start.
      expiresAt: date(claims, 'exp', Math.floor),
      notBefore: date(claims, 'nbf', Math.ceil),
      issuedAt: date(claims, 'iat', Math.ceil),
      claims,
    });
  } catch (error) {
    if (error instanceof WrongMember) return fail(error.message);
    throw error;
  }
}

/** A member that we use and cannot read; caught above, never seen outside. */
class WrongMember extends Error {}

function text(claims: JsonObject, name: string): string | null {
  const value = member(claims, name);
  if (value === undefined) return null;
  if (typeof value !== 'string') throw new WrongMember(`"${name}" is not a string`);
  return value;
}

/** A string by RFC 7662; several servers send an array instead. What is outside the grammar grants nothing. */
function scopes(claims: JsonObject): readonly string[] {
  const value = member(claims, 'scope');
  if (value === undefined) return [];
  const pieces = typeof value === 'string' ? value.split(' ') : texts(value);
  if (pieces === null) throw new WrongMember('"scope" is neither a string nor an array of strings');
  return pieces.filter((piece) => SCOPE_TOKEN.test(piece));
}

function audiences(claims: JsonObject): readonly string[] {
  const value = member(claims, 'aud');
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  const items = texts(value);
  if (items === null) throw new WrongMember('"aud" is neither a string nor an array of strings');
  return items;
}

function date(claims: JsonObject, name: string, round: (value: number) => number): EpochSeconds | null {
  const value = member(claims, name);
  if (value === undefined) return null;
  if (typeof value !== 'number') throw new WrongMember(`"${name}" is not a number`);
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw new WrongMember(`"${name}" is out of range`);
  if (value > LATEST_SECONDS) {
    throw new WrongMember(`"${name}" looks like milliseconds; RFC 7662 section 2.2 has seconds`);
  }
  return epochSeconds(round(value));
}

function texts(value: Json): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  const items: readonly Json[] = value;
  return items.every((item) => typeof item === 'string') ? items : null;
}

/** Own members only: a polluted prototype must not speak for the server (T-26). */
function member(claims: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** The year 5138 in seconds, 1973 in milliseconds: no date of a token lies between. */
const LATEST_SECONDS = 1e11;

/** RFC 6749 section 3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
