import type { ClientMatches, RequestContext } from '../domain/index.ts';
import {
  canonicalHost,
  canonicalPath,
  compileMatch,
  createMatchIndex,
  type PatternProblem,
  readingsBeside,
  rivalsAmong,
} from '../matching/index.ts';

/** Finds the clients that are meant for a request, by their names. */
export interface SelectClient {
  /** The most specific one, of equals the first in the file; `null`: none, or nobody can tell which. */
  one(request: RequestContext): string | null;
  /** All that are equally specific. Looked for only where there are such. */
  readonly all: ((request: RequestContext) => readonly string[]) | null;
}

/**
 * Chooses by the `match` of clients.
 * Never: a client that one server would read out of a path and another would not.
 *
 * @throws Error for a pattern without meaning; `inspectMatches` has looked for these before.
 */
export function createSelectClient(matches: ClientMatches): SelectClient {
  const candidates = [...matches].map(([name, match]) => {
    const compiled = compileMatch(match);
    if (!compiled.ok) throw new Error(`client "${name}" has a pattern without meaning`);
    return { match: compiled.value, thing: name };
  });
  const index = createMatchIndex(candidates);
  return {
    one: (request) => inEveryReading(request, index.select, null, Object.is),
    all:
      rivalsAmong(candidates).length > 0
        ? (request) => inEveryReading(request, index.selectAll, NOBODY, isSameList)
        : null,
  };
}

const NOBODY: readonly string[] = [];

/** What is selected for a request, whatever servers make of its path. */
function inEveryReading<Selected>(
  request: RequestContext,
  select: (host: string, path: string, request: RequestContext) => Selected,
  nothing: Selected,
  isSame: (one: Selected, other: Selected) => boolean,
): Selected {
  const host = canonicalHost(request.host);
  const path = canonicalPath(request.path);
  if (host === null || path.kind === 'malformed') return nothing;
  const selected = select(host, path.path, request);
  if (isSame(selected, nothing)) return selected;

  // The rule lets paths through that servers read in two ways: each way must lead to the same tenant.
  const isAmbiguous = readingsBeside(path).some((reading) => {
    if (reading.path === null) return true;
    const other = select(host, reading.path, request);
    return isSame(other, nothing) ? reading.movesUp : !isSame(other, selected);
  });
  return isAmbiguous ? nothing : selected;
}

function isSameList(ones: readonly string[], others: readonly string[]): boolean {
  return ones.length === others.length && ones.every((one, at) => one === others[at]);
}

/** Every pattern of the clients' matches that has no meaning. */
export function inspectMatches(
  matches: ClientMatches,
): readonly (PatternProblem & { readonly client: string })[] {
  return [...matches].flatMap(([client, match]) => {
    const compiled = compileMatch(match);
    return compiled.ok ? [] : compiled.failure.map((problem) => ({ client, ...problem }));
  });
}
