import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';

import { type Decision, milliseconds, Secret } from '../../../src/domain/index.ts';
import { ask } from './ask.ts';
import { aDenial, aFault, anAllow, mutations, nginxHeaders, openDoor, type OpenedDoor } from './builders.ts';

const opened: OpenedDoor[] = [];
const never = new Promise<Decision>(() => undefined);

async function open(...settings: Parameters<typeof openDoor>): Promise<OpenedDoor> {
  const door = await openDoor(...settings);
  opened.push(door);
  return door;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ door }) => door.close(milliseconds(0))));
});

describe('an HTTP door for NGINX', () => {
  it('answers an allow with 200, Content-Length 0 and no-store, whether the verdict is at hand or not', async () => {
    for (const verdict of [anAllow(), Promise.resolve(anAllow())]) {
      const { port, decisions } = await open(() => verdict);
      const reply = await ask({ port }, { headers: nginxHeaders() });
      expect(reply).toMatchObject({ status: 200, body: '' });
      expect(reply.headers).toMatchObject({
        'content-length': '0',
        'cache-control': 'no-store',
        'x-auth-subject': 'alice',
        'x-authz-authorization': 'strip',
      });
      expect(reply.headers).not.toHaveProperty('x-authz-status');
      expect(decisions()).toEqual([anAllow()]);
    }
  });

  it("hands over what the client asked, and of the headers only what is the client's", async () => {
    const { port, contexts } = await open(() => anAllow(), {
      secretHeader: { name: 'X-Gatehouse-Key', value: new Secret('key') },
    });
    const headers = nginxHeaders({
      'X-Original-URI': '/a%2Fb?x=1',
      'X-Original-Method': 'PUT',
      'X-Forwarded-For': '192.0.2.1',
      'X-Gatehouse-Key': 'key',
      'X-Request-ID': 'r-1',
      Authorization: 'Bearer t',
      X_Auth_Subject: 'evil',
    });
    await ask({ port }, { headers });
    expect(contexts).toHaveLength(1);
    const [context] = contexts;
    expect(context).toMatchObject({
      door: 'http:nginx',
      requestId: 'r-1',
      method: 'PUT',
      path: '/a%2Fb?x=1',
      host: 'api.example.com',
      scheme: 'https',
    });
    expect([...context!.headers.names].sort()).toEqual([
      'authorization',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-request-id',
      'x_auth_subject',
    ]);
    expect(context!.headers.oddNames).toEqual(['x_auth_subject']);
    expect(context!.contextExtensions.size).toBe(0);
  });

  it.each([
    [0, ['203.0.113.9', '192.0.2.7'], '192.0.2.7'],
    [1, ['203.0.113.9, 192.0.2.7'], '203.0.113.9'],
    [1, ['203.0.113.9', '192.0.2.7'], '203.0.113.9'],
    [2, ['203.0.113.9, 192.0.2.7'], null],
    [0, ['[2001:DB8::1]:4711'], '2001:db8::1'],
    [0, ['192.0.2.7:4711'], '192.0.2.7'],
    [0, ['192.0.2.7, '], null],
    [0, ['unknown'], null],
    [0, [], null],
  ])('behind %i of our proxies, of X-Forwarded-For %j, the client is %j', async (hops, lines, expected) => {
    const { port, contexts } = await open(() => anAllow(), { trustedHops: hops });
    const forwarded = lines.flatMap((line) => ['X-Forwarded-For', line]);
    await ask({ port }, { headers: [...nginxHeaders(), ...forwarded] });
    expect(contexts[0]).toMatchObject({ clientAddress: expected, serverName: null, peerPrincipal: null });
    expect(contexts[0]).toMatchObject({ routeMetadata: {}, filterMetadata: {} });
  });

  it('shows the check both lines of a repeated Authorization, in both orders (R3, T-4, G17)', async () => {
    const { port, contexts } = await open(() => anAllow());
    for (const tokens of [
      ['Bearer a', 'Bearer b'],
      ['Bearer b', 'Bearer a'],
    ]) {
      const lines = tokens.flatMap((token) => ['Authorization', token]);
      await ask({ port }, { headers: [...nginxHeaders(), ...lines] });
      expect(contexts.at(-1)!.headers.values('authorization')).toEqual(tokens);
    }
  });

  it('keeps a header called __proto__ or constructor as a header (HTTP-3)', async () => {
    const { port, contexts } = await open(() => anAllow());
    await ask({ port }, { headers: [...nginxHeaders(), '__proto__', 'a', 'constructor', 'b'] });
    expect(contexts[0]!.headers.values('__proto__')).toEqual(['a']);
    expect(contexts[0]!.headers.values('constructor')).toEqual(['b']);
  });

  it.each(['GET', 'POST', 'HEAD', 'OPTIONS', 'TRACE'])('takes %s on any path for a check', async (method) => {
    const { port, contexts } = await open(() => anAllow());
    for (const path of ['/_gatehouse', '/healthz', '/metrics', '/livez', '/', '*']) {
      expect((await ask({ port }, { method, path, headers: nginxHeaders() })).status).toBe(200);
    }
    expect(contexts.map(({ path }) => path)).toEqual(Array<string>(6).fill('/orders/1'));
  });

  it('answers a denial with the folded status, the challenge and no body', async () => {
    const { port, decisions } = await open(() => aDenial('credential_empty'));
    const reply = await ask({ port }, { headers: nginxHeaders() });
    expect(reply).toMatchObject({ status: 401, body: '' });
    expect(reply.headers).toMatchObject({ 'content-length': '0', 'x-authz-status': '400' });
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm="gatehouse", error="invalid_request"/);
    expect(decisions()).toEqual([aDenial('credential_empty')]);
  });

  it('tells as decided the refusal that takes the place of an allow with a look-alike', async () => {
    const { port, decisions } = await open(() => anAllow({ strays: ['x_auth_subject'] }));
    expect(await ask({ port }, { headers: nginxHeaders() })).toMatchObject({ status: 403 });
    expect(decisions()).toMatchObject([{ kind: 'deny', reason: 'header_unremovable', route: 'orders' }]);
  });

  it('refuses an allow whose token no front can take away, though settings never let it come to that (BEAR-6)', async () => {
    const spent = { set: [], remove: [], removeQuery: ['access_token'] };
    const { port, decisions } = await open(() => anAllow({ spent }));
    expect(await ask({ port }, { headers: nginxHeaders() })).toMatchObject({ status: 403 });
    expect(decisions()).toMatchObject([{ kind: 'deny', reason: 'header_unremovable', route: 'orders' }]);
  });

  it('keeps the connection after allows and refusals alike, without telling clients about it', async () => {
    const verdicts = [anAllow(), aDenial('token_inactive'), aFault('wait_exceeded')];
    const { port } = await open(() => verdicts.shift() ?? anAllow());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const replies = [];
    for (let count = 0; count < 4; count += 1)
      replies.push(await ask({ port }, { headers: nginxHeaders(), agent }));
    agent.destroy();
    expect(replies.map(({ status }) => status)).toEqual([200, 401, 503, 200]);
    expect(new Set(replies.map(({ connection }) => connection)).size).toBe(1);
    for (const { headers } of replies) expect(headers).not.toHaveProperty('keep-alive');
  });

  it('lets a body run to waste and judges the next check on the same connection', async () => {
    const { port, contexts } = await open(() => anAllow());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = 'x'.repeat(300_000);
    for (let count = 0; count < 3; count += 1)
      expect((await ask({ port }, { method: 'POST', headers: nginxHeaders(), body, agent })).status).toBe(
        200,
      );
    agent.destroy();
    expect(contexts).toHaveLength(3);
  });
});

