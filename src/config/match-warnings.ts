import type { ClientMatches, RouteSettings } from '../domain/index.ts';
import { areRivals, compileMatch, type CompiledMatch } from '../matching/index.ts';
import { atKey, type Finding } from './finding.ts';
import { quoted } from './shown.ts';

/** Matches of clients that decide less than they seem to. */
export function matchWarnings(matches: ClientMatches, routes: readonly RouteSettings[]): readonly Finding[] {
  if (matches.size === 0) return [];
  return [...idleMatches(matches, routes), ...rivalMatches(matches)];
}

function idleMatches(matches: ClientMatches, routes: readonly RouteSettings[]): readonly Finding[] {
  const isLookedAt = routes.some(
    ({ mode, client }) => (mode === 'required' || mode === 'optional') && client === null,
  );
  if (isLookedAt) return [];
  return [...matches.keys()].map((client) =>
    atKey(['clients', client, 'match'], 'is never looked at: every route that asks names its client'),
  );
}

function rivalMatches(matches: ClientMatches): readonly Finding[] {
  const compiled = [...matches].flatMap(([client, match]) => {
    const made = compileMatch(match);
    return made.ok ? [{ client, match: made.value }] : [];
  });
  const seen = new Map<string, { readonly client: string; readonly match: CompiledMatch }[]>();
  return compiled.flatMap((later) => {
    const earlier = sharers(later.match).find((one) => areRivals(one.match, later.match));
    for (const place of placesOf(later.match)) {
      const there = seen.get(place);
      if (there === undefined) seen.set(place, [later]);
      else there.push(later);
    }
    if (earlier === undefined) return [];
    const message =
      `and that of ${quoted(earlier.client)} are equally specific and fit the same requests, ` +
      `which all go to ${quoted(earlier.client)}, the first in the file; tell them apart`;
    return [atKey(['clients', later.client, 'match'], message)];
  });

  /** Earlier ones with a host and a path in common: only these can be rivals. */
  function sharers(match: CompiledMatch) {
    return placesOf(match).flatMap((place) => seen.get(place) ?? []);
  }
}

function placesOf({ hosts, paths }: CompiledMatch): readonly string[] {
  return hosts.flatMap((host) => paths.map((path) => `${host.key} ${path.key}`));
}
