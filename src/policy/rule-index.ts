import type { RequestContext } from '../domain/index.ts';
import {
  createHostIndex,
  createPathTrie,
  fits,
  type HostPattern,
  type PathPattern,
  type RestOfMatch,
} from '../matching/index.ts';

/** The part of a rule that finding it needs. */
export interface MatchedRule {
  /** Place in the file; rules are tried in this order. */
  readonly order: number;
  readonly hosts: readonly HostPattern[];
  readonly paths: readonly PathPattern[];
  readonly rest: RestOfMatch;
  /** Whether it shuts later broader rules out when host and path match and the rest does not. */
  readonly isGuard: boolean;
  /** Never in force: judged beside the rule that is. */
  readonly isTrial: boolean;
}

/** The rule of a request, or the guard that left none; without one, nothing matched. */
export type Selected<Rule> =
  | {
      readonly kind: 'rule';
      readonly rule: Rule;
      /** Whether a rule before it restricts methods, so that it could have been that one's request. */
      readonly afterMethods: boolean;
      readonly trial?: Rule;
    }
  | { readonly kind: 'none'; readonly guard: Rule | null; readonly trial?: Rule };

export interface RuleIndex<Rule> {
  /** `host` and `path` are canonical. */
  select(host: string, path: string, request: RequestContext): Selected<Rule>;
}

/** One pair of patterns of a rule. */
interface Entry<Rule> {
  readonly rule: Rule;
  readonly selected: Selected<Rule>;
  readonly selectedAfterMethods: Selected<Rule>;
  /** Keys of the patterns that cover no less than this host pattern, and than this path pattern. */
  readonly hostKeys: ReadonlySet<string>;
  readonly pathKeys: ReadonlySet<string>;
}

/**
 * Finds the rule of a request (design, decision 14). Which patterns lie inside which is worked out here, at load;
 * the cost of finding grows with the rules whose host and path match, not with all that there are.
 */
export function createRuleIndex<Rule extends MatchedRule>(rules: readonly Rule[]): RuleIndex<Rule> {
  const shelves = createHostIndex((pattern) => ({ pattern, trie: createPathTrie<Entry<Rule>>() }));
  const everyPath = createPathTrie<string>();
  for (const host of rules.flatMap((rule) => rule.hosts)) shelves.at(host);
  const paths = new Map(rules.flatMap((rule) => rule.paths.map((path) => [path.key, path] as const)));
  for (const path of paths.values()) everyPath.add(path, path.key);

  const hostKeysOf = remembered<HostPattern>((host) =>
    shelves.covering(host).map(({ pattern }) => pattern.key),
  );
  const pathKeysOf = remembered<PathPattern>((path) => everyPath.covering(path));
  for (const rule of rules) {
    const selected = { kind: 'rule', rule, afterMethods: false } as const;
    const selectedAfterMethods = { kind: 'rule', rule, afterMethods: true } as const;
    for (const host of rule.hosts) {
      for (const path of rule.paths) {
        const keys = { hostKeys: hostKeysOf(host), pathKeys: pathKeysOf(path) };
        shelves.at(host).trie.add(path, { rule, selected, selectedAfterMethods, ...keys });
      }
    }
  }

  return {
    select(host, path, request) {
      const entries: Entry<Rule>[] = [];
      for (const { trie } of shelves.matching(host)) trie.match(path, entries);
      if (entries.length > 1) entries.sort((one, other) => one.rule.order - other.rule.order);
      return tryInOrder(entries, request);
    },
  };
}

/** Entries of one rule stand together. */
function tryInOrder<Rule extends MatchedRule>(
  entries: readonly Entry<Rule>[],
  request: RequestContext,
): Selected<Rule> {
  const guards: Rule[] = [];
  let trial: Rule | null = null;
  let afterMethods = false;
  let next = 0;
  for (let entry = entries[next]; entry !== undefined; entry = entries[next]) {
    const { rule, selected, selectedAfterMethods } = entry;
    const start = next;
    while (entries[next]?.rule === rule) next += 1;
    if (guards.length > 0 && !isInside(entries.slice(start, next), guards)) continue;
    const isFit = fits(rule.rest, request);
    if (rule.isTrial) {
      if (isFit) trial ??= rule;
      continue;
    }
    if (isFit) return withTrial(afterMethods ? selectedAfterMethods : selected, trial);
    if (rule.rest.methods !== null) afterMethods = true;
    if (rule.isGuard) addGuard(guards, rule);
  }
  return withTrial({ kind: 'none', guard: guards[0] ?? null }, trial);
}

function withTrial<Rule>(selected: Selected<Rule>, trial: Rule | null): Selected<Rule> {
  return trial === null ? selected : { ...selected, trial };
}

/** Each pattern by which a rule matched covers no more than some pattern of every guard. */
function isInside<Rule extends MatchedRule>(
  entries: readonly Entry<Rule>[],
  guards: readonly Rule[],
): boolean {
  return guards.every((guard) =>
    entries.every(
      ({ hostKeys, pathKeys }) =>
        guard.hosts.some(({ key }) => hostKeys.has(key)) && guard.paths.some(({ key }) => pathKeys.has(key)),
    ),
  );
}

/** A guard of the same patterns as one before it shuts out nothing more. */
function addGuard<Rule extends MatchedRule>(guards: Rule[], rule: Rule): void {
  if (!guards.some((guard) => hasSameKeys(guard.hosts, rule.hosts) && hasSameKeys(guard.paths, rule.paths))) {
    guards.push(rule);
  }
}

function hasSameKeys(ones: readonly { key: string }[], others: readonly { key: string }[]): boolean {
  return ones.length === others.length && ones.every(({ key }, at) => key === others[at]?.key);
}

function remembered<Pattern extends { readonly key: string }>(
  keysAround: (pattern: Pattern) => readonly string[],
): (pattern: Pattern) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>();
  return (pattern) => {
    const keys = known.get(pattern.key) ?? new Set(keysAround(pattern));
    known.set(pattern.key, keys);
    return keys;
  };
}
