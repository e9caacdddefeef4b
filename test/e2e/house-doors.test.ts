import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect as connectHttp2, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { callerOf } from '../gateway/envoy/caller.ts';
import { ask as askHttp } from '../gateway/http/ask.ts';
import { nginxHeaders } from '../gateway/http/builders.ts';
import { createAuthority } from '../support/certificates.ts';
import { json } from '../support/fault-server.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { aCheck, ask, askForStatus, outcomeOf, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

const folder = temporaryFolder('doors');
let idp: Idp;
let house: OpenedHouse | null = null;

beforeAll(async () => {
  idp = await startIdp();
  idp.tokens.set('good', { sub: 'alice' });
});
afterEach(async () => {
  await house?.close();
  house = null;
  idp.behave();
});
afterAll(async () => {
  await idp?.stop();
  folder.remove();
});

const ROUTES = `
routes:
  - { name: rest, upstream: { headers: { x-auth-subject: sub } } }
`;
const settings = (): string => `${EVERY_DOOR}\nclients: { main: ${clientAt(idp.endpoint)} }\n${ROUTES}`;
const nginxCheck = [...nginxHeaders(), 'Authorization', 'Bearer good'];

describe('doors', () => {
  it.each([
    ['grpc-js', 200],
    ['http2', 405],
  ])('over the transport %s judge alike; only ours refuses what is no POST', async (transport, status) => {
    house = await openAHouse(
      settings().replace('grpc: { address: "127.0.0.1:0"', `$& , transport: ${transport}`),
    );
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    expect(await askForStatus(house, withToken('bad'))).toBe(401);
    expect(await statusOfPut(house.port('grpc'))).toBe(status);
  });

  it('on unix sockets, gRPC and HTTP, judge as any other', async () => {
    const [grpcPath, httpPath] = [join(folder.path, 'grpc.sock'), join(folder.path, 'http.sock')];
    const doors = `
listen:
  grpc: [{ address: "127.0.0.1:0" }, { address: "unix:${grpcPath}" }]
  http: [{ address: "unix:${httpPath}", profile: nginx }]
  admin: { address: "127.0.0.1:0" }
drain: 100ms
`;
    house = await openAHouse(`${doors}\nclients: { main: ${clientAt(idp.endpoint)} }\n${ROUTES}`);
    const caller = callerOf({ kind: 'unix', path: grpcPath });
    expect(outcomeOf(await caller.ask(withToken('good')))).toMatchObject({
      kind: 'allow',
      set: { 'x-auth-subject': 'alice' },
    });
    expect(outcomeOf(await caller.ask(aCheck()))).toMatchObject({ kind: 'deny', status: 401 });
    caller.close();
    const overHttp = await askHttp({ socketPath: httpPath }, { headers: nginxCheck });
    expect(overHttp).toMatchObject({ status: 200, headers: { 'x-auth-subject': 'alice' } });
  });

  it('with TLS and a client authority, gRPC and HTTP, judge only who shows a certificate', async () => {
    const gateways = createAuthority('Gateways');
    const servers = createAuthority('Servers');
    const own = servers.issue(['IP:127.0.0.1', 'DNS:localhost']);
    const gateway = gateways.issue(['DNS:envoy']);
    const stranger = createAuthority('Strangers').issue(['DNS:envoy']);
    for (const [name, text] of [
      ['cert', own.cert],
      ['key', own.key],
      ['ca', gateways.ca],
    ] as const)
      writeFileSync(join(folder.path, name), text, { mode: 0o600 });
    const tls = 'tls: { cert: cert, key: key, clientCa: ca }';
    const doors = `
listen:
  grpc: { address: "127.0.0.1:0", ${tls} }
  http: [{ address: "127.0.0.1:0", profile: nginx, ${tls} }]
  admin: { address: "127.0.0.1:0" }
drain: 100ms
`;
    house = await openAHouse(`${doors}\nclients: { main: ${clientAt(idp.endpoint)} }\n${ROUTES}`, {
      folder: folder.path,
    });

    const shown = [
      ['the one we trust', gateway, 'allow'],
      ["a stranger's", stranger, 'refused'],
      ['none', null, 'refused'],
    ] as const;
    for (const [whose, certificate, expected] of shown) {
      const [key, cert] =
        certificate === null ? [null, null] : [Buffer.from(certificate.key), Buffer.from(certificate.cert)];
      const caller = callerOf(
        house.address('grpc'),
        credentials.createSsl(Buffer.from(servers.ca), key, cert),
      );
      const overGrpc = await caller.ask(withToken('good'), { deadline: Date.now() + 3_000 }).then(
        (response) => outcomeOf(response).kind,
        () => 'refused',
      );
      caller.close();
      const overHttp = await statusOverTls(house.port('http:nginx'), { ca: servers.ca, ...certificate });
      expect({ whose, overGrpc, overHttp }).toEqual({
        whose,
        overGrpc: expected,
        overHttp: expected === 'allow' ? 200 : 'refused',
      });
    }
    const plain = callerOf(house.address('grpc'));
    await expect(plain.ask(withToken('good'), { deadline: Date.now() + 3_000 })).rejects.toThrow();
    plain.close();
  });

  it('answer health checks for the server and the service, and know no other', async () => {
    house = await openAHouse(settings());
    expect(await house.caller.health('')).toBe('SERVING');
    expect(await house.caller.health('envoy.service.auth.v3.Authorization')).toBe('SERVING');
    await expect(house.caller.health('another.Service')).rejects.toThrow(/NOT_FOUND/);
  });

  it('for HTTP believe a front by its address and its secret header alone (NGX-5, T-9)', async () => {
    const trusting = (more: string): string => `
listen:
  grpc: { address: "127.0.0.1:0" }
  http: [{ address: "127.0.0.1:0", profile: nginx, ${more} }]
  admin: { address: "127.0.0.1:0" }
drain: 100ms
clients: { main: ${clientAt(idp.endpoint)} }
`;
    const key = 'secretHeader: { name: x-gatehouse-key, value: { env: DOOR_KEY } }';
    house = await openAHouse(trusting(key), { environment: { DOOR_KEY: 'key-of-the-front' } });
    idp.forget();
    const asked = async (...more: readonly string[]): Promise<number> =>
      (await askHttp({ port: house!.port('http:nginx') }, { headers: [...nginxCheck, ...more] })).status;
    expect(await asked()).toBe(403);
    expect(await asked('X-Gatehouse-Key', 'key-of-another')).toBe(403);
    expect(idp.asked()).toEqual([]);
    expect(await asked('X-Gatehouse-Key', 'key-of-the-front')).toBe(200);
    await house.close();

    house = await openAHouse(trusting('trustedPeers: [10.0.0.0/8]'));
    idp.forget();
    expect(await asked()).toBe(403);
    expect(idp.asked()).toEqual([]);
  });

  it('at an HTTP port take every path for a check, and serve nothing else', async () => {
    house = await openAHouse(settings());
    for (const path of ['/metrics', '/status', '/readyz', '/']) {
      const reply = await askHttp({ port: house.port('http:nginx') }, { path, headers: nginxHeaders() });
      expect({ path, status: reply.status, body: reply.body }).toEqual({ path, status: 401, body: '' });
    }
  });
});

