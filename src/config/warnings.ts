import type { ClientContext, Requirement, RouteMatch, RouteSettings } from '../domain/index.ts';
import { compilePatterns, coversAll } from '../matching/index.ts';
import type { Assembled } from './assemble.ts';
import { atKey, atValue, type Finding } from './finding.ts';
import { isWide, parseAddressRange, staysOnHost } from './schema/addresses.ts';
import { quoted } from './shown.ts';
import { matchWarnings } from './match-warnings.ts';

/** What is permitted, but seldom meant. */
export function warningsOf({ listen, clients, clientMatches, routes }: Assembled): readonly Finding[] {
  return [
    ...listen.http.flatMap(({ trustedPeers }, door) => widePeers(trustedPeers, door)),
    ...clearSecret(listen.admin),
    ...clients.flatMap(weakAuthentication),
    ...clients.flatMap(untypedAnswers),
    ...clients.flatMap((client) => openToAll(client, { clients, clientMatches, routes })),
    ...matchWarnings({ clients, clientMatches, routes }),
    ...(listen.http.length > 0 ? contextRules(routes) : []),
  ];
}

function widePeers(trustedPeers: readonly string[], door: number): readonly Finding[] {
  return trustedPeers.flatMap((text, index) => {
    const range = parseAddressRange(text);
    if (range === null || !isWide(range)) return [];
    const message = `${text} trusts nearly everybody to say what the original request was; name the fronts only`;
    return [atValue(['listen', 'http', door, 'trustedPeers', index], message)];
  });
}

function clearSecret({ address, tls, bearer }: Assembled['listen']['admin']): readonly Finding[] {
  if (bearer === null || tls !== null || staysOnHost(address)) return [];
  const message = 'travels in clear to a door that other hosts can reach; add `tls` beside `auth`';
  return [atKey(['listen', 'admin', 'auth', 'bearer'], message)];
}

function weakAuthentication({ name, authentication }: ClientContext): readonly Finding[] {
  const path = ['clients', name, 'auth'];
  if (authentication.method === 'none')
    return [atValue(path, 'sends no proof of who we are; anybody who knows `clientId` can ask the same')];
  if (!('assertion' in authentication) || authentication.assertion.audience === 'issuer') return [];
  const message =
    'makes assertions for an endpoint instead of the issuer: a server could have us sign for another one; for old servers only';
  return [atValue([...path, 'audience'], message)];
}

function untypedAnswers({ name, introspection }: ClientContext): readonly Finding[] {
  if (introspection.signedAnswers?.takesOldType !== true) return [];
  const message =
    'takes a JWT that does not say what it is for; only for servers that are older than RFC 9701';
  return [atValue(['clients', name, 'introspection', 'jwt', 'typ'], message)];
}

/** A token that was issued for something else altogether would pass (RFC 9700 section 2.3). */
function openToAll(
  client: ClientContext,
  { clients, clientMatches, routes }: Pick<Assembled, 'clients' | 'clientMatches' | 'routes'>,
): readonly Finding[] {
  if (client.introspection.clientSelfOnly) return [];
  const mayBeMeant = clientMatches.size > 0 ? clientMatches.has(client.name) : clients.length === 1;
  const open = routes.filter(
    (route) =>
      route.enforce &&
      (route.mode === 'required' || route.mode === 'optional') &&
      (route.clients.includes(client.name) || (route.clients.length === 0 && mayBeMeant)) &&
      route.require.every(isOpen),
  );
  const [first] = open;
  if (first === undefined) return [];
  const others = open.length > 1 ? ` and ${open.length - 1} more` : '';
  return [
    atKey(
      ['clients', client.name],
      `any active token of its issuer passes on route ${quoted(first.name)}${others}, whomever it was issued for; ` +
        'require an `audience` or `clientIds` there, or set `introspection.clientSelfOnly`',
    ),
  ];
}

/** Neither for whom a token is nor to whom it was given is asked. */
function isOpen({ audience, coversUrl, clientIds }: Requirement): boolean {
  return audience.length === 0 && !coversUrl && clientIds.allowed.length === 0;
}

/** What only Envoy tells over gRPC. */
const OF_GRPC = [
  { key: 'context', what: 'context', isAsked: ({ context }: RouteMatch) => context.size > 0 },
  {
    key: 'serverNames',
    what: 'server name',
    isAsked: ({ serverNames }: RouteMatch) => serverNames.length > 0,
  },
  {
    key: 'routeMetadata',
    what: 'route metadata',
    isAsked: ({ routeMetadata }: RouteMatch) => routeMetadata.size > 0,
  },
  {
    key: 'filterMetadata',
    what: 'dynamic metadata',
    isAsked: ({ filterMetadata }: RouteMatch) => filterMetadata.size > 0,
  },
  {
    key: 'peerPrincipals',
    what: 'principal',
    isAsked: ({ peerPrincipals }: RouteMatch) => peerPrincipals.length > 0,
  },
] as const;

/** HTTP doors bring none of it, so such a rule never fits there. */
function contextRules(routes: readonly RouteSettings[]): readonly Finding[] {
  return routes.flatMap((route, index) => {
    const asked = OF_GRPC.find(({ isAsked }) => isAsked(route.match));
    if (asked === undefined) return [];
    const broader = routes.slice(index + 1).find((later) => isBroader(later, route));
    if (broader === undefined) return [];
    const path = ['routes', index, 'match', asked.key];
    const consequence =
      route.otherwise === 'next'
        ? `requests there go on to ${quoted(broader.name)}`
        : `requests there are denied instead of going on to ${quoted(broader.name)}`;
    return [atKey(path, `never fits at an HTTP door, which has no ${asked.what}; ${consequence}`)];
  });
}

/** Whether a rule's hosts and paths take in everything that another's do. */
function isBroader(broader: RouteSettings, narrower: RouteSettings): boolean {
  const [wide, narrow] = [compilePatterns(broader), compilePatterns(narrower)];
  return wide.ok && narrow.ok && coversAll(wide.value, narrow.value);
}
