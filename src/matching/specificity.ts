import type { HostPattern } from './host-pattern.ts';
import type { PathPattern } from './path-pattern.ts';
import { conditionsIn, type RestOfMatch } from './rest-of-match.ts';

/** One pair of patterns of a match, and what it demands besides. */
export interface Demands {
  readonly host: HostPattern;
  readonly path: PathPattern;
  readonly rest: RestOfMatch;
}

/**
 * Orders what fits one and the same request, the most specific first: by host, then by path, then by the number of
 * further conditions. The host weighs most: callers write headers and paths as they like, and no header may lead
 * them away from what was meant for a host.
 *
 * Out: less than 0 when `one` is more specific, 0 when neither is.
 */
export function compareSpecificity(one: Demands, other: Demands): number {
  return (
    compareHosts(one.host, other.host) ||
    comparePaths(one.path, other.path) ||
    conditionsIn(other.rest) - conditionsIn(one.rest)
  );
}

const HOST_RANKS = { exact: 0, below: 1, any: 2 } as const;

/** Of two families that hold the same host, the one with the longer name lies inside the other. */
function compareHosts(one: HostPattern, other: HostPattern): number {
  return HOST_RANKS[one.kind] - HOST_RANKS[other.kind] || other.name.length - one.name.length;
}

/** Segment by segment: a word before a star, a star before the end of what is covered below it. */
function comparePaths(one: PathPattern, other: PathPattern): number {
  const length = Math.max(one.segments.length, other.segments.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rankAt(one, at) - rankAt(other, at);
    if (difference !== 0) return difference;
  }
  return Number(one.isDeep) - Number(other.isDeep);
}

function rankAt({ segments }: PathPattern, at: number): number {
  const segment = segments[at];
  if (segment === undefined) return 2;
  return segment === null ? 1 : 0;
}
