import { compileMatch, rivalsAmong } from '../../matching/index.ts';
import { matchOf, tokenFormOf } from '../assemble.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import type { SettingsInput } from '../schema/settings-schema.ts';
import { quoted } from '../shown.ts';
import { toldApartBy, type Tokens } from '../told-apart.ts';
import { at, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';

type Clients = NonNullable<SettingsInput['clients']>;
type Route = SettingsInput['routes'][number];

/** A client's `token` contradicts itself nowhere. */
export function checkTokenForm(client: Raw): readonly Finding[] {
  const token = at(client, 'token');
  if (mapOf(token) === null) return [];
  const [prefix, pattern] = [at(token, 'prefix'), at(token, 'pattern')];
  const [least, most] = [at(token, 'minLength'), at(token, 'maxLength')];
  const found: Finding[] = [];
  if (isGiven(prefix) && isGiven(pattern))
    found.push(
      atKey(token.path, 'has a `prefix` and a `pattern`; keep one, a pattern can begin with the prefix'),
    );
  if (Number(least.value) > Number(most.value))
    found.push(atValue(least.path, 'is over `maxLength`; no token could be so long'));
  return found;
}

/** What can be wrong with a list of clients on a route by itself. */
export function checkClientList(root: Raw, route: Raw): readonly Finding[] {
  const items = itemsOf(at(route, 'client'));
  const names = items.map(textOf);
  const repeated = items.filter(
    (item, index) => textOf(item) !== null && names.indexOf(textOf(item)) < index,
  );
  const found = repeated.map(({ path }) => atValue(path, 'stands here twice; keep one'));
  if (items.length < 2 || !isGiven(at(root, 'clientStore'))) return found;
  const message =
    'names several clients, which only the `clients` of the file can be; name one tenant, or none';
  return [...found, atKey(at(route, 'client').path, message)];
}

/**
 * Where several clients may judge one token, something must tell to whom it belongs: otherwise tokens would be shown to
 * servers that did not issue them.
 */
export function checkCandidates({ clients = {}, routes }: SettingsInput): readonly Finding[] {
  const rivals = rivalsAmong(
    Object.entries(clients).flatMap(([thing, { match }]) => {
      const compiled = match === undefined ? null : compileMatch(matchOf(match));
      return compiled?.ok === true ? [{ thing, match: compiled.value }] : [];
    }),
  );
  // Made once: what a token looks like is worked out for the very object.
  const tokens = new Map(Object.entries(clients).map(([name, client]) => [name, tokensOf(client)]));
  const asking = routes.map((route, index) => ({ route, index })).filter(({ route }) => asks(route));
  return [
    ...asking.flatMap(({ route, index }) => checkNamed(route, index, tokens)),
    ...asking.flatMap(({ route, index }) => checkTryInOrder(route, index, rivals.length > 0)),
    ...checkRivals(
      rivals,
      asking.map(({ route }) => route),
      tokens,
    ),
  ];
}

function checkNamed(
  { client = [], tryInOrder }: Route,
  index: number,
  tokens: TokensByName,
): readonly Finding[] {
  if (tryInOrder) return [];
  const pair = pairsOf(client).find((names) => !areToldApart(names, tokens));
  return pair === undefined ? [] : [atKey(['routes', index, 'client'], alike(pair))];
}

function checkTryInOrder(
  { client = [], tryInOrder }: Route,
  index: number,
  areRivals: boolean,
): readonly Finding[] {
  if (!tryInOrder || client.length > 1 || (client.length === 0 && areRivals)) return [];
  const path = ['routes', index, 'tryInOrder'];
  return [atKey(path, 'has nothing to try: list the clients in `client`, or give several the same `match`')];
}

function checkRivals(
  rivals: readonly Pair[],
  asking: readonly Route[],
  tokens: TokensByName,
): readonly Finding[] {
  const isTriedInOrder = asking.every(({ client = [], tryInOrder }) => tryInOrder || client.length > 0);
  if (isTriedInOrder) return [];
  return rivals
    .filter((names) => !areToldApart(names, tokens))
    .map((names) =>
      atKey(
        ['clients', names[1], 'match'],
        `and that of ${quoted(names[0])} fit the same requests, and ${alike(names)}`,
      ),
    );
}

type TokensByName = ReadonlyMap<string, Tokens>;
type Pair = readonly [earlier: string, later: string];

function alike([one, other]: Pair): string {
  return (
    `nothing tells tokens of ${quoted(one)} and ${quoted(other)} apart; give them different issuers, or a \`token\` with ` +
    'the prefix or pattern of their tokens, or spell out `tryInOrder: true` on the route'
  );
}

function areToldApart([one, other]: Pair, tokens: TokensByName): boolean {
  const [first, second] = [tokens.get(one), tokens.get(other)];
  // A name that leads nowhere is told of by itself.
  if (first === undefined || second === undefined || one === other) return true;
  return toldApartBy(first, second) !== null;
}

function tokensOf({ issuer, acceptIssuers, token }: Clients[string]): Tokens {
  return { issuer: issuer ?? null, acceptIssuers, token: tokenFormOf(token) };
}

function pairsOf(names: readonly string[]): readonly Pair[] {
  return names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));
}

function asks({ mode }: Route): boolean {
  return mode === 'required' || mode === 'optional';
}
