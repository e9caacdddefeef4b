import {
  type ActiveIntrospection,
  type ClientContext,
  type DenyReason,
  type EpochMilliseconds,
  type Requirement,
  unreachable,
} from '../domain/index.ts';

/** Clocks of two machines may differ by this much for dates that lie ahead; `exp` gets nothing (design, section 6). */
const SKEW_MS_MAX = 5_000;

/** `token_use` and `typ` of what is not an access token, in lower case (INT-20). */
const OTHER_TOKENS: ReadonlySet<string> = new Set(['refresh_token', 'id_token', 'refresh', 'offline', 'id']);

/** Why a token is not enough. `detail` is a constant sentence for the log. */
export interface Shortcoming {
  readonly reason: DenyReason;
  readonly detail: string | null;
}

/**
 * Judges an active answer against what a rule demands. The answer may come from a cache; the judgement never does.
 *
 * The order is part of the contract: whether the token is good at all (time, kind and binding, issuer), then whose
 * it is (client, audience), then what it may do (scope). So nobody learns the scopes of a rule with a token that is
 * no good there.
 *
 * Out: `null` when the token is enough.
 */
export function shortcomingOf(
  introspection: ActiveIntrospection,
  require: readonly Requirement[],
  client: ClientContext,
  now: EpochMilliseconds,
): Shortcoming | null {
  return (
    timeShortcoming(introspection, now) ??
    kindShortcoming(introspection) ??
    issuerShortcoming(introspection, require, client) ??
    clientShortcoming(introspection, client) ??
    audienceShortcoming(introspection, require) ??
    scopeShortcoming(introspection, require)
  );
}

// The authorization server must check these too, but the answer may have been kept since (RFC 7662 section 4).
function timeShortcoming(
  { expiresAt, notBefore, issuedAt }: ActiveIntrospection,
  now: EpochMilliseconds,
): Shortcoming | null {
  if (expiresAt !== null && now >= expiresAt * 1_000) return short('token_expired');
  const latest = now + SKEW_MS_MAX;
  if (notBefore !== null && notBefore * 1_000 > latest)
    return short('token_not_yet_valid', '`nbf` lies ahead.');
  if (issuedAt !== null && issuedAt * 1_000 > latest)
    return short('token_not_yet_valid', '`iat` lies ahead.');
  return null;
}

function kindShortcoming({ tokenType, claims }: ActiveIntrospection): Shortcoming | null {
  if (tokenType !== null && tokenType.toLowerCase() !== 'bearer') return short('token_type_unsupported');
  if (namesAnotherToken(claims['token_use'])) return short('not_an_access_token', '`token_use` names it.');
  if (namesAnotherToken(claims['typ'])) return short('not_an_access_token', '`typ` names it.');
  // Whatever it holds: a binding that nobody here can verify must not be taken for none (RFC 7800, T-24).
  if (Object.hasOwn(claims, 'cnf')) return short('token_bound');
  return null;
}

// Strings are compared by code point, without any normalisation (INT-26).
function issuerShortcoming(
  { issuer }: ActiveIntrospection,
  require: readonly Requirement[],
  client: ClientContext,
): Shortcoming | null {
  const isTheirs = issuer === client.issuer || (issuer !== null && client.acceptIssuers.includes(issuer));
  const isFixed = client.issuer !== null || client.acceptIssuers.length > 0;
  if (issuer !== null && isFixed && !isTheirs)
    return short('token_issuer_unexpected', 'The client does not name it.');

  const isEnough = require.every(
    (requirement) =>
      requirement.issuer.length === 0 || (issuer !== null && requirement.issuer.includes(issuer)),
  );
  return isEnough ? null : short('token_issuer_unexpected', 'The rule does not name it.');
}

function clientShortcoming({ clientId }: ActiveIntrospection, client: ClientContext): Shortcoming | null {
  if (!client.introspection.clientSelfOnly || clientId === client.clientId) return null;
  return short('token_client_unexpected');
}

function audienceShortcoming(
  { audiences }: ActiveIntrospection,
  require: readonly Requirement[],
): Shortcoming | null {
  const isEnough = require.every(
    ({ audience }) => audience.length === 0 || audience.some((wanted) => audiences.includes(wanted)),
  );
  return isEnough ? null : short('token_audience_unexpected');
}

// Exact and case-sensitive; `read` is no part of `readwrite` (RFC 6749 section 3.3, T-75).
function scopeShortcoming(
  { scopes }: ActiveIntrospection,
  require: readonly Requirement[],
): Shortcoming | null {
  const isEnough = require.every((requirement) => {
    if (requirement.scopes === null) return true;
    const { kind, scopes: wanted } = requirement.scopes;
    switch (kind) {
      case 'all':
        return wanted.every((scope) => scopes.includes(scope));
      case 'any':
        return wanted.some((scope) => scopes.includes(scope));
      default:
        return unreachable(kind);
    }
  });
  return isEnough ? null : short('scope_insufficient');
}

function namesAnotherToken(claim: unknown): boolean {
  return typeof claim === 'string' && OTHER_TOKENS.has(claim.toLowerCase());
}

function short(reason: DenyReason, detail: string | null = null): Shortcoming {
  return { reason, detail };
}
