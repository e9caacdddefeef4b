import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { ask as askHttp } from '../gateway/http/ask.ts';
import { nginxHeaders } from '../gateway/http/builders.ts';
import { json, status } from '../support/fault-server.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { eventually, stopAllProcesses } from '../support/processes.ts';
import { callerOf } from '../gateway/envoy/caller.ts';
import { ask, askForStatus, outcomeOf, withToken } from './support-house-check.ts';
import { type Idp, startIdp, tokenOf } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// Authorization servers that want more than a token and a secret, through every door of a whole house.
let idp: Idp;
const houses: OpenedHouse[] = [];

beforeAll(async () => {
  idp = await startIdp();
});
afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()));
  idp.behave();
  idp.forget();
});
afterAll(async () => {
  await idp?.stop();
  await stopAllProcesses();
});

async function open(client: string): Promise<OpenedHouse> {
  const house = await openAHouse(`${EVERY_DOOR}clients:\n  main: ${client}\n`);
  houses.push(house);
  return house;
}

/** Requests about the tokens of a test, and not those that warm the connection. */
const askedAbout = (token: string) => idp.requests.filter((request) => tokenOf(request) === token);

describe('facts of the request', () => {
  const client = () => `
    clientId: gateway
    clientSecret: { env: CLIENT_SECRET }
    allowHttp: true
    introspection:
      endpoint: "${idp.endpoint}"
      facts:
        params: { method: method, uri: path, device: { header: x-device } }
        headers: { x-orig-host: host, x-client-ip: clientAddress }
`;

  it('are told to the server and part of what an answer is remembered by, the same at every door', async () => {
    const house = await open(client());
    idp.tokens.set('known', {});
    const words = { path: '/orders/%31?q=1', host: 'API.example.com:443' };
    expect(await askForStatus(house, withToken('known', words))).toBe(200);
    expect(await askForStatus(house, withToken('known', { path: '/orders//1' }))).toBe(200);
    const viaNginx = (differing: Readonly<Record<string, string>> = {}) =>
      askHttp(
        { port: house.port('http:nginx') },
        { headers: nginxHeaders({ Authorization: 'Bearer known', ...differing }) },
      );
    expect((await viaNginx()).status).toBe(200);
    // One question so far, whatever the spelling and the door.
    expect(askedAbout('known').map(({ body }) => body)).toEqual(['token=known&method=GET&uri=%2Forders%2F1']);
    expect(askedAbout('known')[0]?.headers).toMatchObject({ 'x-orig-host': 'api.example.com' });

    for (const differing of [
      { path: '/orders/2' },
      { method: 'POST' },
      { host: 'other.example.com' },
      { headers: [['x-device', '']] as const },
      { headers: [['x-device', 'a b']] as const },
    ]) {
      const before = askedAbout('known').length;
      expect(await askForStatus(house, withToken('known', differing))).toBe(200);
      expect(await askForStatus(house, withToken('known', differing))).toBe(200);
      expect(askedAbout('known')).toHaveLength(before + 1);
    }
    expect(askedAbout('known').at(-1)?.body).toBe('token=known&method=GET&uri=%2Forders%2F1&device=a+b');

    await viaNginx({ 'X-Forwarded-For': '192.0.2.7' });
    expect(askedAbout('known').at(-1)?.headers['x-client-ip']).toBe('192.0.2.7');
  });

  it('deny the request that has too much of them, at once and without an enquiry (R19)', async () => {
    const house = await open(client());
    const before = idp.requests.length;
    const long = withToken('known', { headers: [['x-device', 'd'.repeat(9_000)]] });
    expect(await ask(house, long)).toMatchObject({ kind: 'deny', status: 400, code: 3 });
    expect(idp.requests).toHaveLength(before);
    expect(house.logs().find(({ reason }) => reason === 'request_malformed')).toMatchObject({
      detail: expect.stringContaining('introspection.facts'),
    });
    expect(await house.metric('gatehouse_crashes_total')).toBe(0);
  });
});

