import type { RouteSettings } from '../domain/index.ts';
import { compilePatterns } from '../matching/index.ts';
import { problemOfJoin } from './header-value.ts';
import { problemOfScrub } from './scrub.ts';

/** An error: `createPolicy` throws for it. */
export interface InvalidPattern {
  readonly kind: 'pattern_invalid';
  /** `null` where the setting belongs to no route. */
  readonly route: string | null;
  /** Below the route, or below the file. */
  readonly key: string;
  readonly pattern: string;
  /** What is wrong, where, and what would be right. */
  readonly message: string;
}

/** Everything that `createPolicy` throws for, all at once; quick for any number of routes. */
export function inspectPatterns(
  routes: readonly RouteSettings[],
  { scrub }: { readonly scrub: readonly string[] },
): readonly InvalidPattern[] {
  return [
    ...routes.flatMap(invalidPatterns),
    ...scrub.flatMap((pattern) => invalid(null, 'scrub', pattern, problemOfScrub(pattern))),
  ];
}

function invalidPatterns(route: RouteSettings): readonly InvalidPattern[] {
  const patterns = compilePatterns(route);
  const places = patterns.ok ? [] : patterns.failure;
  return [
    ...places.flatMap(({ place, pattern, problem }) => invalid(route.name, place, pattern, problem)),
    ...route.upstream.headers.flatMap(({ name, join }) =>
      invalid(route.name, `upstream.headers.${name}.join`, join, problemOfJoin(join)),
    ),
  ];
}

function invalid(
  route: string | null,
  key: string,
  pattern: string,
  problem: string | null,
): readonly InvalidPattern[] {
  if (problem === null) return [];
  const place = route === null ? key : `route "${route}": ${key}`;
  return [{ kind: 'pattern_invalid', route, key, pattern, message: `${place} "${pattern}" ${problem}` }];
}
