import {
  type ActiveIntrospection,
  bytes,
  type ClientContext,
  epochSeconds,
  type Json,
  milliseconds,
  monotonicMilliseconds,
  type RequestContext,
  type RequestHeaders,
  type RouteMatch,
  Secret,
} from '../../src/domain/index.ts';

/** Ordinary values; a test names the one that differs. Time is NOON. */
export const NOON = Date.UTC(2026, 0, 5, 12) / 1000;

export function aClient(differing: Partial<ClientContext> = {}): ClientContext {
  return {
    name: 'main',
    issuer: 'https://idp.example',
    metadataUrl: null,
    connectTo: null,
    acceptIssuers: [],
    endpointOrigins: [],
    clientId: 'gateway',
    authentication: { method: 'automatic', secret: new Secret('s3cret') },
    secretGrace: milliseconds(600_000),
    introspection: {
      endpoint: null,
      timeout: milliseconds(5_000),
      retry: false,
      tokenTypeHint: null,
      tokenParameter: 'token',
      params: new Map(),
      headers: new Map(),
      facts: { params: new Map(), headers: new Map() },
      maxAnswer: bytes(65_536),
      clientSelfOnly: false,
      signedAnswers: null,
    },
    tls: { ca: null, minVersion: 'TLSv1.2' },
    token: null,
    filter: null,
    allowAddresses: [],
    limits: { concurrent: 64, queue: 256 },
    cache: null,
    budget: {
      all: { burst: 3_000, perSecond: 300 },
      source: { burst: 1_000, perSecond: 100 },
      beyond: 503,
    },
    allowHttp: false,
    required: false,
    ...differing,
  };
}

/** Matches everything but for what a test names. */
export function aMatch(differing: Partial<RouteMatch> = {}): RouteMatch {
  return {
    hosts: [],
    paths: [],
    methods: [],
    headers: new Map(),
    context: new Map(),
    serverNames: [],
    routeMetadata: new Map(),
    filterMetadata: new Map(),
    clientAddresses: [],
    peerPrincipals: [],
    ...differing,
  };
}

/** Our secret at the authorization server; `null` for a client that has none. */
export function secretOf(client: ClientContext | undefined): string | null {
  const authentication = client?.authentication;
  return authentication !== undefined && 'secret' in authentication ? authentication.secret.reveal() : null;
}

/** Header lines as a client would send them; names may repeat. */
export function headersOf(lines: readonly (readonly [string, string])[]): RequestHeaders {
  const lower = lines.map(([name, value]) => [name.toLowerCase(), value] as const);
  const names = lower.map(([name]) => name);
  return {
    values: (name) => lower.filter(([candidate]) => candidate === name).map(([, value]) => value),
    names,
    oddNames: names.filter((name) => /[_.]/.test(name)),
  };
}

export function aRequest(
  differing: Partial<Omit<RequestContext, 'headers'>> & {
    headers?: readonly (readonly [string, string])[];
  } = {},
): RequestContext {
  const { headers = [], ...rest } = differing;
  return {
    door: 'grpc',
    requestId: 'request-1',
    method: 'GET',
    path: '/orders/1',
    host: 'api.example.com',
    scheme: 'https',
    headers: headersOf(headers),
    contextExtensions: new Map(),
    clientAddress: null,
    serverName: null,
    peerPrincipal: null,
    routeMetadata: {},
    filterMetadata: {},
    waitUntil: monotonicMilliseconds(Number.MAX_SAFE_INTEGER),
    ...rest,
  };
}

export function anActiveIntrospection(
  differing: Partial<ActiveIntrospection> = {},
  claims: Readonly<Record<string, Json>> = {},
): ActiveIntrospection {
  const all: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [member, value] of Object.entries({
    active: true,
    sub: 'alice',
    client_id: 'web',
    scope: 'orders:read',
    aud: 'https://api.example',
    iss: 'https://idp.example',
    exp: NOON + 60,
    ...claims,
  })) {
    all[member] = value;
  }
  return {
    kind: 'active',
    subject: 'alice',
    clientId: 'web',
    username: null,
    issuer: 'https://idp.example',
    tokenType: null,
    scopes: ['orders:read'],
    audiences: ['https://api.example'],
    expiresAt: epochSeconds(NOON + 60),
    notBefore: null,
    issuedAt: null,
    claims: all,
    ...differing,
  };
}
