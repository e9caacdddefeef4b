import type { ClientContext, ClientMatches, RouteSettings } from '../domain/index.ts';
import { compileMatch, rivalsAmong } from '../matching/index.ts';
import { atKey, type Finding } from './finding.ts';
import { quoted } from './shown.ts';
import { toldApartBy } from './told-apart.ts';

interface MatchedClients {
  readonly clients: readonly ClientContext[];
  readonly clientMatches: ClientMatches;
  readonly routes: readonly RouteSettings[];
}

/** Matches of clients that decide less than they seem to. */
export function matchWarnings({ clients, clientMatches, routes }: MatchedClients): readonly Finding[] {
  const deciding = routes.filter(
    ({ mode, clients: named }) => (mode === 'required' || mode === 'optional') && named.length === 0,
  );
  if (deciding.length === 0)
    return [...clientMatches.keys()].map((client) =>
      atKey(['clients', client, 'match'], 'is never looked at: every route that asks names its client'),
    );
  if (deciding.every(({ tryInOrder }) => tryInOrder)) return [];
  return rivalsByIssuer(clients, clientMatches);
}

/** Those that nothing tells apart at all have been refused before. */
function rivalsByIssuer(clients: readonly ClientContext[], matches: ClientMatches): readonly Finding[] {
  const candidates = clients.flatMap((thing) => {
    const match = matches.get(thing.name);
    const compiled = match === undefined ? null : compileMatch(match);
    return compiled?.ok === true ? [{ thing, match: compiled.value }] : [];
  });
  return rivalsAmong(candidates)
    .filter(([earlier, later]) => toldApartBy(earlier, later) === 'issuer')
    .map(([earlier, later]) => {
      const message =
        `and that of ${quoted(earlier.name)} fit the same requests: a JWT goes to the client whose issuer it claims, ` +
        'every other token is refused';
      return atKey(['clients', later.name, 'match'], message);
    });
}
