/**
 * A real authorization server, oidc-provider, on a loopback port of its own: opaque tokens for client credentials,
 * introspection, revocation. Used by tests and by the demo; Node runs this file as it is.
 *
 * Never: a line on standard output; a token lost over `stop` and `start`, as over a restart with a database.
 */
import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

import type { AuthenticationMethod } from '../../src/domain/index.ts';

export interface AuthorizationServer {
  /** `http://127.0.0.1:port`, https with `tls`; its metadata is at the OpenID well-known place. */
  readonly issuer: string;
  readonly port: number;
  /** Issues an opaque access token over the token endpoint. Not while stopped. */
  readonly issueToken: (wish?: TokenWish) => Promise<string>;
  /** RFC 7009, over the revocation endpoint. */
  readonly revokeToken: (token: string) => Promise<void>;
  /** Requests to the introspection endpoint since the beginning. */
  readonly introspections: () => number;
  /** Requests to one path since the beginning, query left out. */
  readonly requestsTo: (path: string) => number;
  /** From now on has these private keys: the first that goes with an algorithm signs, all are published. */
  readonly changeKeys: (keys: readonly PublishedKey[]) => Promise<void>;
  /** From now on knows who may introspect by these members of its registration, such as another `client_secret`. */
  readonly changeClient: (differing: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Takes no connections until `start`. Fine to call twice. */
  readonly stop: () => Promise<void>;
  /** On the same port, with the same tokens. */
  readonly start: () => Promise<void>;
}

/** A private JWK with `kid` and `alg`. */
export type PublishedKey = JsonWebKey & { readonly kid: string; readonly alg: string };

export interface AuthorizationServerSettings {
  /** Who may introspect; `gateway` if left out. */
  readonly clientId?: string;
  /** Random if left out. */
  readonly clientSecret?: string;
  /** `client_secret_basic` if left out. */
  readonly authentication?: AuthenticationMethod;
  /** Further members of its registration (RFC 7591), such as `jwks`. */
  readonly registration?: Readonly<Record<string, unknown>>;
  /** What it signs with; one P-256 key if left out. */
  readonly keys?: readonly PublishedKey[];
  /** 0, a free one, if left out. */
  readonly port?: number;
  /** Serves https, asks callers for a certificate and lets clients authenticate with it. */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** Whose certificates are trusted: that of callers, and our own. */
    readonly ca: string;
  };
}

export interface TokenWish {
  /** Space-separated or a list; none if left out. */
  readonly scope?: string | readonly string[];
  /** `sub` of the answer; left out: none, as is usual for client credentials. */
  readonly subject?: string;
  /** The client it is issued to: any name. `web` if left out. */
  readonly client?: string;
  /** `aud` of the answer; `https://api.example` if left out. */
  readonly audience?: string;
  readonly lifetimeSeconds?: number;
  /** Further members of the answer. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export const INTROSPECTION_PATH = '/token/introspection';

export async function startAuthorizationServer(
  settings: AuthorizationServerSettings = {},
): Promise<AuthorizationServer> {
  let gateway: RegisteredClient = {
    ...settings.registration,
    client_id: settings.clientId ?? 'gateway',
    client_secret: settings.clientSecret ?? newSecret(),
    token_endpoint_auth_method: settings.authentication ?? 'client_secret_basic',
  };
  const appSecret = newSecret();
  const counts = new Map<string, number>();
  const { tls } = settings;
  const door = createDoor(settings.port ?? 0, tls);
  await door.start();
  const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${door.port()}`;
  const stored: Stored = new Map();
  let keys = settings.keys ?? [aKey('signing')];
  await renew();

  const requestsTo = (path: string): number => counts.get(path) ?? 0;
  return {
    issuer,
    port: door.port(),
    issueToken,
    revokeToken,
    introspections: () => requestsTo(INTROSPECTION_PATH),
    requestsTo,
    async changeKeys(next) {
      keys = next;
      await renew();
    },
    async changeClient(differing) {
      gateway = { ...gateway, ...differing };
      await renew();
    },
    stop: door.stop,
    start: door.start,
  };

  /** A provider of its own for each set of keys and each registration, over one store. */
  async function renew(): Promise<void> {
    const answer = await createProvider({ issuer, gateway, appSecret, keys, stored });
    door.serve((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      counts.set(path, (counts.get(path) ?? 0) + 1);
      answer(request, response);
    });
  }

  async function issueToken(wish: TokenWish = {}): Promise<string> {
    const { scope = '', audience = 'https://api.example', client = 'web' } = wish;
    const response = await post(
      '/token',
      client,
      {
        grant_type: 'client_credentials',
        scope: typeof scope === 'string' ? scope : scope.join(' '),
        resource: audience,
      },
      wish,
    );
    const body = JSON.parse(response.body) as { readonly access_token?: unknown };
    if (typeof body.access_token !== 'string') throw new Error(`no token was issued: ${response.body}`);
    return body.access_token;
  }

  async function revokeToken(token: string): Promise<void> {
    const response = await post('/token/revocation', 'web', { token });
    if (response.status !== 200)
      throw new Error(`the token was not revoked: ${response.status} ${response.body}`);
  }

  /** On a connection of its own: one that was kept alive would not outlive `stop`. */
  function post(
    path: string,
    client: string,
    form: Readonly<Record<string, string>>,
    wish: TokenWish = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    const credentials = Buffer.from(`${encodeURIComponent(client)}:${appSecret}`).toString('base64');
    const headers = {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/x-www-form-urlencoded',
      [WISH]: encodeURIComponent(JSON.stringify(wish)),
    };
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers, agent: false, ...(tls === undefined ? {} : { ca: tls.ca }) };
      const ask = tls === undefined ? httpRequest : httpsRequest;
      const asked = ask(issuer + path, options, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.on('error', reject);
      asked.end(new URLSearchParams(form).toString());
    });
  }
}

interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly token_endpoint_auth_method: string;
}

/** The little we use of oidc-provider, which comes without types. */
type Provider = new (issuer: string, configuration: object) => { readonly callback: () => RequestListener };
interface ProviderContext {
  readonly get: (header: string) => string;
}

/** Carries what a token shall say to the hooks below. */
const WISH = 'x-token-wish';

interface ProviderParts {
  readonly issuer: string;
  readonly gateway: RegisteredClient;
  readonly appSecret: string;
  readonly keys: readonly PublishedKey[];
  readonly stored: Stored;
}

async function createProvider(parts: ProviderParts): Promise<RequestListener> {
  const { issuer, gateway, appSecret, keys, stored } = parts;
  const library: string = 'oidc-provider';
  const { default: Provider } = (await import(library)) as { readonly default: Provider };
  const noGrants = { redirect_uris: [], response_types: [] };

  const provider = new Provider(issuer, {
    // Any other name is a client that may be issued tokens, so that tests need not register theirs.
    adapter: createAdapterFactory(stored, (id) =>
      id === gateway.client_id
        ? { ...noGrants, grant_types: [], ...gateway }
        : { ...noGrants, client_id: id, client_secret: appSecret, grant_types: ['client_credentials'] },
    ),
    // What nobody registers is signed with what there is.
    clientDefaults: {
      id_token_signed_response_alg: keys[0]?.alg ?? 'ES256',
      introspection_signed_response_alg: keys[0]?.alg ?? 'ES256',
    },
    enabledJWA: { introspectionSigningAlgValues: SIGNATURES },
    clientAuthMethods: AUTHENTICATION_METHODS,
    cookies: { keys: [newSecret()] },
    jwks: { keys: keys.map((key) => ({ ...key, use: 'sig' })) },
    extraTokenClaims: (context: ProviderContext) => {
      const { subject, claims } = wishOf(context);
      return { ...claims, ...(subject === undefined ? {} : { sub: subject }) };
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      encryption: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      mTLS: MUTUAL_TLS,
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (context: ProviderContext, audience: string) => {
          const { scope = '', lifetimeSeconds = 3_600 } = wishOf(context);
          return {
            audience,
            scope: typeof scope === 'string' ? scope : scope.join(' '),
            accessTokenFormat: 'opaque',
            accessTokenTTL: lifetimeSeconds,
          };
        },
      },
    },
    ttl: {
      ClientCredentials: (
        _context: unknown,
        token: { readonly resourceServer?: { readonly accessTokenTTL: number } },
      ) => token.resourceServer?.accessTokenTTL ?? 3_600,
    },
  });
  return provider.callback();
}

const SIGNATURES = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA', 'HS256'];

const AUTHENTICATION_METHODS: readonly AuthenticationMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
];

interface TlsContext {
  readonly socket: TLSSocket;
}

/** Asked only for clients that are registered for it. */
const MUTUAL_TLS = {
  enabled: true,
  tlsClientAuth: true,
  selfSignedTlsClientAuth: true,
  getCertificate: ({ socket }: TlsContext) => socket.getPeerX509Certificate()?.toString(),
  certificateAuthorized: ({ socket }: TlsContext) => socket.authorized,
  certificateSubjectMatches: ({ socket }: TlsContext, property: string, expected: string) =>
    property === 'tls_client_auth_san_dns' &&
    socket.getPeerX509Certificate()?.checkHost(expected) !== undefined,
};

/** A new P-256 key. */
export function aKey(kid: string): PublishedKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256' };
}

function wishOf(context: ProviderContext): TokenWish {
  const text = context.get(WISH);
  return text === '' ? {} : (JSON.parse(decodeURIComponent(text)) as TokenWish);
}

/** What oidc-provider keeps; it outlives `stop`, and a change of keys. */
type Stored = Map<string, object>;

function createAdapterFactory(stored: Stored, clientOf: (id: string) => object) {
  return (model: string) => ({
    find: async (id: string) => (model === 'Client' ? clientOf(id) : stored.get(`${model} ${id}`)),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    upsert: async (id: string, payload: object) => void stored.set(`${model} ${id}`, payload),
    destroy: async (id: string) => void stored.delete(`${model} ${id}`),
    consume: async () => undefined,
    revokeByGrantId: async () => undefined,
  });
}

/** A port that can be closed and opened again. */
function createDoor(wishedPort: number, tls: AuthorizationServerSettings['tls']) {
  let port = wishedPort;
  let listener: RequestListener = (_request, response) => void response.writeHead(503).end();
  let server: Server | null = null;

  async function start(): Promise<void> {
    if (server !== null) return;
    const answer: RequestListener = (request, response) => listener(request, response);
    const opened =
      tls === undefined
        ? createServer(answer)
        : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, answer);
    server = opened;
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen(port, '127.0.0.1', resolve);
    });
    port = (opened.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    const closing = server;
    server = null;
    if (closing === null) return;
    await new Promise<void>((resolve) => {
      closing.close(() => resolve());
      closing.closeAllConnections();
    });
  }

  return { start, stop, port: () => port, serve: (answer: RequestListener) => void (listener = answer) };
}

const newSecret = (): string => randomBytes(24).toString('base64url');
