import type { CompiledMatch } from './compile-match.ts';
import { mayBothFit } from './rest-of-match.ts';
import { compareSpecificity } from './specificity.ts';

/**
 * Whether some request fits both and neither is the more specific one, so that only the order of the file decides.
 * Patterns of the same specificity that match the same request are the same pattern.
 */
export function areRivals(one: CompiledMatch, other: CompiledMatch): boolean {
  if (!mayBothFit(one.rest, other.rest)) return false;
  return one.hosts.some(
    (host) =>
      other.hosts.some(({ key }) => key === host.key) &&
      one.paths.some(
        (path) =>
          other.paths.some(({ key }) => key === path.key) &&
          compareSpecificity({ host, path, rest: one.rest }, { host, path, rest: other.rest }) === 0,
      ),
  );
}

/** A match, and what it is for. */
export interface Candidate<Thing> {
  readonly match: CompiledMatch;
  readonly thing: Thing;
}

/**
 * Every two of which only the order decides, the earlier first. Compares those alone that have a host and a path in
 * common: others cannot be rivals.
 */
export function rivalsAmong<Thing>(
  candidates: readonly Candidate<Thing>[],
): readonly (readonly [earlier: Thing, later: Thing])[] {
  const seen = new Map<string, Candidate<Thing>[]>();
  return candidates.flatMap((later) => {
    const places = later.match.hosts.flatMap((host) =>
      later.match.paths.map((path) => `${host.key} ${path.key}`),
    );
    const sharers = new Set(places.flatMap((place) => seen.get(place) ?? []));
    for (const place of places) {
      const there = seen.get(place);
      if (there === undefined) seen.set(place, [later]);
      else there.push(later);
    }
    return [...sharers]
      .filter((earlier) => areRivals(earlier.match, later.match))
      .map((earlier) => [earlier.thing, later.thing] as const);
  });
}
