/**
 * The one table of requests for every front: what each must come to, and where a front cannot express it.
 *
 * The exceptions are told to users in docs/gateways.md, and are nowhere but here.
 */
import type { Asked, Front, Identity } from './support-fronts.ts';

export interface Row {
  readonly asked: Asked;
  /** What the client gets, and what of an identity reaches the upstream; `null`: nothing does. */
  readonly status: number;
  readonly upstream: Identity | null;
  /** Fronts that come to another status; not 200, unless the row says 200 too. */
  readonly but: Exceptions;
}

type Exceptions = Partial<Record<Front, number>>;

/** The rules that the table is about; the tokens are those of `TOKENS`. */
export const RULES = `
scrub: [x-internal-*, x-remote-user, x-original-*, x-rewrite-url]
routes:
  - { name: welcome, match: { paths: [/public/**] }, mode: public }
  - { name: closed, match: { paths: [/closed/**] }, mode: deny }
  - { name: news, match: { paths: [/news] }, mode: optional, upstream: { headers: { x-auth-subject: sub } } }
  - { name: kept, match: { paths: [/kept] }, upstream: { authorization: keep } }
  - { name: audience, match: { paths: [/audience] }, require: { audience: ["https://api.example"] } }
  - name: writes
    match: { hosts: [api.example.com], paths: [/orders/**], methods: [POST, PUT] }
    otherwise: next
    require: { scopes: [orders:write] }
    upstream: { headers: { x-auth-subject: sub } }
  - name: reads
    match: { hosts: [api.example.com], paths: [/orders/**], methods: [GET] }
    require: { scopes: { any: [orders:read, orders:write] } }
    upstream: { headers: { x-auth-subject: sub, x-auth-client: client_id, x-auth-scopes: scope } }
`;

/** `poison` makes the authorization server fail. Whatever is not here is inactive. */
export const TOKENS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  reader: { sub: 'älice', scope: 'orders:read', client_id: 'web', aud: 'https://api.example' },
  writer: { sub: 'b\r\nob', scope: 'orders:write', client_id: 'cli', aud: 'https://other.example' },
  nameless: { scope: 'orders:read' },
  expired: { sub: 'alice', scope: 'orders:read', exp: 1_000_000_000 },
  bound: { sub: 'alice', scope: 'orders:read', cnf: { 'x5t#S256': 'x' } },
};

/** Never reaches an upstream: what clients in this table claim. */
export const CLAIMED = 'mallory';

const READER: Identity = {
  'x-auth-subject': '%C3%A4lice',
  'x-auth-client': 'web',
  'x-auth-scopes': 'orders:read',
};
const NOBODY: Identity = {};

const at = (fronts: readonly Front[], status: number): Exceptions =>
  Object.fromEntries(fronts.map((front) => [front, status]));

// `auth_request` passes on 401 and 403 and makes 500 of all else. deploy/nginx finds the true status again.
const AT_CREDENTIAL = at(['ingress-nginx'], 401);
const AT_REQUEST = at(['ingress-nginx'], 403);
// A 5xx is Envoy's own error over HTTP, which may let pass.
const FAULT = { ...at(['ingress-nginx'], 500), ...at(['envoy over http'], 403) };
// Cannot be told to remove what the configuration does not name: Gatehouse denies.
const UNREMOVABLE = at(
  ['nginx', 'ingress-nginx', 'caddy of Debian', 'caddy of today', 'haproxy', 'traefik'],
  403,
);
// These show look-alikes to Gatehouse; others drop them before they ask.
const DOTS = at(['caddy of Debian', 'haproxy', 'traefik'], 403);
// deploy/envoy refuses them itself.
const UNDERSCORES = { ...DOTS, ...at(['envoy', 'envoy over http'], 400) };
// deploy/envoy normalises paths, so that what is asked about and sent on is another path than the client's.
const NORMALISED = at(['envoy', 'envoy over http'], 403);

const allowed = (asked: Asked, upstream: Identity, but: Exceptions = {}): Row => ({
  asked,
  status: 200,
  upstream,
  but,
});
const refused = (asked: Asked, status: number, but: Exceptions = {}): Row => ({
  asked,
  status,
  upstream: null,
  but,
});

type Header = readonly [string, string];
const bearer = (token: string): Header => ['Authorization', `Bearer ${token}`];
const as = (token: string, ...more: readonly Header[]): Asked => ({ headers: [bearer(token), ...more] });
const claiming = (...names: readonly string[]): readonly Header[] => names.map((name) => [name, CLAIMED]);

