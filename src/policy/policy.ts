import {
  type AllowDecision,
  type ClientContext,
  type Decision,
  type DenyDecision,
  type DenyReason,
  type EpochMilliseconds,
  type Introspection,
  type Observe,
  type RequestContext,
  type RouteSettings,
  unreachable,
} from '../domain/index.ts';
import { canonicalHost, canonicalPath, type OpaquePath, otherReadings } from '../matching/index.ts';
import { inspectPatterns, type InvalidPattern } from './inspect-patterns.ts';
import { shortcomingOf } from './judge-token.ts';
import { createManagedHeaders } from './managed-headers.ts';
import { problemOfMethod } from './method.ts';
import { createRemembered } from './remembered.ts';
import { createExpressions } from './requirements/expression.ts';
import type { Shortcoming } from './requirements/demand.ts';
import { compileRule, type Rule } from './rule.ts';
import { createRuleIndex, type Selected } from './rule-index.ts';
import type { TokenlessReason } from './upstream-allows.ts';

/** The rules of one settings file. Pure, but for telling `observe` of a header that could not be sent. */
export interface Policy {
  /** The rule of a request, or the denial of one that no rule may judge. */
  find(context: RequestContext): Found;
  /** The allow of a rule that wants no token. */
  admit(rule: Rule, reason: TokenlessReason, context: RequestContext): AllowDecision;
  /** The verdict over an answer about a token, fresh or remembered. */
  judge(
    rule: Rule,
    introspection: Introspection,
    client: ClientContext,
    context: RequestContext,
    now: EpochMilliseconds,
  ): Decision;
}

export type Found =
  | { readonly kind: 'rule'; readonly rule: Rule; readonly trial?: Rule }
  | { readonly kind: 'refused'; readonly decision: DenyDecision; readonly trial?: Rule };

export interface PolicySettings {
  readonly scrub: readonly string[];
}

/** @throws Error when a pattern has no meaning; `inspectPatterns` lists these before. */
export function createPolicy(
  routes: readonly RouteSettings[],
  settings: PolicySettings,
  { observe }: { readonly observe: Observe },
): Policy {
  refuseInvalid(inspectPatterns(routes, settings));
  const inForce = routes.filter(({ enforce }) => enforce);
  const managed = createManagedHeaders(inForce, settings);
  const remembered = createRemembered<AllowDecision>();
  const parts = { managed, remembered, expressions: createExpressions(), observe };
  const index = createRuleIndex(routes.map((route, order) => compileRule(route, order, parts)));

  return { find, admit, judge };

  function find(context: RequestContext): Found {
    const problem = problemOfMethod(context.method);
    if (problem !== null) return refused(problem, null);
    const host = canonicalHost(context.host);
    if (host === null) return refused('host_malformed', null);
    const path = canonicalPath(context.path);
    if (path.kind === 'malformed') return refused('path_malformed', path.detail);

    const selected = index.select(host, path.path, context);
    if (path.unmerged !== null && leadsElsewhere(selected, host, path.unmerged, context)) {
      return refused('path_ambiguous', 'Without its slashes merged, the path leads to another rule.');
    }
    if (path.opaque.length === 0) return foundOf(selected);

    return judgeOpaque(selected, host, path, context);
  }

  /** Whether a path that moves up comes to another rule, or to none, for a server that reads it in another way. */
  function leadsElsewhere(
    selected: Selected<Rule>,
    host: string,
    path: string,
    context: RequestContext,
  ): boolean {
    const other = index.select(host, path, context);
    return selected.kind === 'rule' && (other.kind !== 'rule' || other.rule !== selected.rule);
  }

  /**
   * Whatever an upstream makes of opaque characters, it must not come to what another rule guards. A reading that no
   * rule covers at all is fine, so that `*` can mean a segment with `%2F` in it, unless it moves up to get there.
   */
  function judgeOpaque(
    selected: Selected<Rule>,
    host: string,
    { opaque, unresolved }: OpaquePath,
    context: RequestContext,
  ): Found {
    if (selected.kind === 'none') return refused('path_ambiguous', 'No rule allows its opaque characters.');
    const { rule } = selected;
    if (opaque.some((character) => rule.path[character] === 'deny')) {
      return refused('path_ambiguous', 'The rule does not allow its opaque characters.', rule);
    }
    const isAmbiguous = otherReadings(unresolved).some(({ path, movesUp }) => {
      if (path === null) return true;
      const other = index.select(host, path, context);
      return other.kind === 'rule' ? other.rule !== rule : other.guard !== null || movesUp;
    });
    if (!isAmbiguous) return foundOf(selected);
    return refused('path_ambiguous', 'Decoded, its opaque characters lead to another rule.', rule);
  }

  function admit(rule: Rule, reason: TokenlessReason, { headers }: RequestContext): AllowDecision {
    return rule.allows.withoutToken(reason, headers);
  }

  function judge(
    rule: Rule,
    introspection: Introspection,
    client: ClientContext,
    context: RequestContext,
    now: EpochMilliseconds,
  ): Decision {
    switch (introspection.kind) {
      case 'inactive':
        return denied(rule, { reason: 'token_inactive', detail: null });
      case 'active': {
        const shortcoming = shortcomingOf(introspection, rule, client, context, now);
        return shortcoming === null
          ? rule.allows.withToken(introspection, context.headers)
          : denied(rule, shortcoming);
      }
      default:
        return unreachable(introspection);
    }
  }
}

function refuseInvalid(problems: readonly InvalidPattern[]): void {
  if (problems.length === 0) return;
  throw new Error(problems.map(({ message }) => message).join('; '));
}

function denied(rule: Rule, { reason, detail, scopes = [], stepUp }: Shortcoming): DenyDecision {
  const decision = { kind: 'deny', reason, route: rule.name, scopes, detail } as const;
  return stepUp === undefined ? decision : { ...decision, stepUp };
}

function foundOf(selected: Selected<Rule>): Found {
  if (selected.kind === 'rule') {
    return selected.afterMethods ? { ...selected, rule: selected.rule.afterMethods() } : selected;
  }
  const found = noRule(selected.guard);
  return selected.trial === undefined ? found : { ...found, trial: selected.trial };
}

function noRule(guard: Rule | null): Found {
  if (guard === null) return refused('no_route', null);
  return refused(
    'route_guarded',
    `Rule "${guard.name}" covers this host and path, but not this method, header or context.`,
  );
}

function refused(reason: DenyReason, detail: string | null, rule: Rule | null = null): Found {
  return {
    kind: 'refused',
    decision: { kind: 'deny', reason, route: rule?.name ?? null, scopes: [], detail },
  };
}
