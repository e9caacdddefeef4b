import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { at, entriesOf, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';
import { dashedName, isReserved } from './reserved-headers.ts';

/** Where routes look for tokens. */
export function checkCredentials(root: Raw): readonly Finding[] {
  const doors = itemsOf(at(root, 'listen', 'http'));
  return itemsOf(at(root, 'routes')).flatMap((route) => {
    const credential = at(route, 'credential');
    const sources = itemsOf(at(credential, 'from'));
    return [
      ...sources.flatMap(checkSource),
      ...checkTwice(sources),
      ...checkDoors(sources, doors),
      ...checkOrigins(credential, sources),
      ...checkMode(route, credential, sources),
    ];
  });
}

function checkSource(source: Raw): readonly Finding[] {
  if (mapOf(source) === null) return [];
  if (entriesOf(source).length !== 1)
    return [atValue(source.path, 'must have exactly one of header, cookie, websocketProtocol, query')];
  const header = at(source, 'header');
  const name = textOf(header);
  if (name === null) return [];
  if (dashedName(name) === 'authorization')
    return [atValue(header.path, 'is what the word `header` alone means; write header')];
  if (!isReserved(name) && dashedName(name) !== 'sec-websocket-protocol') return [];
  return [
    atValue(header.path, `${quoted(name)} belongs to HTTP and cannot carry a token alone; choose another`),
  ];
}

function checkTwice(sources: readonly Raw[]): readonly Finding[] {
  const seen = new Set<string>();
  return sources.flatMap((source) => {
    const key = JSON.stringify(source.value).toLowerCase();
    if (seen.has(key)) return [atValue(source.path, 'stands here twice; keep one')];
    seen.add(key);
    return [];
  });
}

/** The upstream must not see the token, and of the fronts only Envoy over gRPC can be told to take it away. */
function checkDoors(sources: readonly Raw[], doors: readonly Raw[]): readonly Finding[] {
  if (doors.length === 0) return [];
  return sources
    .filter((source) => mapOf(source) !== null)
    .map(({ path }) =>
      atValue(
        path,
        'needs Envoy over gRPC, for no other front can be told to keep the token from the upstream; remove it, or `listen.http`',
      ),
    );
}

function checkOrigins(credential: Raw, sources: readonly Raw[]): readonly Finding[] {
  const origins = at(credential, 'origins');
  if (!isGiven(origins) || sources.some((source) => isGiven(at(source, 'cookie')))) return [];
  return [atKey(origins.path, 'is about cookies, and `from` has none')];
}

function checkMode(route: Raw, credential: Raw, sources: readonly Raw[]): readonly Finding[] {
  const mode = textOf(at(route, 'mode'));
  const isUsual = sources.length === 1 && textOf(sources[0] ?? credential) === 'header';
  if ((mode !== 'public' && mode !== 'deny') || isUsual || sources.length === 0) return [];
  return [atKey(credential.path, `is never looked at in mode ${mode}; remove it, or make the mode required`)];
}