const ALLOWS: Readonly<Record<string, Row>> = {
  'a good token (G16, G22)': allowed(as('reader'), READER),
  'HEAD, which GET covers': allowed({ ...as('reader'), method: 'HEAD' }, READER),
  'a body, which goes to the upstream alone': allowed(
    { ...as('writer'), method: 'POST', body: 'x'.repeat(20_000) },
    { 'x-auth-subject': 'b%0D%0Aob' },
  ),
  'a claim with line breaks': allowed(as('writer'), {
    'x-auth-subject': 'b%0D%0Aob',
    'x-auth-client': 'cli',
    'x-auth-scopes': 'orders:write',
  }),
  'no subject to tell of': allowed(as('nameless'), { 'x-auth-scopes': 'orders:read' }),
  'a scheme in odd case (G18)': allowed({ headers: [['authorization', 'bEARER reader']] }, READER),
  'a public route': allowed({ path: '/public/a' }, NOBODY),
  'a public route with a credential, which stays': allowed(
    { ...as('nobodys'), path: '/public/a' },
    { authorization: 'Bearer nobodys' },
  ),
  'an optional route, nobody': allowed({ path: '/news' }, NOBODY),
  'an optional route, somebody': allowed(
    { ...as('reader'), path: '/news' },
    { 'x-auth-subject': '%C3%A4lice' },
  ),
  'a token that is kept': allowed({ ...as('reader'), path: '/kept' }, { authorization: 'Bearer reader' }),
  'a query': allowed({ ...as('reader'), path: '/orders/1?x=%2F&y=a+b' }, READER),
  'a host in capitals with its port': allowed({ ...as('reader'), host: 'API.Example.COM:8443' }, READER),
};

const REFUSALS: Readonly<Record<string, Row>> = {
  'no token (R1)': refused({}, 401),
  'Basic (R2)': refused({ headers: [['Authorization', 'Basic cmVhZGVy']] }, 401),
  'a scheme alone (R4)': refused({ headers: [['Authorization', 'Bearer']] }, 400, AT_CREDENTIAL),
  'two words (R5b)': refused(as('a b'), 400, AT_CREDENTIAL),
  'joined credentials (R3, G17)': refused(as('reader,Bearer writer'), 400, AT_CREDENTIAL),
  'two credentials (R3, G17)': refused(as('reader', bearer('writer')), 400),
  'bytes outside ASCII in the token (R5a)': refused(as('re\xe4der'), 401),
  'over 8 KiB of token (R19)': refused(as('a'.repeat(8_193)), 400),
  'an unknown token (R6, G1)': refused(as('nobodys'), 401),
  'an expired token (R7)': refused(as('expired'), 401),
  'a bound token (R12)': refused(as('bound'), 401),
  'a token for another audience (R8)': refused({ ...as('writer'), path: '/audience' }, 401),
  'a missing scope (R9)': refused({ ...as('reader'), method: 'PUT', body: 'x' }, 403),
  'a token in the query (R24)': refused({ path: '/orders/1?access_token=reader' }, 401),
  'an optional route, a bad token': refused({ ...as('nobodys'), path: '/news' }, 401),
  'a denied route': refused({ ...as('writer'), path: '/closed/a' }, 403),
  'no route': refused({ ...as('writer'), path: '/nowhere' }, 403),
  'a method that is guarded': refused({ ...as('writer'), method: 'DELETE' }, 403),
  'another host': refused({ ...as('reader'), host: 'www.example.com' }, 403),
  'capitals in the path': refused({ ...as('reader'), path: '/Orders/1' }, 403),
  'a server that fails (R17)': refused(as('poison'), 503, FAULT),
};

