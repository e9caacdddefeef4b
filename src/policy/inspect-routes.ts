import type { RouteSettings } from '../domain/index.ts';
import { coversAll, coversRest, reachesBeyond } from '../matching/index.ts';
import { leakFinding, type LeakFinding, overlapFinding, type OverlapFinding } from './inspect-overlaps.ts';
import { inspectPatterns, type InvalidPattern } from './inspect-patterns.ts';
import { type Inspected, inspectedOf, listed, neighbours } from './inspected.ts';

/** Something about the rules of a settings file that its author should know. Rules are named as in the file. */
export type RouteFinding = InvalidPattern | GuardFinding | UnreachableRule | LeakFinding | OverlapFinding;

/**
 * A rule that shuts later broader ones out (decision 14): a request that its hosts and paths match and the rest of it
 * does not is never tried against these.
 */
export interface GuardFinding {
  readonly kind: 'guard';
  readonly guard: string;
  /** In the order of the file; never empty. */
  readonly shutsOut: readonly string[];
  readonly message: string;
}

/** A rule that is never used: every request that it matches goes to `by`, which stands before it. */
export interface UnreachableRule {
  readonly kind: 'unreachable';
  readonly rule: string;
  readonly by: string;
  readonly message: string;
}

/**
 * What the rules do to each other, for `gatehouse check`; where patterns are invalid, only these. Takes a look at every
 * pair of rules whose paths may begin alike. An unreachable rule is named only when that is certain, so some that
 * several rules together cover are not.
 */
export function inspectRoutes(routes: readonly RouteSettings[]): readonly RouteFinding[] {
  const invalid = inspectPatterns(routes, { scrub: [] });
  if (invalid.length > 0) return invalid;
  const rules = inspectedOf(routes);
  const near = neighbours(rules);
  return [
    ...rules.flatMap((rule) => guardFinding(rule, near(rule))),
    ...rules.flatMap((rule) => unreachableRule(rule, near(rule))),
    ...rules.flatMap((rule) => leakFinding(rule, near(rule))),
    ...rules.flatMap((rule) => overlapFinding(rule, near(rule))),
  ];
}

function guardFinding(guard: Inspected, near: readonly Inspected[]): readonly GuardFinding[] {
  if (!guard.isGuard) return [];
  const shutsOut = near
    .filter((rule) => rule.order > guard.order && shutOut(guard, rule))
    .map(({ name }) => name);
  if (shutsOut.length === 0) return [];
  const message =
    `route "${guard.name}" shuts these later, broader routes out where its hosts and paths match ` +
    `and the rest of it does not: ${listed(shutsOut)}`;
  return [{ kind: 'guard', guard: guard.name, shutsOut, message }];
}

/** Where the rest of the guard fits whatever the rest of the rule fits, the guard takes the request itself. */
function shutOut(guard: Inspected, rule: Inspected): boolean {
  return reachesBeyond(rule, guard) && !coversRest(guard.rest, rule.rest);
}

function unreachableRule(rule: Inspected, near: readonly Inspected[]): readonly UnreachableRule[] {
  const earlier = near.filter(({ order }) => order < rule.order);
  for (const by of earlier) {
    if (!coversAll(by, rule) || !coversRest(by.rest, rule.rest)) continue;
    // A guard before it may shut it out and still let the narrower rule be tried.
    const isAlwaysTried = !earlier.some(
      (guard) => guard.order < by.order && guard.isGuard && shutOut(guard, by),
    );
    if (!isAlwaysTried) continue;
    const message = `route "${rule.name}" is never used: "${by.name}" before it takes every request that it matches`;
    return [{ kind: 'unreachable', rule: rule.name, by: by.name, message }];
  }
  return [];
}
