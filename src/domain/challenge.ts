import type { StepUp } from './decision.ts';
import type { ChallengeError } from './reasons.ts';

export interface ChallengeFacts {
  /** Checked when the settings are read: visible ASCII and spaces. */
  readonly realm: string;
  readonly error: Exclude<ChallengeError, null>;
  /**
   * Shown where the token lacks one: everything the route needs, not what the token lacks (BEAR-18).
   * Checked when the settings are read: scope tokens of RFC 6749 section 3.3, which hold neither `"` nor `\`.
   */
  readonly scopes: readonly string[];
  /** Shown with `insufficient_user_authentication` only. */
  readonly stepUp: StepUp | null;
}

// A closed set of constants (BEAR-13): nothing of the request or of the authorization server is repeated.
const DESCRIPTIONS = {
  none: null,
  invalid_request: 'The request does not carry exactly one well-formed access token',
  invalid_token: 'The access token is not valid',
  insufficient_scope: 'The access token does not have the required scope',
  insufficient_user_authentication: 'The user must be authenticated again, or in a stronger way',
} as const satisfies Record<ChallengeFacts['error'], string | null>;

/**
 * One Bearer challenge (RFC 6750 section 3, RFC 9470 section 3), its parameters in the order of the response matrix.
 * Always carries `realm` (BEAR-7).
 */
export function challengeFor({ realm, error, scopes, stepUp }: ChallengeFacts): string {
  let challenge = `Bearer realm=${quoted(realm)}`;
  if (error === 'none') return challenge;

  challenge += `, error="${error}", error_description="${DESCRIPTIONS[error]}"`;
  const isAboutScopes = error === 'insufficient_scope' || error === 'insufficient_user_authentication';
  if (isAboutScopes && scopes.length > 0) challenge += `, scope="${scopes.join(' ')}"`;
  if (error !== 'insufficient_user_authentication' || stepUp === null) return challenge;

  const { acrValues, maxAge } = stepUp;
  if (acrValues.length > 0) challenge += `, acr_values="${acrValues.join(' ')}"`;
  if (maxAge !== null) challenge += `, max_age="${maxAge}"`;
  return challenge;
}

/** RFC 9110 section 5.6.4. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