describe('an HTTP door, whom it believes (NGX-5, T-9, T-62)', () => {
  it('takes the new value of a rotated secret header, and the old one no more', async () => {
    const { port, door } = await open(() => anAllow(), {
      secretHeader: { name: 'x-gatehouse-key', value: new Secret('old') },
    });
    const statusWith = async (key: string) =>
      (await ask({ port }, { headers: nginxHeaders({ 'X-Gatehouse-Key': key }) })).status;
    expect([await statusWith('old'), await statusWith('new')]).toEqual([200, 403]);
    door.updateSecret(new Secret('new'));
    expect([await statusWith('old'), await statusWith('new')]).toEqual([403, 200]);
  });

  it('denies a peer outside trustedPeers whatever it claims, without a check', async () => {
    const { port, contexts, decisions } = await open(() => anAllow(), { trustedPeers: ['10.0.0.0/8'] });
    const reply = await ask({ port }, { headers: nginxHeaders({ 'X-Forwarded-For': '10.0.0.1' }) });
    expect(reply.status).toBe(403);
    expect(contexts).toHaveLength(0);
    expect(decisions()).toMatchObject([{ reason: 'peer_untrusted' }]);
  });

  it.each([
    ['denies a peer without the secret header', null, 403],
    ['denies a peer with another secret', 'wrong', 403],
    ['believes a peer with the secret', 'right', 200],
  ])('%s', async (_what, key, status) => {
    const { port, contexts } = await open(() => anAllow(), {
      secretHeader: { name: 'x-gatehouse-key', value: new Secret('right') },
    });
    expect((await ask({ port }, { headers: nginxHeaders({ 'X-Gatehouse-Key': key }) })).status).toBe(status);
    expect(contexts).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['missing', nginxHeaders({ 'X-Original-URI': null })],
    ['repeated', [...nginxHeaders(), 'X-Original-URI', '/public']],
  ])('denies without a check when the original URI is %s', async (_how, headers) => {
    const { port, contexts, decisions } = await open(() => anAllow());
    expect((await ask({ port }, { headers })).status).toBe(403);
    expect(contexts).toHaveLength(0);
    expect(decisions()).toMatchObject([{ reason: 'original_request_unknown' }]);
  });
});

