import { resolve } from 'node:path';
import {
  type ClientCacheTimes,
  type ClientContext,
  type ClientMatches,
  type ConnectTo,
  type CredentialSettings,
  type CredentialSource,
  type DoorTls,
  type InactiveBudget,
  milliseconds,
  type RouteMatch,
  type RouteSettings,
  Secret,
  type TokenFilter,
  type TokenForm,
  type UpstreamSettings,
} from '../domain/index.ts';
import { authenticationOf } from './client-authentication.ts';
import { clientStoreOf } from './client-store-of.ts';
import { clientTlsOf } from './client-tls.ts';
import { introspectionOf } from './introspection-settings.ts';
import { metadataOverridesOf } from './metadata-overrides.ts';
import { proxyOf } from './outbound-proxy.ts';
import { redisSettingsOf } from './redis-settings.ts';
import type { TextReference } from './reference-source.ts';
import type { References } from './references.ts';
import { requirementOf } from './requirement-of.ts';
import { STANDARD_JOIN, standardAuthorization } from './schema/routes.ts';
import type { SettingsInput } from './schema/settings-schema.ts';
import type {
  AdminDoorSettings,
  GrpcDoorSettings,
  HttpDoorSettings,
  Settings,
  SharedCacheSettings,
} from './settings.ts';

type ListenInput = SettingsInput['listen'];
type GrpcDoorInput = ListenInput['grpc'][number];
type HttpDoorInput = ListenInput['http'][number];
type ClientInput = NonNullable<SettingsInput['clients']>[string];
type RouteInput = SettingsInput['routes'][number];

/** What Settings gets from the values of the file; the rest is known only to who read it. */
export type Assembled = Omit<Settings, 'generation' | 'warnings' | 'files' | 'effective'>;

type Sources = Pick<References, 'textOf' | 'pemOf'>;

/**
 * A faultless file in the words of the domain.
 * @param folder of the file: relative paths start there.
 */
export function assemble(input: SettingsInput, sources: Sources, folder: string): Assembled {
  const { listen, drain, log, metrics, realm, wait, scrub, clientAddress, discovery, cache } = input;
  const keys = (cache.keys ?? []).map((key) => secretOf(key, sources));
  return {
    listen: {
      grpc: listen.grpc.map((door) => grpcDoorOf(door, sources)),
      http: listen.http.map((door) => httpDoorOf(door, sources)),
      health: listen.health ?? null,
      admin: adminDoorOf(listen.admin, sources),
    },
    drain,
    log,
    metrics,
    realm,
    wait,
    scrub: scrub.map((pattern) => pattern.toLowerCase()),
    clientAddress,
    clients: Object.entries(input.clients ?? {}).map(([name, client]) => clientOf(name, client, sources)),
    clientMatches: clientMatchesOf(input.clients ?? {}),
    clientStore:
      input.clientStore === undefined
        ? null
        : clientStoreOf(input.clientStore, sources, { folder, cacheKeys: keys }),
    unknownClient: input.unknownClient,
    discovery,
    cache: {
      keys,
      active: cache.active,
      inactive: cache.inactive,
      stale: milliseconds(Math.max(0, ...input.routes.map(({ stale }) => stale))),
      shared: cache.shared === undefined ? null : sharedOf(cache.shared, sources, folder),
    },
    routes: input.routes.map((route) => routeOf(route, input.requirements)),
  };
}

function grpcDoorOf({ address, transport, tls }: GrpcDoorInput, sources: Sources): GrpcDoorSettings {
  return { address, transport, tls: doorTlsOf(tls, sources) };
}

function httpDoorOf(door: HttpDoorInput, sources: Sources): HttpDoorSettings {
  const { address, profile, pathPrefix, trustedPeers, secretHeader, timeout, connections, tls } = door;
  return {
    address,
    profile,
    pathPrefix,
    trustedPeers,
    secretHeader:
      secretHeader === undefined
        ? null
        : { name: secretHeader.name.toLowerCase(), value: secretOf(secretHeader.value, sources) },
    timeout,
    connections,
    tls: doorTlsOf(tls, sources),
  };
}

