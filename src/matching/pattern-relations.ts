import type { RulePatterns } from './compile-patterns.ts';
import { coversHost, type HostPattern, overlapsHost } from './host-pattern.ts';
import type { PathPattern } from './path-pattern.ts';
import { coversPath, overlapsPath } from './path-relations.ts';

/** Whether every host and path that `narrow` means is meant by `wide` too, pair by pair. */
export function coversAll(wide: RulePatterns, narrow: RulePatterns): boolean {
  return (
    narrow.hosts.every((host) => coversHosts(wide, host)) &&
    narrow.paths.every((path) => coversPaths(wide, path))
  );
}

/** Whether some request matches the patterns of both. */
export function overlaps(one: RulePatterns, other: RulePatterns): boolean {
  return (
    one.hosts.some((host) => other.hosts.some((opposite) => overlapsHost(host, opposite))) &&
    one.paths.some((path) => other.paths.some((opposite) => overlapsPath(path, opposite)))
  );
}

/** Whether some request matches both by patterns of which those of `rule` are not inside those of `guard` (decision 14). */
export function reachesBeyond(rule: RulePatterns, guard: RulePatterns): boolean {
  return rule.hosts.some(
    (host) =>
      guard.hosts.some((other) => overlapsHost(other, host)) &&
      rule.paths.some(
        (path) =>
          guard.paths.some((other) => overlapsPath(other, path)) &&
          !(coversHosts(guard, host) && coversPaths(guard, path)),
      ),
  );
}

function coversHosts({ hosts }: RulePatterns, narrow: HostPattern): boolean {
  return hosts.some((wide) => coversHost(wide, narrow));
}

function coversPaths({ paths }: RulePatterns, narrow: PathPattern): boolean {
  return paths.some((wide) => coversPath(wide, narrow));
}