describe('an HTTP door for Envoy', () => {
  const headers = ['Host', 'api.example.com', 'Authorization', 'Bearer t'];
  const envoy = { profile: 'envoy', pathPrefix: '/authz' } as const;

  it('reads the request line behind the prefix, and hides what Envoy itself adds', async () => {
    const { port, contexts } = await open(() => anAllow(), envoy);
    const added = [
      'content-length',
      '0',
      'x-envoy-internal',
      'true',
      'x-envoy-expected-rq-timeout-ms',
      '200',
    ];
    await ask({ port }, { method: 'DELETE', path: '/authz/a%2Fb?x=1', headers: [...headers, ...added] });
    expect(contexts[0]).toMatchObject({
      door: 'http:envoy',
      method: 'DELETE',
      path: '/a%2Fb?x=1',
      host: 'api.example.com',
    });
    expect(contexts[0]!.headers.names).toEqual(['authorization']);
  });

  it('shows the client the body of a denial, and of a fault under 403', async () => {
    const verdicts: Decision[] = [aDenial('token_inactive'), aFault('introspection_timeout')];
    const { port } = await open(() => verdicts.shift()!, envoy);
    const denial = await ask({ port }, { path: '/authz/', headers });
    expect(denial).toMatchObject({ status: 401, body: 'The provided token is inactive' });
    const fault = await ask({ port }, { path: '/authz/', headers });
    expect(fault).toMatchObject({ status: 403, body: 'The authorization service is unavailable' });
    expect(fault.headers).toMatchObject({ 'retry-after': '5', 'x-authz-status': '503' });
  });

  it('answers HEAD with the same headers and no body', async () => {
    const { port } = await open(() => aDenial('token_inactive'), envoy);
    const reply = await ask({ port }, { method: 'HEAD', path: '/authz/', headers });
    expect(reply).toMatchObject({ status: 401, body: '' });
  });
});

