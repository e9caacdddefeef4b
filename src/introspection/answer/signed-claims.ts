import {
  type EpochMilliseconds,
  fail,
  fault,
  isJsonObject,
  type Json,
  type JsonObject,
  type Milliseconds,
  type Result,
  succeed,
} from '../../domain/index.ts';
import { type IntrospectionFault, settingsFault } from './introspection-fault.ts';

export interface SignedClaimsRules {
  /** Of which `iss` must be one, byte for byte. */
  readonly issuers: readonly string[];
  /** Of which `aud` must name one. */
  readonly audience: readonly string[];
  /** How far back `iat` may lie. */
  readonly maxAge: Milliseconds;
}

/**
 * Judges what a signed answer says about itself (RFC 9701 section 5, JIR-4 to JIR-8).
 *
 * Out: its member `token_introspection`, the only place where facts about the token stand.
 * Never: facts from an answer that another server made, or made for somebody else, or made long ago.
 */
export function readSignedClaims(
  claims: Json,
  rules: SignedClaimsRules,
  now: EpochMilliseconds,
): Result<JsonObject, IntrospectionFault> {
  if (!isJsonObject(claims)) return unreadable('what is signed is not a JSON object');
  const { iss, aud } = claims;
  if (typeof iss !== 'string') return unreadable('the signed answer has no "iss"');
  if (!rules.issuers.includes(iss)) return fail(settingsFault('signed_answer_issuer'));
  const audience = textsOf(aud);
  if (audience === null) return unreadable('the signed answer has no "aud"');
  if (!audience.some((name) => rules.audience.includes(name)))
    return fail(settingsFault('signed_answer_audience'));
  const untimely = timeFault(claims, rules.maxAge, now);
  if (untimely !== null) return fail(untimely);
  const introspection = claims['token_introspection'];
  return isJsonObject(introspection)
    ? succeed(introspection)
    : unreadable('the signed answer has no object "token_introspection"');
}

function textsOf(value: Json | undefined): readonly string[] | null {
  const items: readonly Json[] = Array.isArray(value) ? value : [value ?? null];
  return items.every((item) => typeof item === 'string') ? items : null;
}

function timeFault(
  claims: JsonObject,
  maxAge: Milliseconds,
  now: EpochMilliseconds,
): IntrospectionFault | null {
  const { iat, exp, nbf } = claims;
  if (!isDate(iat)) return fault('introspection_unreadable', 'the signed answer has no date "iat"');
  const ageMs = now - iat * 1_000;
  if (ageMs > maxAge + SLACK) return untimely('it is older than `introspection.jwt.maxAge`');
  if (ageMs < -AHEAD) return untimely('it was made in the future');
  // Neither should be there (JIR-7); whoever writes them means them.
  if (exp !== undefined && !(isDate(exp) && now < exp * 1_000)) return untimely('its "exp" has passed');
  if (nbf !== undefined && !(isDate(nbf) && now >= nbf * 1_000 - AHEAD))
    return untimely('its "nbf" has not come');
  return null;
}

function isDate(value: Json | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function untimely(detail: string): IntrospectionFault {
  return fault('signed_answer_time', detail);
}

function unreadable(detail: string): Result<never, IntrospectionFault> {
  return fail(fault('introspection_unreadable', detail));
}

/** In milliseconds: `iat` is in whole seconds, and clocks differ. */
const SLACK = 5_000;
const AHEAD = 60_000;
