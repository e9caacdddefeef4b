import type { Json, Seconds, StepUp } from '../../domain/index.ts';
import { type Demand, demandOf, type Shortcoming, short } from './demand.ts';

/** As for the other dates that lie ahead (design, section 6). */
const SKEW_SECONDS_MAX = 5;
/** Greater ones are milliseconds by mistake (INT-16). */
const EPOCH_SECONDS_MAX = 100_000_000_000;

export interface AuthenticationParts {
  /** One of them must be `acr`; `null`: any. Several requirements leave what all of them accept. */
  readonly acr: readonly string[] | null;
  readonly maxAge: Seconds | null;
  /** What the challenge lists when the token lacks a scope, too. */
  readonly scopes: readonly string[];
  readonly hasScopes: (granted: readonly string[]) => boolean;
}

/**
 * How and when the user was authenticated (RFC 9470). Judged on every request, for time passes (STEP-9). A member that
 * is not what it must be is none, so that the user has to come back (STEP-4).
 */
export function authenticationDemand({ acr, maxAge, scopes, hasScopes }: AuthenticationParts): Demand {
  const stepUp: StepUp = { acrValues: acr ?? [], maxAge };
  const shortOf = (detail: string) => {
    const base = short('authentication_insufficient', detail);
    return { alone: { ...base, stepUp }, alsoScopes: { ...base, stepUp, scopes } };
  };
  const weak = shortOf('`acr` is none that the rule accepts.');
  const old = shortOf('`auth_time` is too long ago, or not there.');
  const ahead = short('token_not_yet_valid', '`auth_time` lies ahead.');

  return demandOf('authentication', (token, now) => {
    const found = flawOf(token.claims['acr'], token.claims['auth_time'], Math.floor(now / 1_000));
    if (found === null || 'reason' in found) return found;
    return hasScopes(token.scopes) ? found.alone : found.alsoScopes;
  });

  function flawOf(
    level: Json | undefined,
    time: Json | undefined,
    nowSeconds: number,
  ): ReturnType<typeof shortOf> | Shortcoming | null {
    if (maxAge !== null && isNumericDate(time) && time > nowSeconds + SKEW_SECONDS_MAX) return ahead;
    if (acr !== null && !(typeof level === 'string' && acr.includes(level))) return weak;
    if (maxAge !== null && !(isNumericDate(time) && nowSeconds - time <= maxAge)) return old;
    return null;
  }
}

function isNumericDate(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < EPOCH_SECONDS_MAX;
}