describe('an HTTP door, how long it waits', () => {
  const told = (value: string) => ['x-envoy-expected-rq-timeout-ms', value];
  it.each([
    [40, 'of the door', 'nginx', 40, 5_000, []],
    [40, 'of wait.max', 'nginx', 5_000, 40, []],
    [40, "of Envoy's own timeout less the margin", 'envoy', 5_000, 5_000, told('60')],
    [150, 'that hold when Envoy does not tell', 'envoy', 5_000, 5_000, []],
    [40, 'of the door, though Envoy would wait longer', 'envoy', 40, 5_000, told('9000')],
  ] as const)('steps in after the %i ms %s (G21)', async (longest, _whose, profile, timeout, max, extra) => {
    const { port, contexts, decisions } = await open(() => never, {
      profile,
      timeout: milliseconds(timeout),
      wait: () => ({ max: milliseconds(max), margin: milliseconds(20) }),
    });
    const before = performance.now();
    const reply = await ask({ port }, { path: '/orders/1', headers: [...nginxHeaders(), ...extra] });
    expect(reply.status).toBe(profile === 'nginx' ? 503 : 403);
    expect(decisions()).toMatchObject([{ kind: 'fault', reason: 'wait_exceeded' }]);
    expect(contexts[0]!.waitUntil).toBeGreaterThanOrEqual(before + longest);
    expect(contexts[0]!.waitUntil).toBeLessThan(performance.now());
  });
});

describe('an HTTP door, when something goes wrong inside', () => {
  it.each([
    [
      'throws',
      () => {
        throw new TypeError('Bearer secret');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('Bearer secret'))],
  ])('answers 503 and tells the class of the error when the check %s (T-12)', async (_how, check) => {
    const { port, events, decisions } = await open(check);
    expect((await ask({ port }, { headers: nginxHeaders() })).status).toBe(503);
    expect(decisions()).toMatchObject([{ kind: 'fault', reason: 'internal' }]);
    expect(events).toContainEqual({ event: 'crashed', where: 'gateway/http', cause: 'TypeError' });
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it('answers 503 when a reply cannot be made of the decision', async () => {
    const nonsense = { kind: 'allow', reason: 'anonymous', route: 'r', strays: [] } as unknown as Decision;
    const { port, decisions, events } = await open(() => nonsense);
    expect((await ask({ port }, { headers: nginxHeaders() })).status).toBe(503);
    expect(decisions()).toMatchObject([{ kind: 'fault', reason: 'internal' }]);
    expect(events).toContainEqual({ event: 'crashed', where: 'gateway/http reply', cause: 'TypeError' });
  });

  it('faults rather than send a part of the identity', async () => {
    const set = Array.from({ length: 10 }, (_, n) => ({ name: `x-auth-${n}`, value: 'a'.repeat(4_000) }));
    const { port, decisions } = await open(() => anAllow({ mutations: mutations({ set }) }));
    const reply = await ask({ port }, { headers: nginxHeaders() });
    expect(reply.status).toBe(503);
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('x-auth-'))).toEqual([]);
    expect(decisions()).toMatchObject([{ kind: 'fault', reason: 'answer_unsendable' }]);
  });

  it('tells caller_left, and no decision, when the caller goes away before its answer', async () => {
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const { port, events, contexts } = await open(() => promise);
    const agent = new Agent({ keepAlive: true });
    const asked = ask({ port }, { headers: nginxHeaders(), agent }).catch(() => 'no answer');
    while (contexts.length === 0) await new Promise((next) => setTimeout(next, 2));
    agent.destroy();
    expect(await asked).toBe('no answer');
    while (events.length === 0) await new Promise((next) => setTimeout(next, 2));
    resolve(anAllow());
    await new Promise((next) => setTimeout(next, 5));
    expect(events).toEqual([{ event: 'caller_left', door: 'http:nginx' }]);
  });
});