function adminDoorOf({ address, tls, auth }: ListenInput['admin'], sources: Sources): AdminDoorSettings {
  return {
    address,
    tls: doorTlsOf(tls, sources),
    bearer: auth === undefined ? null : secretOf(auth.bearer, sources),
  };
}

function doorTlsOf(tls: GrpcDoorInput['tls'], { pemOf }: Sources): DoorTls | null {
  if (tls === undefined) return null;
  const { cert, key, clientCa, allowedPeers } = tls;
  return {
    cert: pemOf(cert),
    key: new Secret(pemOf(key)),
    clientCa: clientCa === undefined ? null : pemOf(clientCa),
    ...(allowedPeers === undefined ? {} : { allowedPeers }),
  };
}

/** One client, of the file or of a record. */
export function clientOf(name: string, client: ClientInput, sources: Sources): ClientContext {
  const { issuer, metadataUrl, tls } = client;
  return {
    name,
    issuer: issuer ?? null,
    metadataUrl: metadataUrl ?? null,
    ...(client.metadataOverrides === undefined
      ? {}
      : { metadataOverrides: metadataOverridesOf(client.metadataOverrides) }),
    connectTo: connectToOf(client.connectTo),
    ...(client.proxy === undefined ? {} : { proxy: proxyOf(client.proxy, sources) }),
    acceptIssuers: client.acceptIssuers,
    endpointOrigins: client.endpointOrigins,
    clientId: sources.textOf(client.clientId),
    authentication: authenticationOf(client, sources.textOf),
    ...previousOf(client, sources),
    secretGrace: client.secretGrace,
    introspection: introspectionOf(client, sources),
    tls: clientTlsOf(tls, sources),
    token: tokenFormOf(client.token),
    filter: tokenFilterOf(client.token),
    allowAddresses: client.allowAddresses,
    limits: { concurrent: client.limits.concurrent, queue: client.limits.queue },
    budget: budgetOf(client.limits.inactive),
    cache: clientCacheOf(client.cache),
    allowHttp: client.allowHttp,
    required: client.required,
  };
}

function budgetOf({ burst, perSecond, source, beyond }: ClientInput['limits']['inactive']): InactiveBudget {
  return { all: { burst, perSecond }, source, beyond };
}

function clientCacheOf(cache: ClientInput['cache']): ClientCacheTimes | null {
  if (cache === undefined) return null;
  return { active: cache.active?.max ?? null, inactive: cache.inactive?.max ?? null };
}

/** Named in the settings, so that it stays until it is removed there. */
function previousOf(
  { previousSecret, ...client }: ClientInput,
  { textOf }: Sources,
): Pick<ClientContext, 'previous'> {
  if (previousSecret === undefined) return {};
  const authentication = authenticationOf({ ...client, clientSecret: previousSecret }, textOf);
  return { previous: { authentication, until: null } };
}

function connectToOf(connectTo: ClientInput['connectTo']): ConnectTo | null {
  if (connectTo === undefined) return null;
  const { host, port, serverName } = connectTo;
  return { host, port: port ?? null, serverName: serverName ?? null };
}

export function tokenFormOf(token: ClientInput['token']): TokenForm | null {
  const { prefix, pattern } = token ?? {};
  if (pattern !== undefined) return { kind: 'pattern', pattern };
  return prefix === undefined ? null : { kind: 'prefixes', prefixes: prefix };
}

/** A form alone needs no filter. */
function tokenFilterOf(token: ClientInput['token']): TokenFilter | null {
  if (token === undefined) return null;
  const { prefix, minLength, maxLength, characters = null, checksum } = token;
  if (minLength === 1 && maxLength === TOKEN_LENGTH_MAX && characters === null && checksum === undefined)
    return null;
  return {
    minLength,
    maxLength,
    characters,
    checksum: checksum === undefined ? null : { kind: checksum, prefixes: prefix ?? [] },
  };
}

