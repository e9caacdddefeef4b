import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type Decision, milliseconds, Secret } from '../../../src/domain/index.ts';
import { eventually } from '../../support/processes.ts';
import { startNginx, type RunningNginx } from '../../support/nginx.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { ask, exchange } from './ask.ts';
import { aDenial, aFault, anAllow, mutations, openDoor, type OpenedDoor, unguessable } from './builders.ts';

// The real NGINX with the files of deploy/nginx, a door of ours behind it, and a check that says what the test wants.
const KEY = unguessable();
let upstream: Upstream;
let opened: OpenedDoor;
let nginx: RunningNginx;
let verdict: (path: string) => Decision | Promise<Decision>;
/** Every connection that the door took. */
const connections: Socket[] = [];
const noticeConnection = (message: unknown): void => {
  const { socket } = message as { readonly socket: Socket };
  if (socket.localPort === opened.port) connections.push(socket);
};

beforeAll(async () => {
  subscribe('net.server.socket', noticeConnection);
  upstream = await startUpstream();
  opened = await openDoor((context) => verdict(context.path), {
    secretHeader: { name: 'x-gatehouse-key', value: new Secret(KEY) },
    timeout: milliseconds(200),
  });
  nginx = await startNginx({
    gatehouse: `127.0.0.1:${opened.port}`,
    upstreamPort: upstream.port,
    edits: {
      'gatehouse-auth.conf': (text) =>
        text.replace(/# include gatehouse-key\.conf;.*/, `proxy_set_header X-Gatehouse-Key "${KEY}";`),
    },
  });
});

afterAll(async () => {
  unsubscribe('net.server.socket', noticeConnection);
  await nginx?.stop();
  await opened?.door.close(milliseconds(0));
  await upstream?.close();
});

beforeEach(() => {
  verdict = () => anAllow();
});

function get(path = '/orders/1', ...headers: readonly string[]) {
  return ask({ port: nginx.port }, { path, headers: ['Host', 'api.example.com', ...headers] });
}

describe('an allow through NGINX', () => {
  it("reaches the upstream with the identity headers, and without the client's own (G16, T-1, NGX-4)", async () => {
    const reply = await get(
      '/orders/1',
      ...['X-Auth-Subject', 'mallory', 'x-auth-client', 'mallory', 'X-Auth-Scopes', 'admin'],
      ...['X_Auth_Subject', 'mallory', 'X.Auth.Subject', 'mallory', 'Authorization', 'Bearer t'],
    );
    expect(reply.status).toBe(200);
    const { headers } = upstream.requests.at(-1)!;
    expect(headers['x-auth-subject']).toBe('alice');
    expect(headers).not.toHaveProperty('x-auth-client');
    expect(headers).not.toHaveProperty('x-auth-scopes');
    expect(JSON.stringify(headers)).not.toContain('mallory');
    for (const name of Object.keys(reply.headers)) expect(name).not.toMatch(/^(x-auth|www-)/);
  });

  it.each([
    ['is taken off', 'strip', undefined],
    ['is passed on', 'keep', 'Bearer t'],
  ] as const)('Authorization %s where the rule says %s', async (_what, authorization, expected) => {
    verdict = () => anAllow({ mutations: mutations({ authorization }) });
    await get('/orders/1', 'Authorization', 'Bearer t');
    expect(upstream.requests.at(-1)!.headers['authorization']).toBe(expected);
  });

  it.each(['/a%2Fb/../c//d;x=1?y=%2F&z=%00', '/%61%2e%2E/x', '/a%5Cb'])(
    'is judged and passed on as the raw bytes %s',
    async (path) => {
      expect((await get(path)).status).toBe(200);
      expect(opened.contexts.at(-1)!.path).toBe(path);
      expect(upstream.requests.at(-1)!.path).toBe(path);
    },
  );

  it('is judged by what NGINX knows of the request, whatever the client says about it (T-9)', async () => {
    await ask(
      { port: nginx.port },
      {
        method: 'DELETE',
        path: '/admin',
        headers: [
          ...['Host', 'api.example.com:8443', 'X-Original-URI', '/public', 'X-Original-Method', 'GET'],
          ...[
            'X-Forwarded-Host',
            'public.example.com',
            'X-Forwarded-Proto',
            'https',
            'X-Gatehouse-Key',
            'guess',
          ],
        ],
      },
    );
    const context = opened.contexts.at(-1)!;
    expect(context).toMatchObject({
      method: 'DELETE',
      path: '/admin',
      host: 'api.example.com',
      scheme: 'http',
    });
    expect(context.headers.names).not.toContain('x-gatehouse-key');
    expect(context.headers.names).not.toContain('x-original-uri');
    expect(context.headers.values('x-forwarded-proto')).toEqual(['http']);
    expect(upstream.requests.at(-1)!.headers['host']).toBe('api.example.com');
  });

  it('lets the body of the request through to the upstream and keeps it from the door', async () => {
    const headers = ['Host', 'api.example.com', 'Transfer-Encoding', 'chunked'];
    const body = 'x'.repeat(100_000);
    for (let count = 0; count < 2; count += 1) {
      const reply = await ask({ port: nginx.port }, { method: 'POST', headers, body });
      expect(reply.status).toBe(200);
    }
    expect(opened.contexts.at(-1)!.method).toBe('POST');
  });

  it('carries 20 KiB of identity whole', async () => {
    const set = [
      { name: 'x-auth-subject', value: 'alice' },
      ...[1, 2, 3, 4, 5].map((n) => ({ name: `x-auth-filling-${n}`, value: 'a'.repeat(4_000) })),
    ];
    verdict = () => anAllow({ mutations: mutations({ set }) });
    expect((await get()).status).toBe(200);
    expect(upstream.requests.at(-1)!.headers['x-auth-subject']).toBe('alice');
  });

  it('is asked for over one kept connection, refusals between allows included', async () => {
    const verdicts = [
      anAllow(),
      anAllow(),
      aDenial('token_inactive'),
      anAllow(),
      aFault('internal'),
      anAllow(),
    ];
    verdict = () => verdicts.shift()!;
    await get();
    const before = connections.length;
    expect(before).toBeGreaterThan(0);
    for (let count = 0; count < 5; count += 1) await get();
    expect(connections).toHaveLength(before);
  });
});

describe('a refusal through NGINX', () => {
  it.each([
    ['401 with its challenge (NGX-2)', aDenial('token_inactive'), 401, /error="invalid_token"/],
    [
      '401 without an error code when nothing was sent',
      aDenial('credential_missing'),
      401,
      /^Bearer realm="gatehouse"$/,
    ],
    [
      '403 with its challenge, which NGINX alone would lose (NGX-2)',
      aDenial('scope_insufficient', ['orders:write']),
      403,
      /error="insufficient_scope".*scope="orders:write"$/,
    ],
    [
      '400 at the credential, folded and restored',
      aDenial('credential_ambiguous'),
      400,
      /error="invalid_request"/,
    ],
    ['400 at the request, folded and restored', aDenial('path_ambiguous'), 400, null],
    ['403 without a challenge', aDenial('route_denied'), 403, null],
    ['431, folded and restored', aDenial('headers_too_large'), 431, null],
  ] as const)('is %s', async (_what, decision, status, challenge) => {
    const before = upstream.requests.length;
    verdict = () => decision;
    const reply = await get();
    expect(reply.status).toBe(status);
    if (challenge === null) expect(reply.headers).not.toHaveProperty('www-authenticate');
    else expect(reply.headers['www-authenticate']).toMatch(challenge);
    expect(reply.headers['www-authenticate'] ?? '').not.toContain(' | ');
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('x-authz'))).toEqual([]);
    expect(upstream.requests).toHaveLength(before);
  });

  it('is 503 with Retry-After for a fault of ours', async () => {
    verdict = () => aFault('introspection_unreachable');
    const reply = await get();
    expect(reply.status).toBe(503);
    expect(reply.headers).toMatchObject({ 'retry-after': '5', 'cache-control': 'no-store' });
  });

  it('is 503 when the check takes longer than the door may', async () => {
    verdict = () => new Promise<Decision>(() => undefined);
    expect((await get()).status).toBe(503);
  });

  it('is 403 for a request with a scrubbed header, which NGINX cannot remove', async () => {
    verdict = () => anAllow({ strays: ['x-remote-user'] });
    expect((await get('/orders/1', 'X-Remote-User', 'root')).status).toBe(403);
  });

  it('is told with its reason to the access log, and to no client', async () => {
    verdict = () => aDenial('token_expired');
    const reply = await get('/logged');
    expect(JSON.stringify(reply)).not.toContain('token_expired');
    await eventually('the line of the access log', () =>
      nginx.accessLog().includes('authz=401 reason=token_expired') ? true : null,
    );
  });

  it('leaves the statuses, challenges and caching of the upstream itself alone', async () => {
    const reply = await get();
    expect(reply.status).toBe(200);
    expect(reply.headers).not.toHaveProperty('cache-control');
    expect(reply.headers).not.toHaveProperty('www-authenticate');
  });

  it('comes from NGINX itself for two Authorization headers (NGX-6)', async () => {
    const before = opened.contexts.length;
    expect((await get('/', 'Authorization', 'Bearer a', 'Authorization', 'Bearer b')).status).toBe(400);
    expect(opened.contexts).toHaveLength(before);
  });

  it('is 404 for a client that asks for the question itself', async () => {
    const before = opened.contexts.length;
    expect((await get('/_gatehouse')).status).toBe(404);
    expect(opened.contexts).toHaveLength(before);
  });

  it('comes for the host of the target where that differs from the Host header', async () => {
    verdict = () => aDenial('no_route');
    const answer = await exchange(
      nginx.port,
      'GET http://first.example/x HTTP/1.1\r\nHost: second.example\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(opened.contexts.at(-1)).toMatchObject({ host: 'first.example', path: '/x' });
  });
});

