import type { AnswerAge, PathLeniency, Requirement, RouteMode, RouteSettings } from '../domain/index.ts';
import { compilePatterns, compileRest } from '../matching/index.ts';
import type { MatchedRule } from './rule-index.ts';
import { createUpstreamAllows, type UpstreamAllows, type UpstreamAllowsParts } from './upstream-allows.ts';

/** One rule of the settings file, compiled. Frozen in meaning: only its memory of allows grows and shrinks. */
export interface Rule extends MatchedRule {
  readonly name: string;
  readonly mode: RouteMode;
  /** `null`: the client store decides. */
  readonly client: string | null;
  readonly path: PathLeniency;
  readonly require: readonly Requirement[];
  readonly age: AnswerAge;
  /** Every scope of all requirements, each once: what a challenge lists (BEAR-18). */
  readonly scopes: readonly string[];
  readonly allows: UpstreamAllows;
  /** The same rule for a request that a rule before it would have judged under another method. */
  readonly afterMethods: () => Rule;
}

/** @throws Error for a pattern without meaning; `createPolicy` has looked for these before. */
export function compileRule(
  route: RouteSettings,
  order: number,
  parts: Omit<UpstreamAllowsParts, 'restrictsMethods'>,
): Rule {
  const patterns = compilePatterns(route);
  if (!patterns.ok) throw new Error(`route "${route.name}" has a pattern without meaning`);
  const restrictsMethods = route.match.methods.length > 0;
  const rule: Rule = {
    name: route.name,
    mode: route.mode,
    client: route.client,
    order,
    ...patterns.value,
    rest: compileRest(route.match),
    isGuard: route.otherwise === 'deny',
    path: route.path,
    require: route.require,
    age: route.age,
    scopes: [...new Set(route.require.flatMap(({ scopes }) => scopes?.scopes ?? []))],
    allows: createUpstreamAllows(route, { ...parts, restrictsMethods }),
    afterMethods: () => (restrictsMethods ? rule : (stricter ??= withStricterAllows())),
  };
  // Made on first use: few rules come after one that restricts methods.
  let stricter: Rule | null = null;
  return rule;

  function withStricterAllows(): Rule {
    return { ...rule, allows: createUpstreamAllows(route, { ...parts, restrictsMethods: true }) };
  }
}
