import type { ClientMatches, RequestContext } from '../domain/index.ts';
import {
  canonicalHost,
  canonicalPath,
  compileMatch,
  createMatchIndex,
  otherReadings,
  type PatternProblem,
} from '../matching/index.ts';

/** The name of the client that is meant for a request; `null`: none, or nobody can tell which. */
export type SelectClient = (request: RequestContext) => string | null;

/**
 * Chooses by the `match` of clients: the most specific one; where none is, the first in the file.
 * Never: a client that one server would read out of a path and another would not.
 *
 * @throws Error for a pattern without meaning; `inspectMatches` has looked for these before.
 */
export function createSelectClient(matches: ClientMatches): SelectClient {
  const index = createMatchIndex(
    [...matches].map(([name, match]) => {
      const compiled = compileMatch(match);
      if (!compiled.ok) throw new Error(`client "${name}" has a pattern without meaning`);
      return { match: compiled.value, thing: name };
    }),
  );

  return function selectClient(request) {
    const host = canonicalHost(request.host);
    const path = canonicalPath(request.path);
    if (host === null || path.kind === 'malformed') return null;
    const selected = index.select(host, path.path, request);
    if (selected === null || path.opaque.length === 0) return selected;

    // The rule lets characters through that servers read in two ways: each way must lead to the same tenant.
    const isAmbiguous = otherReadings(path.unresolved).some((reading) => {
      if (reading.path === null) return true;
      const other = index.select(host, reading.path, request);
      return other === null ? reading.movesUp : other !== selected;
    });
    return isAmbiguous ? null : selected;
  };
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
