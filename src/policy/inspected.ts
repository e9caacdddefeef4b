import type { RouteSettings } from '../domain/index.ts';
import {
  compilePatterns,
  compileRest,
  fitsAlways,
  foldCase,
  type RestOfMatch,
  type RulePatterns,
} from '../matching/index.ts';

/** A rule with what is needed to hold it against others. */
export interface Inspected extends RulePatterns {
  readonly name: string;
  readonly route: RouteSettings;
  /** Place in the file. */
  readonly order: number;
  readonly rest: RestOfMatch;
  /** Whether anything is left of its hosts and paths that the rest does not fit. */
  readonly isPartial: boolean;
  /** Such a rule shuts later broader ones out where it does not fit. */
  readonly isGuard: boolean;
}

/** Rules in force, without those whose patterns have no meaning. */
export function inspectedOf(routes: readonly RouteSettings[]): readonly Inspected[] {
  return routes.flatMap((route, order) => {
    const patterns = compilePatterns(route);
    if (!patterns.ok || !route.enforce) return [];
    const rest = compileRest(route.match);
    const isPartial = !fitsAlways(rest);
    const isGuard = route.otherwise === 'deny' && isPartial;
    return [{ name: route.name, route, order, ...patterns.value, rest, isPartial, isGuard }];
  });
}

/** Finds the rules that some request of a rule may match too, in the order of the file, by the first segment of paths. */
export function neighbours(rules: readonly Inspected[]): (rule: Inspected) => readonly Inspected[] {
  const byFirst = new Map<string | null, Inspected[]>();
  for (const rule of rules) {
    for (const first of firstSegments(rule)) {
      const there = byFirst.get(first);
      if (there === undefined) byFirst.set(first, [rule]);
      else there.push(rule);
    }
  }
  return (rule) => {
    const firsts = firstSegments(rule);
    if (firsts.has(null)) return rules;
    const found = new Set([null, ...firsts].flatMap((first) => byFirst.get(first) ?? []));
    return [...found].sort((one, other) => one.order - other.order);
  };
}

/** `null`: any, or none at all. */
function firstSegments({ paths }: Inspected): ReadonlySet<string | null> {
  return new Set(paths.map(({ segments: [first = null] }) => (first === null ? null : foldCase(first))));
}

const NAMES_SHOWN_MAX = 10;

/** Names of rules in a message. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, NAMES_SHOWN_MAX).map((name) => `"${name}"`);
  const others = names.length - first.length;
  return others === 0 ? first.join(', ') : `${first.join(', ')} and ${others} more`;
}
