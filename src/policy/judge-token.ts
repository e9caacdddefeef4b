import type {
  ActiveIntrospection,
  ClientContext,
  EpochMilliseconds,
  RequestContext,
} from '../domain/index.ts';
import type { PathPattern } from '../matching/index.ts';
import { readingsOf, UNREAD } from './request-facts.ts';
import type { Demands } from './requirements/compile-demands.ts';
import { type Shortcoming, short } from './requirements/demand.ts';

/** Clocks of two machines may differ by this much for dates that lie ahead; `exp` gets nothing (design, section 6). */
const SKEW_MS_MAX = 5_000;

/** `token_use` and `typ` of what is not an access token, in lower case (INT-20). */
const OTHER_TOKENS: ReadonlySet<string> = new Set(['refresh_token', 'id_token', 'refresh', 'offline', 'id']);

/** What of a rule decides whether a token is enough. */
export interface JudgedRule {
  readonly paths: readonly PathPattern[];
  readonly demands: Demands;
}

/**
 * Judges an active answer against what a rule demands. The answer may come from a cache; the judgement never does.
 *
 * The order is part of the contract: whether the token is good at all (time, kind and binding, issuer, whose it is), then
 * what the rule demands, in the order of `DEMAND_ORDER`.
 *
 * Out: `null` when the token is enough.
 */
export function shortcomingOf(
  introspection: ActiveIntrospection,
  rule: JudgedRule,
  client: ClientContext,
  context: RequestContext,
  now: EpochMilliseconds,
): Shortcoming | null {
  return (
    timeShortcoming(introspection, now) ??
    kindShortcoming(introspection) ??
    issuerShortcoming(introspection, client) ??
    clientShortcoming(introspection, client) ??
    demandShortcoming(introspection, rule, context, now)
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
function issuerShortcoming({ issuer }: ActiveIntrospection, client: ClientContext): Shortcoming | null {
  const isTheirs = issuer === client.issuer || (issuer !== null && client.acceptIssuers.includes(issuer));
  const isFixed = client.issuer !== null || client.acceptIssuers.length > 0;
  if (issuer === null || !isFixed || isTheirs) return null;
  return short('token_issuer_unexpected', 'The client does not name it.');
}

function clientShortcoming({ clientId }: ActiveIntrospection, client: ClientContext): Shortcoming | null {
  if (!client.introspection.clientSelfOnly || clientId === client.clientId) return null;
  return short('token_client_unexpected');
}

function demandShortcoming(
  introspection: ActiveIntrospection,
  rule: JudgedRule,
  context: RequestContext,
  now: EpochMilliseconds,
): Shortcoming | null {
  const { judges, readsRequest } = rule.demands;
  for (const request of readsRequest ? readingsOf(context, rule) : UNREAD) {
    for (const judge of judges) {
      const shortcoming = judge(introspection, now, request);
      if (shortcoming !== null) return shortcoming;
    }
  }
  return null;
}

function namesAnotherToken(claim: unknown): boolean {
  return typeof claim === 'string' && OTHER_TOKENS.has(claim.toLowerCase());
}