describe('NGINX with its own error codes (deploy/nginx without gatehouse-status.conf)', () => {
  let bare: RunningNginx;
  let door: OpenedDoor;
  beforeAll(async () => {
    door = await openDoor((context) => verdict(context.path));
    bare = await startNginx({
      gatehouse: `127.0.0.1:${door.port}`,
      upstreamPort: upstream.port,
      edits: { 'nginx.conf': (text) => text.replace('include gatehouse-status.conf;', '') },
    });
  });
  afterAll(async () => {
    await bare?.stop();
    await door?.door.close(milliseconds(0));
  });
  const status = async () => (await ask({ port: bare.port }, { headers: ['Host', 'h'] })).status;

  it.each([
    ['an allow', anAllow(), 200],
    ['a 400 at the credential', aDenial('credential_ambiguous'), 401],
    ['a 400 at the request', aDenial('path_ambiguous'), 403],
    ['a 403', aDenial('scope_insufficient', ['a']), 403],
    ['a fault', aFault('introspection_timeout'), 500],
  ] as const)('knows of %s what it can express (G22, NGX-1)', async (_what, decision, expected) => {
    verdict = () => decision;
    expect(await status()).toBe(expected);
  });

  it('answers 500, and nothing reaches the upstream, when the door is gone', async () => {
    verdict = () => anAllow();
    expect(await status()).toBe(200);
    const before = upstream.requests.length;
    await door.door.close(milliseconds(0));
    expect(await status()).toBe(500);
    expect(upstream.requests).toHaveLength(before);
  });
});