describe('the doors for operators', () => {
  it('show liveness, readiness, metrics and status; the one for probes the first two alone', async () => {
    house = await openAHouse(settings());
    await ask(house, withToken('good'));
    expect(await house.page('/livez')).toEqual({ status: 200, text: 'alive\n' });
    expect(await house.page('/readyz')).toEqual({ status: 200, text: 'ready\n' });
    expect((await house.page('/metrics')).text).toMatch(
      /^gatehouse_decisions_total\{[^}]*reason="token_accepted"[^}]*\} 1$/m,
    );
    expect(await house.status()).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      ready: true,
      waitingFor: [],
      settings: { generation: expect.any(String), refusedSince: null, refusedProblems: [] },
      doors: [
        ...[{ kind: 'grpc' }, { kind: 'http:nginx' }, { kind: 'http:envoy' }, { kind: 'http:ingress-nginx' }],
        ...['traefik', 'caddy', 'haproxy', 'apisix'].map((profile) => ({ kind: `http:${profile}` })),
      ],
      standings: { main: 'fine' },
      clients: { main: {} },
      cache: { memory: {}, shared: { kind: 'none' } },
    });

    const probe = (path: string) => fetch(`http://127.0.0.1:${house!.port('health')}${path}`);
    expect((await probe('/livez')).status).toBe(200);
    expect((await probe('/readyz')).status).toBe(200);
    expect((await probe('/metrics')).status).toBe(404);
    expect((await probe('/status')).status).toBe(404);
  });

  it('show in the metrics what the house did: caches, enquiries, settings, build', async () => {
    house = await openAHouse(settings());
    for (const token of ['good', 'good', 'nobodys']) await ask(house, withToken(token));
    const { metric } = house;
    expect(await metric('gatehouse_cache_lookups_total', { tier: 'memory', outcome: 'active' })).toBe(1);
    expect(await metric('gatehouse_cache_lookups_total', { tier: 'memory', outcome: 'miss' })).toBe(2);
    expect(await metric('gatehouse_introspections_total', { client: 'main', outcome: 'active' })).toBe(1);
    // The other inactive one is the token of nobody that the house began with.
    expect(await metric('gatehouse_introspections_total', { client: 'main', outcome: 'inactive' })).toBe(2);
    expect(await metric('gatehouse_cache_entries', { partition: 'active' })).toBe(1);
    expect(await metric('gatehouse_cache_entries', { partition: 'inactive' })).toBe(1);
    expect(await metric('gatehouse_build_info', { version: 'test' })).toBe(1);
    expect(await metric('gatehouse_ready')).toBe(1);
    expect(await metric('gatehouse_decision_duration_seconds_count', { door: 'grpc' })).toBe(3);
  });
});

