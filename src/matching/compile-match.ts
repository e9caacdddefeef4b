import { fail, type Result, type RouteMatch, succeed } from '../domain/index.ts';
import { compilePatterns, type PatternProblem, type RulePatterns } from './compile-patterns.ts';
import { compileRest, type RestOfMatch } from './rest-of-match.ts';

/** A whole match: hosts and paths, never empty, and the rest. */
export interface CompiledMatch extends RulePatterns {
  readonly rest: RestOfMatch;
}

export function compileMatch(match: RouteMatch): Result<CompiledMatch, readonly PatternProblem[]> {
  const patterns = compilePatterns({ match });
  return patterns.ok ? succeed({ ...patterns.value, rest: compileRest(match) }) : fail(patterns.failure);
}
