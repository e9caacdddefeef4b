import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { ask, type Reply } from '../gateway/http/ask.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts';
import { type RunningNginx, startNginx } from '../support/nginx.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, steppableClock } from './support-house.ts';

// The whole product: a real authorization server, a house, the real NGINX with the files of deploy/nginx, an upstream.
const clock = steppableClock();
let server: AuthorizationServer;
let house: OpenedHouse;
let upstream: Upstream;
let nginx: RunningNginx;
let plain: RunningNginx;

beforeAll(async () => {
  server = await startAuthorizationServer({ clientSecret: 'secret-of-nginx-test' });
  house = await openAHouse(
    `${EVERY_DOOR}
scrub: [x-internal-*]
clients:
  main: { issuer: "${server.issuer}", clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true }
routes:
  - { name: health, match: { paths: [/healthz] }, mode: public }
  - { name: news, match: { paths: [/news] }, mode: optional, upstream: { headers: { x-auth-subject: sub } } }
  - { name: closed, match: { paths: [/closed] }, mode: deny }
  - { name: kept, match: { paths: [/kept] }, upstream: { authorization: keep } }
  - name: orders
    match: { paths: [/orders/**] }
    require: { scopes: [orders:read], audience: ["https://api.example"] }
    upstream: { headers: { x-auth-subject: sub, x-auth-client: client_id, x-auth-scopes: scope } }
`,
    { environment: { CLIENT_SECRET: 'secret-of-nginx-test' }, clock },
  );
  upstream = await startUpstream();
  const gatehouse = `127.0.0.1:${house.port('http:nginx')}`;
  nginx = await startNginx({ gatehouse, upstreamPort: upstream.port });
  plain = await startNginx({
    gatehouse,
    upstreamPort: upstream.port,
    edits: { 'nginx.conf': (text) => text.replace('include gatehouse-status.conf;', '') },
  });
});

afterAll(async () => {
  await Promise.all([nginx?.stop(), plain?.stop()]);
  await house?.close();
  await Promise.all([upstream?.close(), server?.stop()]);
});

let reached = 0;
beforeEach(() => {
  reached = upstream.requests.length;
});

const get = (path: string, headers: readonly string[] = [], front = nginx): Promise<Reply> =>
  ask({ port: front.port }, { path, headers: ['Host', 'api.example.com', ...headers] });
const bearer = (token: string): readonly string[] => ['Authorization', `Bearer ${token}`];
const isReached = (): boolean => upstream.requests.length > reached;