describe('an HTTP door, closing (T-70)', () => {
  it('still takes checks and new connections while it drains, each answer the last on its connection', async () => {
    const { door, port } = await open(() => anAllow());
    const agent = new Agent({ keepAlive: true });
    const before = await ask({ port }, { headers: nginxHeaders(), agent });
    door.drain();
    const after = [
      await ask({ port }, { headers: nginxHeaders(), agent }),
      await ask({ port }, { headers: nginxHeaders(), agent }),
    ];
    expect(before.headers['connection']).not.toBe('close');
    for (const { status, headers } of after)
      expect({ status, connection: headers['connection'] }).toEqual({ status: 200, connection: 'close' });
    agent.destroy();
  });

  it('answers what is under way, as the last on its connection, and takes nothing new', async () => {
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const { door, port, contexts } = await open(() => promise);
    const agent = new Agent({ keepAlive: true });
    const asked = ask({ port }, { headers: nginxHeaders(), agent });
    while (contexts.length === 0) await new Promise((next) => setTimeout(next, 2));
    const closed = door.close(milliseconds(10_000));
    await expect(ask({ port }, { headers: nginxHeaders() })).rejects.toThrow('ECONNREFUSED');
    resolve(anAllow());
    const reply = await asked;
    expect(reply.status).toBe(200);
    expect(reply.headers['connection']).toBe('close');
    await closed;
    agent.destroy();
  });

  it('refuses what is still waiting when the grace is over, and closes idle connections', async () => {
    const { door, port, contexts, decisions } = await open((context) =>
      context.path === '/slow' ? never : anAllow(),
    );
    const agent = new Agent({ keepAlive: true });
    await ask({ port }, { headers: nginxHeaders(), agent });
    const asked = ask({ port }, { headers: nginxHeaders({ 'X-Original-URI': '/slow' }) });
    while (contexts.length < 2) await new Promise((next) => setTimeout(next, 2));
    await door.close(milliseconds(20));
    expect((await asked).status).toBe(503);
    expect(decisions().at(-1)).toMatchObject({ kind: 'fault', reason: 'draining' });
    agent.destroy();
  });
});

describe('an HTTP door on a unix socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-door-'));
  const path = join(folder, 'http.sock');
  afterEach(() => rmSync(path, { force: true }));

  it('gives the socket mode 0660, trusts its peers, and takes the file away at the end', async () => {
    const { door } = await open(() => anAllow(), { address: { kind: 'unix', path }, trustedPeers: [] });
    expect(door.address).toEqual({ kind: 'unix', path });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect((await ask({ socketPath: path }, { headers: nginxHeaders() })).status).toBe(200);
    await door.close(milliseconds(0));
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('replaces the file of a process that is gone', async () => {
    await leaveStaleSocket(path);
    expect(statSync(path).isSocket()).toBe(true);
    await open(() => anAllow(), { address: { kind: 'unix', path } });
    expect((await ask({ socketPath: path }, { headers: nginxHeaders() })).status).toBe(200);
  });

  it('leaves a socket alone that somebody listens on', async () => {
    await open(() => anAllow(), { address: { kind: 'unix', path } });
    await expect(open(() => anAllow(), { address: { kind: 'unix', path } })).rejects.toThrow(
      `cannot listen on unix:${path}: another process listens there`,
    );
    expect((await ask({ socketPath: path }, { headers: nginxHeaders() })).status).toBe(200);
  });

  it('leaves a file alone that is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(open(() => anAllow(), { address: { kind: 'unix', path } })).rejects.toThrow(
      'a file that is no socket is there',
    );
    expect(statSync(path).size).toBe(8);
  });
});

/** Binds, and moves the file aside and back so that closing does not take it away. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  renameSync(path, `${path}.aside`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${path}.aside`, path);
}
