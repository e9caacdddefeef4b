import type {
  AnswerAge,
  CredentialSettings,
  PathLeniency,
  RouteMode,
  RouteSettings,
} from '../domain/index.ts';
import { compilePatterns, compileRest } from '../matching/index.ts';
import { compileDemands, type Demands } from './requirements/compile-demands.ts';
import type { Expressions } from './requirements/expression.ts';
import type { MatchedRule } from './rule-index.ts';
import { createUpstreamAllows, type UpstreamAllows, type UpstreamAllowsParts } from './upstream-allows.ts';

/** One rule of the settings file, compiled. Frozen in meaning: only its memory of allows grows and shrinks. */
export interface Rule extends MatchedRule {
  readonly name: string;
  readonly mode: RouteMode;
  /** Names; none: the client store decides. */
  readonly clients: readonly string[];
  readonly tryInOrder: boolean;
  readonly path: PathLeniency;
  readonly credential: CredentialSettings | null;
  readonly demands: Demands;
  readonly age: AnswerAge;
  readonly allows: UpstreamAllows;
  /** The same rule for a request that a rule before it would have judged under another method. */
  readonly afterMethods: () => Rule;
}

/** @throws Error for a pattern or an expression without meaning; the settings were checked before. */
export function compileRule(
  route: RouteSettings,
  order: number,
  { expressions, ...parts }: Omit<UpstreamAllowsParts, 'restrictsMethods'> & { expressions: Expressions },
): Rule {
  const patterns = compilePatterns(route);
  if (!patterns.ok) throw new Error(`route "${route.name}" has a pattern without meaning`);
  const restrictsMethods = route.match.methods.length > 0;
  const rule: Rule = {
    name: route.name,
    mode: route.mode,
    clients: route.clients,
    tryInOrder: route.tryInOrder,
    order,
    ...patterns.value,
    rest: compileRest(route.match),
    isGuard: route.otherwise === 'deny',
    isTrial: !route.enforce,
    path: route.path,
    credential: route.credential,
    demands: compileDemands(route.require, { route: route.name, expressions }),
    age: route.age,
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