/** Of any credential (design, section 6). */
const TOKEN_LENGTH_MAX = 8_192;

function clientMatchesOf(clients: NonNullable<SettingsInput['clients']>): ClientMatches {
  return new Map(
    Object.entries(clients).flatMap(([name, { match }]) =>
      match === undefined ? [] : [[name, matchOf(match)]],
    ),
  );
}

function sharedOf(
  { redis, module, timeout, coalesce }: NonNullable<SettingsInput['cache']['shared']>,
  sources: Sources,
  folder: string,
): SharedCacheSettings {
  const store =
    module === undefined
      ? ({ kind: 'redis', redis: redisSettingsOf(checked(redis), sources) } as const)
      : ({ kind: 'module', path: resolve(folder, module) } as const);
  return { store, timeout, coalesce };
}

function secretOf(reference: TextReference, { textOf }: Sources): Secret {
  return new Secret(textOf(reference));
}

function routeOf(route: RouteInput, named: SettingsInput['requirements']): RouteSettings {
  const { name, match, otherwise, client, tryInOrder, mode, path, require, upstream } = route;
  return {
    name,
    match: matchOf(match),
    otherwise,
    clients: client ?? [],
    tryInOrder,
    mode,
    enforce: route.enforce,
    path,
    credential: credentialOf(route.credential),
    age: { freshness: route.freshness ?? null, stale: route.stale },
    require: (require ?? []).map((item) =>
      requirementOf(typeof item === 'string' ? checked(named[item]) : item),
    ),
    upstream: upstreamOf(upstream, mode),
  };
}

export function matchOf(match: RouteInput['match']): RouteMatch {
  const { hosts, paths, methods, headers, context, serverNames } = match;
  return {
    hosts: hosts ?? [],
    paths: paths ?? [],
    methods: methods ?? [],
    headers: new Map(Object.entries(headers ?? {}).map(([name, values]) => [name.toLowerCase(), values])),
    context: new Map(Object.entries(context ?? {})),
    serverNames: serverNames ?? [],
    routeMetadata: metadataOf(match.routeMetadata),
    filterMetadata: metadataOf(match.filterMetadata),
    clientAddresses: match.clientAddresses ?? [],
    peerPrincipals: match.peerPrincipals ?? [],
  };
}

/** `null` for the usual place. */
function credentialOf({ from, origins }: RouteInput['credential']): CredentialSettings | null {
  if (from.length === 1 && from[0] === 'header') return null;
  return { from: from.map(sourceOf), origins: origins ?? [] };
}

function sourceOf(source: RouteInput['credential']['from'][number]): CredentialSource {
  if (typeof source === 'string') return { kind: 'authorization' };
  const { header, cookie, websocketProtocol, query } = source;
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
  if (cookie !== undefined) return { kind: 'cookie', name: cookie };
  if (websocketProtocol !== undefined) return { kind: 'websocketProtocol', prefix: websocketProtocol };
  return { kind: 'query', name: checked(query) };
}

function metadataOf(demanded: RouteInput['match']['routeMetadata']): RouteMatch['routeMetadata'] {
  return new Map(
    Object.entries(demanded ?? {}).map(([namespace, members]) => [
      namespace,
      new Map(Object.entries(members)),
    ]),
  );
}

function upstreamOf(
  { headers, anonymous, authorization, metadata }: RouteInput['upstream'],
  mode: RouteInput['mode'],
): UpstreamSettings {
  return {
    headers: Object.entries(headers).map(([name, source]) => ({
      name: name.toLowerCase(),
      claim: typeof source === 'string' ? [source] : source.claim,
      join: typeof source === 'string' ? STANDARD_JOIN : source.join,
    })),
    anonymous: anonymous?.toLowerCase() ?? null,
    authorization: authorization ?? standardAuthorization(mode),
    metadata,
  };
}

/** What checks/ has seen to be there. An absent requirement must never become one that demands nothing. */
function checked<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('a setting is missing that was checked before');
  return value;
}