describe('the whole product behind NGINX', () => {
  it('lets an active token through with identity headers, and without the token (G16, G22)', async () => {
    const token = await server.issueToken({ scope: 'orders:read', subject: 'älice', client: 'web' });
    const reply = await get('/orders/1?x=%2F', [
      ...bearer(token),
      'X-Auth-Subject',
      'mallory',
      'X-Auth-Scopes',
      'root',
    ]);
    expect(reply.status).toBe(200);
    const { path, headers } = upstream.requests.at(-1)!;
    expect({ path, ...headers }).toMatchObject({
      path: '/orders/1?x=%2F',
      'x-auth-subject': '%C3%A4lice',
      'x-auth-client': 'web',
      'x-auth-scopes': 'orders:read',
    });
    expect(headers).not.toHaveProperty('authorization');
  });

  it('lets everybody through where a route says so, never with identity headers of their own (G16, T-1)', async () => {
    const spoofed = ['X-Auth-Subject', 'mallory', 'X-Auth-Client', 'mallory', 'X_Auth_Scopes', 'root'];
    for (const path of ['/healthz', '/news']) {
      expect((await get(path, spoofed)).status).toBe(200);
      expect(JSON.stringify(upstream.requests.at(-1)!.rawHeaders)).not.toMatch(/mallory|root/);
    }
  });

  it('passes the token on where a route says keep', async () => {
    const token = await server.issueToken();
    expect((await get('/kept', bearer(token))).status).toBe(200);
    expect(upstream.requests.at(-1)!.headers['authorization']).toBe(`Bearer ${token}`);
  });

  it.each<[string, string, () => readonly string[] | Promise<readonly string[]>, number, RegExp | null]>([
    ['no credential (R1)', '/orders/1', () => [], 401, /^Bearer realm="gatehouse"$/],
    ['Basic (R2)', '/orders/1', () => ['Authorization', 'Basic dTpw'], 401, /^Bearer realm="gatehouse"$/],
    ['a scheme alone (R4)', '/orders/1', () => ['Authorization', 'Bearer'], 400, /error="invalid_request"/],
    ['two words (R5b)', '/orders/1', () => ['Authorization', 'Bearer a b'], 400, /error="invalid_request"/],
    ['a token nobody issued (R6, G1)', '/orders/1', () => bearer('made-up'), 401, /error="invalid_token"/],
    [
      'a token without the scope (R9)',
      '/orders/1',
      async () => bearer(await server.issueToken()),
      403,
      /error="insufficient_scope".*scope="orders:read"/,
    ],
    [
      'a token for another audience (R8)',
      '/orders/1',
      async () =>
        bearer(await server.issueToken({ scope: 'orders:read', audience: 'https://other.example' })),
      401,
      /error="invalid_token"/,
    ],
    ['a closed route (R21)', '/closed', () => [], 403, null],
    ['no route', '/nowhere', () => [], 403, null],
    ['an ambiguous path (T-7)', '/healthz/..%2forders', () => [], 400, null],
    [
      'a scrubbed header, which NGINX cannot remove',
      '/healthz',
      () => ['X-Internal-Role', 'root'],
      403,
      null,
    ],
  ])(
    'refuses %s, with the status and the challenge that are meant (G22)',
    async (_what, path, headers, status, challenge) => {
      const sent = await headers();
      const reply = await get(path, sent);
      expect(reply.status).toBe(status);
      if (challenge === null) expect(reply.headers).not.toHaveProperty('www-authenticate');
      else expect(reply.headers['www-authenticate']).toMatch(challenge);
      expect(reply.headers['cache-control']).toBe('no-store');
      expect(isReached()).toBe(false);
      // Without the optional file NGINX knows 401 and 403 alone; every refusal of the house is one of them (NGX-1, NGX-3).
      const bare = await get(path, sent, plain);
      expect(bare.status).toBe(challenge === null ? 403 : status === 400 ? 401 : status);
      expect(isReached()).toBe(false);
    },
  );

  it('refuses a token once it is revoked and the time it may be remembered is over', async () => {
    const token = await server.issueToken({ scope: 'orders:read' });
    expect((await get('/orders/1', bearer(token))).status).toBe(200);
    const asked = server.introspections();
    expect((await get('/orders/2', bearer(token))).status).toBe(200);
    expect(server.introspections()).toBe(asked);
    await server.revokeToken(token);
    clock.step(60_001);
    const reply = await get('/orders/1', bearer(token));
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('takes no word of a client for what is asked (NGX-5, T-9)', async () => {
    const token = await server.issueToken({ scope: 'orders:read' });
    const lies = ['X-Original-URI', '/healthz', 'X-Original-Method', 'GET', 'X-Forwarded-Host', 'a'];
    expect((await get('/closed', [...bearer(token), ...lies])).status).toBe(403);
    expect((await get('/_gatehouse', lies)).status).toBe(404);
    expect(isReached()).toBe(false);
  });

  it('answers 503 while the authorization server is away, 500 from a bare NGINX, and never lets through (G22, R17)', async () => {
    const token = await server.issueToken({ scope: 'orders:read' });
    const known = await server.issueToken({ scope: 'orders:read' });
    expect((await get('/orders/1', bearer(known))).status).toBe(200);
    reached = upstream.requests.length;
    await server.stop();
    const reply = await get('/orders/1', bearer(token));
    expect(reply.status).toBe(503);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(reply.headers).not.toHaveProperty('www-authenticate');
    expect((await get('/orders/1', bearer(token), plain)).status).toBe(500);
    expect(isReached()).toBe(false);
    expect((await get('/orders/1', bearer(known))).status).toBe(200);
    await server.start();
  });

  it('is closed when the house itself is gone', async () => {
    const token = await server.issueToken({ scope: 'orders:read' });
    await house.close();
    for (const front of [nginx, plain])
      expect((await get('/orders/1', bearer(token), front)).status).toBe(500);
    expect((await get('/healthz')).status).toBe(500);
    expect(isReached()).toBe(false);
  });
});
