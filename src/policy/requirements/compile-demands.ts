import type { PlainRequirement, Requirement, Seconds } from '../../domain/index.ts';
import { authenticationDemand } from './authentication.ts';
import { claimDemand } from './claims.ts';
import { coversUrl } from './covers-url.ts';
import { type Demand, DEMAND_ORDER, demandOf, type Judge, short } from './demand.ts';
import { detailDemand } from './details.ts';
import { expressionDemand, type Expressions } from './expression.ts';
import { clientDemand, issuerDemand, subjectDemand, tokenTypeDemand, tokenUseDemand } from './identity.ts';
import { compileScopes, type HasScopes, scopesNamedBy } from './scopes.ts';

/** Everything that a rule demands of a token, as functions in the order in which they are to be asked. */
export interface Demands {
  readonly judges: readonly Judge[];
  readonly readsRequest: boolean;
}

export interface DemandParts {
  /** Name of the rule. */
  readonly route: string;
  readonly expressions: Expressions;
}

/** @throws Error for an expression without meaning; the settings were checked before. */
export function compileDemands(require: readonly Requirement[], parts: DemandParts): Demands {
  const demands = [
    ...require.flatMap((requirement) => demandsOf(requirement, parts)),
    ...scopeDemands(require),
    ...authenticationDemands(require),
    ...require.flatMap(({ deny }) => deny.map((refused) => denyDemand(refused, parts))),
  ];
  return {
    judges: demands.sort(byOrder).map(({ judge }) => judge),
    readsRequest: demands.some(({ readsRequest }) => readsRequest),
  };
}

function byOrder(one: Demand, other: Demand): number {
  return DEMAND_ORDER.indexOf(one.kind) - DEMAND_ORDER.indexOf(other.kind);
}

/** Those of one requirement that stand for themselves. */
function demandsOf(requirement: PlainRequirement, { route, expressions }: DemandParts): readonly Demand[] {
  const { issuer, tokenTypes, tokenUses, clientIds, subject, expression } = requirement;
  return [
    ...(tokenTypes.length === 0 ? [] : [tokenTypeDemand(tokenTypes)]),
    ...(tokenUses.length === 0 ? [] : [tokenUseDemand(tokenUses)]),
    ...(issuer.length === 0 ? [] : [issuerDemand(issuer)]),
    ...audienceDemands(requirement),
    ...(clientIds.allowed.length + clientIds.refused.length === 0 ? [] : [clientDemand(clientIds)]),
    ...(subject.length === 0 ? [] : [subjectDemand(subject)]),
    ...requirement.claims.map(claimDemand),
    ...requirement.authorizationDetails.map(detailDemand),
    ...(expression === null ? [] : [expressionDemand(expression, route, expressions)]),
  ];
}

function audienceDemands({ audience, coversUrl: mustCover }: PlainRequirement): readonly Demand[] {
  const unexpected = short('token_audience_unexpected');
  const uncovering = short(
    'token_audience_unexpected',
    'No audience is a URL that covers the requested one.',
  );
  const named = demandOf('audience', ({ audiences }) =>
    audience.some((wanted) => audiences.includes(wanted)) ? null : unexpected,
  );
  const covering = demandOf(
    'audience',
    ({ audiences }, _now, request) => (audiences.some((one) => coversUrl(one, request)) ? null : uncovering),
    { readsRequest: true },
  );
  return [...(audience.length === 0 ? [] : [named]), ...(mustCover ? [covering] : [])];
}

function scopeDemands(require: readonly PlainRequirement[]): readonly Demand[] {
  const hasScopes = allScopesOf(require);
  if (hasScopes === null) return [];
  const shortcoming = { ...short('scope_insufficient'), scopes: namedScopes(require) };
  return [demandOf('scope', ({ scopes }) => (hasScopes(scopes) ? null : shortcoming))];
}

function authenticationDemands(require: readonly PlainRequirement[]): readonly Demand[] {
  const acr = require.map((requirement) => requirement.acr).filter((values) => values.length > 0);
  const ages = require.flatMap(({ maxAge }): readonly Seconds[] => (maxAge === null ? [] : [maxAge]));
  if (acr.length === 0 && ages.length === 0) return [];
  const [first, ...others] = acr;
  return [
    authenticationDemand({
      acr: first?.filter((value) => others.every((values) => values.includes(value))) ?? null,
      maxAge: ages.reduce<Seconds | null>(
        (least, age) => (least === null || age < least ? age : least),
        null,
      ),
      scopes: namedScopes(require),
      hasScopes: allScopesOf(require) ?? (() => true),
    }),
  ];
}

/** A token that has all of it is refused; so is one of which an expression cannot tell. */
function denyDemand(refused: PlainRequirement, parts: DemandParts): Demand {
  const { judges, readsRequest } = compileDemands([{ ...refused, deny: [] }], parts);
  const shortcoming = short('token_refused');
  return demandOf(
    'deny',
    (token, now, request) => {
      for (const judge of judges) {
        const missing = judge(token, now, request);
        if (missing?.reason === 'expression_failed') return missing;
        if (missing !== null) return null;
      }
      return shortcoming;
    },
    { readsRequest },
  );
}

function allScopesOf(require: readonly PlainRequirement[]): HasScopes | null {
  const all = require.flatMap(({ scopes }) => (scopes === null ? [] : [compileScopes(scopes)]));
  return all.length === 0 ? null : (granted) => all.every((has) => has(granted));
}

/** Every scope of all requirements, each once: what a challenge lists (BEAR-18). */
function namedScopes(require: readonly PlainRequirement[]): readonly string[] {
  return [...new Set(require.flatMap(({ scopes }) => (scopes === null ? [] : scopesNamedBy(scopes))))];
}
