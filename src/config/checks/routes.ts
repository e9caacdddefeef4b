import { parsePathPattern, rivalNames } from '../../matching/index.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { checkClientList } from './candidates.ts';
import { at, entriesOf, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';
import { checkRequirements } from './requirements.ts';
import { listed, unknownName } from './unknown-name.ts';

export function checkRoutes(root: Raw): readonly Finding[] {
  const routes = itemsOf(at(root, 'routes'));
  return [
    ...checkNames(routes),
    ...checkClients(root, routes),
    ...routes.flatMap((route) => checkClientList(root, route)),
    ...routes.flatMap(checkMode),
    ...routes.flatMap((route) => checkSameNames(at(route, 'match', 'headers'))),
    ...routes.flatMap(checkSegmentNames),
    ...checkRequirements(root, routes),
  ];
}

function checkNames(routes: readonly Raw[]): readonly Finding[] {
  const seen = new Set<string>();
  return routes.flatMap((route) => {
    const name = at(route, 'name');
    const text = textOf(name);
    if (text === null || !seen.has(text)) {
      if (text !== null) seen.add(text);
      return [];
    }
    return [atValue(name.path, `${quoted(text)} is the name of an earlier route; each needs its own`)];
  });
}

/** Every token must have somebody to judge it, and routes may name only who is there. */
function checkClients(root: Raw, routes: readonly Raw[]): readonly Finding[] {
  const clients = at(root, 'clients');
  // A store knows its tenants itself; a `clients` of the wrong shape is refused by itself.
  if (isGiven(at(root, 'clientStore')) || (isGiven(clients) && mapOf(clients) === null)) return [];

  const names = Object.keys(mapOf(clients) ?? {});
  const asking = routes.filter((route) => ['required', 'optional'].includes(textOf(at(route, 'mode')) ?? ''));
  if (names.length === 0 && asking.length > 0)
    return [
      atKey(clients.path, 'holds no client; the least is one with `issuer`, `clientId` and `clientSecret`'),
    ];

  const isChosen = entriesOf(clients).some((client) => isGiven(at(client, 'match')));
  return [
    ...routes.flatMap((route) =>
      itemsOf(at(route, 'client')).flatMap((client) => unknownName(client, names, 'client')),
    ),
    ...asking
      .filter(
        (route) => names.length > 1 && !isChosen && mapOf(route) !== null && !isGiven(at(route, 'client')),
      )
      .map((route) =>
        atKey(
          at(route, 'client').path,
          `is missing; there are ${names.length} clients: ${listed(names)}; name one, or give them a \`match\``,
        ),
      ),
  ];
}

function checkMode(route: Raw): readonly Finding[] {
  const mode = textOf(at(route, 'mode'));
  const anonymous = at(route, 'upstream', 'anonymous');
  if (isGiven(anonymous) && mode !== 'optional')
    return [atKey(anonymous.path, 'is for mode optional only, which lets requests without a token pass')];
  if (mode !== 'public' && mode !== 'deny') return [];

  const found: Finding[] = [];
  const require = at(route, 'require');
  if (isGiven(require))
    found.push(
      atKey(require.path, `is never looked at in mode ${mode}; remove it, or make the mode required`),
    );
  const authorization = at(route, 'upstream', 'authorization');
  if (mode === 'public' && textOf(authorization) === 'strip')
    found.push(atValue(authorization.path, 'is not possible in mode public, which never touches the token'));
  return found;
}

/** Of two paths that match the same request, none may name a segment that the other does not name so. */
function checkSegmentNames(route: Raw): readonly Finding[] {
  const paths = itemsOf(at(route, 'match', 'paths'));
  if (!paths.some((path) => textOf(path)?.includes('{') === true)) return [];
  const patterns = paths.map((path) => parsePathPattern(textOf(path) ?? ''));
  const read = patterns.flatMap((pattern) => (pattern.ok ? [pattern.value] : []));
  const rivals = read.length === paths.length ? rivalNames(read) : null;
  if (rivals === null) return [];
  const [one, other] = rivals.map((pattern) => paths[read.indexOf(pattern)]);
  if (one === undefined || other === undefined) return [];
  const message = `and ${quoted(textOf(one) ?? '')} match the same paths and name their segments differently; write them alike`;
  return [atValue(other.path, `${quoted(textOf(other) ?? '')} ${message}`)];
}

/** Names of headers have no case, so two spellings of one are the same header. */
export function checkSameNames(headers: Raw): readonly Finding[] {
  const seen = new Set<string>();
  return entriesOf(headers).flatMap(({ key, path }) => {
    const name = key.toLowerCase();
    if (seen.has(name)) return [atKey(path, `${quoted(key)} stands here twice, in another case; keep one`)];
    seen.add(name);
    return [];
  });
}
