/**
 * A real Envoy, Gatehouse, authorization server and upstream, for tests that ask as a client asks.
 *
 * In: the fronts. Out: `ask`, which gives what the client got and what the upstream saw.
 */
import { randomBytes } from 'node:crypto';

import { ask, type Reply } from '../gateway/http/ask.ts';
import {
  startAuthorizationServer,
  type AuthorizationServer,
  type TokenWish,
} from '../support/authorization-server.ts';
import {
  listenOn,
  startGatehouse,
  type GatehousePorts,
  type RunningGatehouse,
} from '../support/gatehouse.ts';
import { startUpstream, type Upstream, type UpstreamRequest } from '../support/upstream.ts';
import { opening } from './support-envoy-closing.ts';
import { startFronts, type Front, type RunningFronts } from './support-envoy-fronts.ts';

export interface Scene {
  readonly authorizationServer: AuthorizationServer;
  readonly gatehouse: RunningGatehouse;
  readonly upstream: Upstream;
  readonly fronts: RunningFronts;
  readonly token: (name: TokenName) => string;
  /** Every secret of the scene: tokens, and what we authenticate with. None may ever be logged. */
  readonly secrets: readonly string[];
  readonly close: () => Promise<void>;
}

export interface Asked {
  readonly path?: string;
  readonly method?: string;
  /** Name, value, name, value …; a Host is put before them unless they hold one. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

export interface Seen {
  readonly reply: Reply;
  /** `null`: it saw nothing. */
  readonly upstream: UpstreamRequest | null;
}

export type TokenName = keyof typeof WISHES;

export const HOST = 'api.example.com';
export const AUDIENCE = 'https://api.example';

/** What the tokens of a scene say. */
const WISHES = {
  alice: {
    subject: 'alice',
    scope: 'orders:read orders:write',
    claims: { groups: ['staff', 'on call'], department: 'sales' },
  },
  reader: { subject: 'rob', scope: 'orders:read' },
  admin: { subject: 'ada', scope: 'admin' },
  nobody: { scope: 'orders:read' },
  foreign: { subject: 'fay', scope: 'orders:read', audience: 'https://other.example' },
  scopeless: { subject: 'sue' },
  umlaut: {
    subject: ' Zoë ☃ 100%\r\nX-Admin: 1',
    scope: 'orders:read',
    claims: { groups: ['a,admin', 'naïve', '', 'tab\there'] },
  },
  verbose: { subject: 'vic', scope: 'orders:read', claims: { groups: ['x'.repeat(5_000)] } },
  refresh: { subject: 'rita', scope: 'orders:read', claims: { token_use: 'refresh_token' } },
  revoked: { subject: 'ron', scope: 'orders:read' },
} as const satisfies Record<string, TokenWish>;

/** Starts everything. `makeFronts` is told the ports of Gatehouse. */
export function openScene(makeFronts: (ports: GatehousePorts) => readonly Front[]): Promise<Scene> {
  return opening(async ({ open, close }) => {
    const clientSecret = randomBytes(24).toString('base64url');
    const authorizationServer = await open(
      startAuthorizationServer({ clientId: 'gateway', clientSecret }),
      (server) => server.stop(),
    );
    const upstream = await open(startUpstream(), (server) => server.close());
    const gatehouse = await open(
      startGatehouse({
        settings: (ports) => listenOn(ports) + settingsFor(authorizationServer.issuer),
        environment: { GATEHOUSE_CLIENT_SECRET: clientSecret },
      }),
      (instance) => instance.stop(),
    );
    const fronts = await open(startFronts(makeFronts(gatehouse.ports), upstream), (envoy) => envoy.stop());

    const tokens = await issueTokens(authorizationServer);
    const token = (name: TokenName): string => tokens.get(name) ?? '';
    await authorizationServer.revokeToken(token('revoked'));
    const secrets = [clientSecret, ...tokens.values()];
    return { authorizationServer, gatehouse, upstream, fronts, token, secrets, close };
  });
}

async function issueTokens(server: AuthorizationServer): Promise<ReadonlyMap<string, string>> {
  const wishes = Object.entries<TokenWish>(WISHES);
  return new Map(
    await Promise.all(
      wishes.map(
        async ([name, wish]) => [name, await server.issueToken({ audience: AUDIENCE, ...wish })] as const,
      ),
    ),
  );
}

/** One request through a front, one at a time. */
export async function askThrough(
  { fronts, upstream }: Pick<Scene, 'fronts' | 'upstream'>,
  front: string,
  { path = '/orders/1', method = 'GET', headers = [], body }: Asked,
): Promise<Seen> {
  const before = upstream.requests.length;
  const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  const reply = await ask(
    { port: fronts.port(front) },
    {
      method,
      path,
      headers: [
        ...(hasHost ? [] : ['Host', HOST]),
        ...(body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]),
        ...headers,
      ],
      ...(body === undefined ? {} : { body }),
    },
  );
  return { reply, upstream: upstream.requests[before] ?? null };
}

export const bearer = (token: string): readonly string[] => ['Authorization', `Bearer ${token}`];

/** Every value of one header at the upstream, in order. */
export function valuesOf({ rawHeaders }: UpstreamRequest, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

const IDENTITY = `{ x-auth-subject: sub, x-auth-client: client_id, x-auth-scopes: scope, x-auth-groups: { claim: groups, join: "," } }`;

function settingsFor(issuer: string): string {
  return `
log: { level: debug }
wait: { max: 3s }
clients:
  default:
    issuer: ${issuer}
    allowHttp: true
    clientId: gateway
    clientSecret: { env: GATEHOUSE_CLIENT_SECRET }
# Not the headers that routes set: those are ours anyway.
scrub: [x-auth-unheard*]
routes:
  - name: internal
    match: { hosts: [internal.example.com] }
    require: { scopes: [admin] }
  - name: public
    match: { paths: [/public/**] }
    mode: public
  - name: optional
    match: { paths: [/optional/**] }
    mode: optional
    upstream: { headers: { x-auth-subject: sub } }
  - name: gold
    match: { paths: [/reports/**], context: { tier: gold } }
    mode: public
  - name: versioned
    match: { paths: [/versioned/**], headers: { x-api-version: ["2"] } }
    mode: public
  - name: orders
    match: { paths: [/orders/**], methods: [GET, POST] }
    require: { scopes: [orders:read], audience: ["${AUDIENCE}"] }
    upstream: { headers: ${IDENTITY} }
  - name: orders-write
    match: { paths: [/writes/**] }
    require: { scopes: [orders:read, orders:write] }
    upstream: { headers: ${IDENTITY} }
  - name: kept
    match: { paths: [/kept/**] }
    upstream: { headers: { x-auth-subject: sub }, authorization: keep, metadata: all }
  - name: silent
    match: { paths: [/silent/**] }
    upstream: { metadata: none }
  - name: slashes
    match: { paths: ["/files/*"] }
    mode: public
    path: { encodedSlash: allow, semicolon: allow }
  - name: admin
    match: { paths: [/admin/**] }
    require: { scopes: [admin] }
  - name: denied
    match: { paths: [/denied/**] }
    mode: deny
`;
}