describe('a server that calls the token otherwise and wants a key', () => {
  it('is asked in its words', async () => {
    const house = await open(`
    clientId: gateway
    clientSecret: { env: CLIENT_SECRET }
    allowHttp: true
    introspection:
      endpoint: "${idp.endpoint}"
      tokenParameter: access_token
      params: { resource: ["https://a.example", "https://b.example"] }
      headers: { X-Api-Key: { env: CLIENT_SECRET } }
`);
    idp.always(json({ active: true }));
    expect(await askForStatus(house, withToken('t'))).toBe(200);
    expect(idp.requests.at(-1)).toMatchObject({
      body: 'access_token=t&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example',
      headers: { 'x-api-key': 'client-secret-of-the-tests' },
    });
    expect(house.lines.join('\n') + (await house.page('/status')).text).not.toContain('secret-of-the-tests');
  });
});

describe('a server that wants an access token of our own', () => {
  const shown = () => idp.requests.map(({ headers }) => headers['authorization']);

  it('is shown one that was fetched by client credentials, which the status page speaks of (R18)', async () => {
    idp.on('/token', json({ access_token: 'canary-1', token_type: 'Bearer', expires_in: 60 }));
    const house = await open(`
    clientId: gateway
    clientSecret: { env: CLIENT_SECRET }
    allowHttp: true
    auth: { method: bearer, clientCredentials: { endpoint: "${idp.url('/token')}", scopes: [introspect] } }
    introspection: { endpoint: "${idp.endpoint}" }
`);
    idp.tokens.set('known', {});
    expect(await askForStatus(house, withToken('known'))).toBe(200);
    expect(askedAbout('known').map(({ headers }) => headers['authorization'])).toEqual(['Bearer canary-1']);
    expect(await house.metric('gatehouse_call_token_renewals_total', { outcome: 'renewed' })).toBe(1);
    const { clients } = await house.status();
    expect(clients).toMatchObject({ main: { authentication: 'bearer', callToken: { failures: 0 } } });
    expect(house.lines.join('\n') + (await house.page('/status')).text).not.toContain('canary');
  });

  it('denies with 503 and its own reason while there is none (R17)', async () => {
    idp.on('/token', status(503));
    const house = await open(`
    clientId: gateway
    clientSecret: { env: CLIENT_SECRET }
    allowHttp: true
    auth: { method: bearer, clientCredentials: { endpoint: "${idp.url('/token')}" } }
    introspection: { endpoint: "${idp.endpoint}" }
`);
    expect(await askForStatus(house, withToken('known'))).toBe(503);
    expect(await house.metric('gatehouse_faults_total', { reason: 'call_token_unavailable' })).toBe(1);
    expect(idp.asked().filter((token) => token === 'known')).toEqual([]);
  });

  it('is shown the one of a file, and the next one when the file changes', async () => {
    idp.always(json({ active: true }));
    const gatehouse = await startGatehouse({
      settings: (ports) => `
listen:
  grpc: { address: "127.0.0.1:${ports.grpc}" }
  health: { address: "127.0.0.1:${ports.health}" }
  admin: { address: "127.0.0.1:${ports.admin}" }
drain: 1s
cache: { active: { max: 0s } }
clients:
  main:
    clientId: gateway
    allowHttp: true
    auth: { method: bearer, token: { file: token } }
    introspection: { endpoint: "${idp.endpoint}" }
`,
      files: { token: 'one\n' },
    });
    const caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: gatehouse.ports.grpc });
    try {
      expect(outcomeOf(await caller.ask(withToken('t'))).kind).toBe('allow');
      expect(new Set(shown())).toEqual(new Set(['Bearer one']));
      writeFileSync(join(gatehouse.folder, 'token'), 'two\n');
      await eventually('the new token to be shown', async () => {
        expect(outcomeOf(await caller.ask(withToken('t'))).kind).toBe('allow');
        return shown().at(-1) === 'Bearer two' ? true : null;
      });
    } finally {
      caller.close();
      await gatehouse.stop();
    }
  });
});