describe('draining', () => {
  it('is told to health checks and probes first, while checks are still answered', async () => {
    // Checks are accepted for a fifth of it: five seconds, enough for what follows on a busy machine.
    house = await openAHouse(settings().replace('drain: 100ms', 'drain: 25s'));
    const draining = house.house.drain();
    await eventually('health to say so', async () =>
      (await house!.caller.health('')) === 'NOT_SERVING' ? true : null,
    );
    expect((await house.page('/readyz')).status).toBe(503);
    expect((await house.page('/livez')).status).toBe(200);
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    // A front that keeps its connection leaves with this answer, and not when the door cuts it under a check (T-70).
    const agent = new Agent({ keepAlive: true });
    const overHttp = await askHttp({ port: house.port('http:nginx') }, { headers: nginxCheck, agent });
    expect(overHttp).toMatchObject({ status: 200, headers: { connection: 'close' } });
    agent.destroy();
    await draining;
    await expect(house.caller.ask(withToken('good'), { deadline: Date.now() + 500 })).rejects.toThrow();
  });

  it('answers a check that is under way, with its verdict or within the grace with 503 (R22)', async () => {
    house = await openAHouse(settings().replace('drain: 100ms', 'drain: 4s'));
    idp.always(json({ active: true, sub: 'alice' }, { delayMs: 1_200 }));
    const inTime = ask(house, withToken('slow'));
    await sleep(50);
    await Promise.all([
      house.house.drain(),
      expect(inTime).resolves.toMatchObject({ kind: 'allow', set: { 'x-auth-subject': 'alice' } }),
    ]);
    await house.close();

    house = await openAHouse(settings().replace('drain: 100ms', 'drain: 500ms'));
    idp.always(json({ active: true }, { delayMs: 2_500 }));
    const late = ask(house, withToken('slower'));
    await sleep(50);
    await Promise.all([
      house.house.drain(),
      expect(late).resolves.toMatchObject({ kind: 'deny', status: 503, code: 14 }),
    ]);
    const lines = house.logs().filter(({ event }) => event === 'decided');
    expect(lines.at(-1)).toMatchObject({ decision: 'fault', reason: 'draining' });
  });
});

/** Status of an NGINX check over TLS, or `refused`. */
function statusOverTls(
  port: number,
  tls: { readonly ca: string; readonly cert?: string; readonly key?: string },
): Promise<number | 'refused'> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, headers: nginxCheck, setHost: false, agent: false, ...tls },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.on('error', () => resolve('refused'));
    asked.end();
  });
}

/** What the gRPC door says to a check by the method PUT, which grpc-js takes. */
async function statusOfPut(port: number): Promise<number | undefined> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ':method': 'PUT',
    ':path': '/envoy.service.auth.v3.Authorization/Check',
    'content-type': 'application/grpc',
  });
  stream.on('error', () => undefined);
  const check = aCheck();
  stream.end(Buffer.concat([Buffer.of(0, 0, 0, check.length >> 8, check.length & 0xff), check]));
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & IncomingHttpStatusHeader];
  session.destroy();
  return headers[':status'];
}
