import { fail, type Result, type RouteMatch, type RouteSettings, succeed } from '../domain/index.ts';
import { ANY_HOST, type HostPattern, parseHostPattern } from './host-pattern.ts';
import { rivalNames } from './path-parameters.ts';
import { ANY_PATH, parsePathPattern, type PathPattern, type PathReading } from './path-pattern.ts';

/** Hosts and paths of one rule, never empty: a rule that names none means any. */
export interface RulePatterns {
  readonly hosts: readonly HostPattern[];
  readonly paths: readonly PathPattern[];
}

/** A pattern that cannot be compiled. `problem` completes the sentence that begins with the pattern. */
export interface PatternProblem {
  readonly place: 'match.hosts' | 'match.paths';
  readonly pattern: string;
  readonly problem: string;
}

/** The match of a route, or one of a client, which reads paths as usual. A match belongs to one of them only. */
export type Patterned = Pick<RouteSettings, 'match'> & Partial<Pick<RouteSettings, 'path'>>;

type Compiled = Result<RulePatterns, readonly PatternProblem[]>;

// Settings never change once they are read, and several rooms ask for the same patterns while they load.
const known = new WeakMap<RouteMatch, Compiled>();

/** Compiles the patterns of a route, or lists every one that has no meaning. */
export function compilePatterns({ match, path }: Patterned): Compiled {
  const compiled = known.get(match) ?? compile(match, path);
  known.set(match, compiled);
  return compiled;
}

function compile(match: RouteMatch, path?: PathReading): Compiled {
  const problems: PatternProblem[] = [];
  const hosts = compileAll('match.hosts', match.hosts, parseHostPattern, problems);
  const paths = compileAll('match.paths', match.paths, (text) => parsePathPattern(text, path), problems);
  if (problems.length > 0) return fail(problems);
  const rivals = rivalNames(paths);
  if (rivals !== null) {
    const [one = '', other = ''] = rivals.map((pattern) => match.paths[paths.indexOf(pattern)]);
    const problem = `and "${one}" match the same paths and name their segments differently; write them alike`;
    return fail([{ place: 'match.paths', pattern: other, problem }]);
  }
  return succeed({
    hosts: hosts.length === 0 ? [ANY_HOST] : distinct(hosts),
    paths: paths.length === 0 ? [ANY_PATH] : distinct(paths),
  });
}

function compileAll<Pattern extends { readonly key: string }>(
  place: PatternProblem['place'],
  written: readonly string[],
  parse: (text: string) => Result<Pattern, string>,
  problems: PatternProblem[],
): readonly Pattern[] {
  const patterns: Pattern[] = [];
  for (const pattern of written) {
    const parsed = parse(pattern);
    if (parsed.ok) patterns.push(parsed.value);
    else problems.push({ place, pattern, problem: parsed.failure });
  }
  return patterns;
}

/** Two spellings of one pattern are one pattern. */
function distinct<Pattern extends { readonly key: string }>(
  patterns: readonly Pattern[],
): readonly Pattern[] {
  return [...new Map(patterns.map((pattern) => [pattern.key, pattern])).values()];
}
