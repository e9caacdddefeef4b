import type { RequestContext } from '../domain/index.ts';
import { createHostIndex } from './host-index.ts';
import { createPathTrie } from './path-trie.ts';
import type { CompiledMatch } from './compile-match.ts';
import { fits } from './rest-of-match.ts';
import { compareSpecificity, type Demands } from './specificity.ts';

/** Finds the one thing that is meant for a request, in as many steps as its host and path have parts. */
export interface MatchIndex<Thing> {
  /** `host` and `path` are canonical. `null`: nothing fits. */
  readonly select: (host: string, path: string, request: RequestContext) => Thing | null;
  /** That one and all that fit as well and are as specific, in the order of the file. */
  readonly selectAll: (host: string, path: string, request: RequestContext) => readonly Thing[];
}

interface Entry<Thing> extends Demands {
  readonly thing: Thing;
  readonly order: number;
}

/** @param candidates in the order of the file, which decides where nothing else does. */
export function createMatchIndex<Thing>(
  candidates: readonly { readonly match: CompiledMatch; readonly thing: Thing }[],
): MatchIndex<Thing> {
  const shelves = createHostIndex(() => createPathTrie<Entry<Thing>>());
  for (const [order, { match, thing }] of candidates.entries()) {
    for (const host of match.hosts) {
      for (const path of match.paths)
        shelves.at(host).add(path, { host, path, rest: match.rest, thing, order });
    }
  }

  return {
    select(host, path, request) {
      const best = bestOf(matching(host, path), request);
      return best === null ? null : best.thing;
    },
    selectAll(host, path, request) {
      const entries = matching(host, path);
      const best = bestOf(entries, request);
      if (best === null) return [];
      const equals = entries
        .filter((entry) => compareSpecificity(entry, best) === 0 && fits(entry.rest, request))
        .sort((one, other) => one.order - other.order);
      return [...new Set(equals.map(({ thing }) => thing))];
    },
  };

  function matching(host: string, path: string): readonly Entry<Thing>[] {
    const entries: Entry<Thing>[] = [];
    for (const trie of shelves.matching(host)) trie.match(path, entries);
    return entries;
  }
}

function bestOf<Thing>(entries: readonly Entry<Thing>[], request: RequestContext): Entry<Thing> | null {
  let best: Entry<Thing> | null = null;
  for (const entry of entries) {
    if ((best === null || isBefore(entry, best)) && fits(entry.rest, request)) best = entry;
  }
  return best;
}

function isBefore<Thing>(entry: Entry<Thing>, best: Entry<Thing>): boolean {
  const difference = compareSpecificity(entry, best);
  return difference < 0 || (difference === 0 && entry.order < best.order);
}
