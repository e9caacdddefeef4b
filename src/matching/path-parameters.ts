import type { PathPattern } from './path-pattern.ts';
import { matchesPath, overlapsPath } from './path-relations.ts';

/** Values of the named segments of a path, as texts. */
export type PathParameters = ReadonlyMap<string, string>;

const NONE: PathParameters = new Map();

/**
 * What the named segments of the first pattern that matches hold.
 *
 * In: a canonical path. Out: each value decoded, so that it can be compared with claims; `null`: no pattern matches.
 */
export function parametersOf(patterns: readonly PathPattern[], path: string): PathParameters | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  const isSlashed = path.endsWith('/');
  const pattern = patterns.find((candidate) => matchesPath(candidate, segments, isSlashed));
  if (pattern === undefined) return null;
  if (pattern.params.length === 0) return NONE;
  return new Map(pattern.params.map(({ name, at }) => [name, decoded(segments[at] ?? '')]));
}

/**
 * Two patterns of one rule that match the same path and name its segments differently: which of them a value comes
 * from would depend on their order. `null`: there are none.
 */
export function rivalNames(
  patterns: readonly PathPattern[],
): readonly [one: PathPattern, other: PathPattern] | null {
  if (patterns.every(({ params }) => params.length === 0)) return null;
  for (const [at, one] of patterns.entries()) {
    for (const other of patterns.slice(at + 1)) {
      if (overlapsPath(one, other) && !sameNames(one, other)) return [one, other];
    }
  }
  return null;
}

function sameNames(one: PathPattern, other: PathPattern): boolean {
  return (
    one.params.length === other.params.length &&
    one.params.every(({ name, at }) => other.params.some((param) => param.name === name && param.at === at))
  );
}

/** A canonical path is UTF-8, and every `%` in it begins an escape. */
function decoded(segment: string): string {
  return decodeURIComponent(escapedBytes(segment));
}

function escapedBytes(segment: string): string {
  return segment.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}