// A client that says who it is.
const IDENTITY_ATTACKS: Readonly<Record<string, Row>> = {
  'spoofed identity (G16)': allowed(as('nameless', ...claiming('X-Auth-Subject', 'X-AUTH-CLIENT')), {
    'x-auth-scopes': 'orders:read',
  }),
  'spoofed identity on a public route (G16)': allowed(
    { path: '/public/a', headers: claiming('X-Auth-Subject', 'x-auth-scopes') },
    NOBODY,
  ),
  'spoofed identity on an optional route (G16)': allowed(
    { path: '/news', headers: claiming('X-Auth-Subject', 'X-Auth-Client') },
    NOBODY,
  ),
  'an identity header twice (G16)': allowed(
    as('reader', ...claiming('X-Auth-Subject', 'X-Auth-Subject')),
    READER,
  ),
  'look-alikes with underscores (T-1)': allowed(
    as('reader', ...claiming('X_Auth_Subject', 'x-auth_subject')),
    READER,
    UNDERSCORES,
  ),
  'look-alikes with dots (T-1)': allowed(
    as('reader', ...claiming('X.Auth.Subject', 'X-Auth.Subject')),
    READER,
    DOTS,
  ),
  'a scrubbed header': allowed(as('reader', ...claiming('X-Internal-Role')), READER, UNREMOVABLE),
  'identity named as a header of the connection, so that it is dropped': allowed(
    as('reader', ['Connection', 'x-auth-subject']),
    READER,
    at(['caddy of Debian', 'caddy of today', 'haproxy'], 400),
  ),
  'a secret of the door, guessed': refused(
    { path: '/closed/a', headers: claiming('X-Gatehouse-Key', 'X-Authz-Status', 'X-Authz-Authorization') },
    403,
  ),
};

// A client that says what it asks.
const REQUEST_ATTACKS: Readonly<Record<string, Row>> = {
  'a method override (T-13)': allowed(
    as('reader', ...claiming('X-HTTP-Method-Override')),
    READER,
    UNREMOVABLE,
  ),
  'another URI for the application': allowed(
    as('reader', ...claiming('X-Original-URI', 'X-Original-URL', 'X-Rewrite-URL')),
    READER,
    at(['nginx', 'ingress-nginx'], 403),
  ),
  'the URI in the header that the front itself asks with': allowed(
    as('reader', ...claiming('X-Original-URI', 'X-Original-Method')),
    READER,
    at(['ingress-nginx'], 403),
  ),
  'the URI in headers of every front (T-9)': refused(
    {
      path: '/closed/a',
      headers: [
        bearer('writer'),
        ['X-Original-URI', '/public/a'],
        ['X-Original-URL', 'http://api.example.com/public/a'],
        ['X-Forwarded-Uri', '/public/a'],
        ['X-Rewrite-URL', '/public/a'],
        ['X-Envoy-Original-Path', '/public/a'],
      ],
    },
    403,
  ),
  'the method in headers of every front (T-9)': refused(
    {
      method: 'DELETE',
      headers: [bearer('writer'), ['X-Original-Method', 'GET'], ['X-Forwarded-Method', 'GET']],
    },
    403,
  ),
  'the host in headers of every front (T-9)': refused(
    {
      host: 'www.example.com',
      headers: [
        bearer('reader'),
        ['X-Forwarded-Host', 'api.example.com'],
        ['Forwarded', 'host=api.example.com'],
        ['X-Original-Host', 'api.example.com'],
      ],
    },
    403,
  ),
  // With api.example.com in Host. Fronts that cannot tell which of the two an upstream believes refuse it.
  'an absolute URI of another host': refused(
    { ...as('reader'), path: 'http://www.example.com/orders/1' },
    403,
    at(['haproxy', 'ingress-nginx'], 400),
  ),
};

// Paths that a server behind the front might read in another way.
const PATH_ATTACKS: Readonly<Record<string, Row>> = {
  'dot segments': refused({ path: '/public/../closed/1' }, 403),
  'escaped dot segments (T-7)': refused({ path: '/public/%2e%2e/closed/1' }, 403),
  'an encoded slash (T-7)': refused({ path: '/public/..%2fclosed/1' }, 400, AT_REQUEST),
  'a path parameter (T-7)': refused({ path: '/public/..;/closed/1' }, 400, { ...AT_REQUEST, ...NORMALISED }),
  'a backslash (T-7)': refused({ path: '/public/..\\closed' }, 400, { ...AT_REQUEST, ...NORMALISED }),
  'slashes twice': refused({ path: '//closed//1' }, 403),
  'escapes of letters': refused({ path: '/%63losed/1' }, 403),
  'twice escaped': refused({ path: '/public/%252e%252e/closed' }, 400, AT_REQUEST),
  'a bad escape': refused({ path: '/public/%zz' }, 400),
  'an escaped NUL': refused({ path: '/public/%00' }, 400),
  'above the root': refused({ path: '/public/../../closed/1' }, 400, {
    ...NORMALISED,
    ...at(['traefik'], 403),
  }),
};

export const ROWS: Readonly<Record<string, Row>> = {
  ...ALLOWS,
  ...REFUSALS,
  ...IDENTITY_ATTACKS,
  ...REQUEST_ATTACKS,
  ...PATH_ATTACKS,
};
