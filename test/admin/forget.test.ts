import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { afterEach, describe, expect, it } from '@jest/globals';

import { type AdminDoor, type AdminSettings, openAdmin } from '../../src/admin/index.ts';
import {
  epochMilliseconds,
  type ForgetOutcome,
  type ForgetRequest,
  type HouseEvent,
  Secret,
} from '../../src/domain/index.ts';
import { createAuthority } from '../support/certificates.ts';

const SECRET = 'a-secret-of-operators';
const BEARER = { authorization: `Bearer ${SECRET}` };
const JSON_BODY = { 'content-type': 'application/json' };
const DONE: ForgetOutcome = {
  kind: 'forgotten',
  id: 'f00d',
  before: epochMilliseconds(0),
  fingerprint: null,
  told: 'everybody',
};

const opened: AdminDoor[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((door) => door.close()));
});

async function aDoor(differing: Partial<AdminSettings> = {}, outcome: ForgetOutcome = DONE) {
  const asked: { readonly request: ForgetRequest; readonly by: string }[] = [];
  const events: HouseEvent[] = [];
  const door = await openAdmin(
    {
      metrics: async () => ({ contentType: 'text/plain', body: 'gatehouse_up 1\n' }),
      status: () => ({}),
      readiness: () => ({ ready: true, waitingFor: [] }),
      publicKeys: () => ({ keys: [] }),
      async forget(request, by) {
        asked.push({ request, by });
        return outcome;
      },
      observe: (event) => void events.push(event),
    },
    {
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      tls: null,
      bearer: new Secret(SECRET),
      ...differing,
    },
  );
  opened.push(door);
  return { door, asked, events };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

function ask(door: AdminDoor, sent: Sent) {
  const { method = 'POST', path = '/forget', headers = { ...BEARER, ...JSON_BODY }, body = '{}', tls } = sent;
  if (door.address.kind !== 'tcp') throw new Error('not a TCP door');
  const options = {
    host: '127.0.0.1',
    port: door.address.port,
    path,
    method,
    headers,
    agent: false as const,
  };
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      const asked = tls === undefined ? httpRequest(options) : httpsRequest({ ...options, ...tls });
      asked.on('error', reject);
      asked.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      asked.end(method === 'GET' ? undefined : body);
    },
  );
}

const ALICE = JSON.stringify({ subject: 'alice' });

describe('POST /forget', () => {
  it('hands over what is to be forgotten and who asks', async () => {
    const { door, asked } = await aDoor();
    const body = {
      ...{ token: 'abc.def', jti: 'j', session: 's', subject: 'alice' },
      ...{ client: 'web', issuer: 'https://idp.example', tenant: 'orders' },
    };
    const { status, text } = await ask(door, { body: JSON.stringify(body) });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      id: 'f00d',
      before: '1970-01-01T00:00:00.000Z',
      propagated: true,
    });
    const [{ request, by } = { request: null, by: '' }] = asked;
    expect(by).toBe('bearer');
    expect(request?.token?.reveal()).toBe('abc.def');
    expect(request).toMatchObject({
      ...{ fingerprint: null, tokenId: 'j', session: 's', subject: 'alice' },
      ...{ clientId: 'web', issuer: 'https://idp.example', tenant: 'orders' },
    });
    expect(text).not.toContain('abc.def');
  });

  it('takes a fingerprint in either case, and everything when it is spelled out', async () => {
    const { door, asked } = await aDoor();
    const fingerprint = 'ABCDEF0123456789abcdef0123456789';
    await ask(door, { body: JSON.stringify({ fingerprint }) });
    await ask(door, { body: '{"everything":true}' });
    expect(asked.map(({ request }) => request.fingerprint)).toEqual([fingerprint.toLowerCase(), null]);
  });

  it.each<[string, ForgetOutcome, number, object]>([
    ['replicas that could not be told yet', { ...DONE, told: 'later' }, 202, { propagated: false }],
    ['no replicas', { ...DONE, told: 'nobody' }, 200, { propagated: false }],
    ['no room for more', { kind: 'full', most: 5 }, 429, { problem: expect.any(String) }],
  ])('tells of %s', async (_what, outcome, status, body) => {
    const { door } = await aDoor({}, outcome);
    const answer = await ask(door, { body: ALICE });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject(body);
  });

  it.each([
    ['nothing', '{}'],
    ['an unknown member', '{"sub":"alice-canary"}'],
    ['an empty text', '{"subject":""}'],
    ['a number', '{"subject":7}'],
    ['null', '{"subject":null}'],
    ['a text without end', JSON.stringify({ subject: 'canary'.repeat(1_000) })],
    ['what is no token', '{"token":"two canaries"}'],
    ['what is no fingerprint', '{"fingerprint":"canary"}'],
    ['a token and a fingerprint', `{"token":"a","fingerprint":"${'0'.repeat(32)}"}`],
    ['everything and something', '{"everything":true,"subject":"alice"}'],
    ['everything: false', '{"everything":false}'],
    ['a list', '[]'],
    ['no JSON', '{"subject":"canary"'],
    ['no body', ''],
  ])('refuses %s with 400 and does nothing', async (_what, body) => {
    const { door, asked } = await aDoor();
    const answer = await ask(door, { body });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('canar');
    expect(asked).toEqual([]);
  });

  it('refuses a body over 32 KiB with 413', async () => {
    const { door, asked } = await aDoor();
    const answer = await ask(door, { body: JSON.stringify({ subject: 'x'.repeat(32 * 1024) }) });
    expect(answer.status).toBe(413);
    expect(asked).toEqual([]);
  });

  it('answers 405 to another method and says what it takes', async () => {
    const { door } = await aDoor();
    const answer = await ask(door, { method: 'GET', headers: BEARER });
    expect({ status: answer.status, allow: answer.headers['allow'] }).toEqual({ status: 405, allow: 'POST' });
  });
});

describe('who may have something forgotten (T-63)', () => {
  it.each([
    ['no credentials', {}, 'credentials_missing'],
    ['a wrong secret', { authorization: 'Bearer wrong' }, 'credentials_wrong'],
    ['the beginning of the secret', { authorization: `Bearer ${SECRET.slice(0, -1)}` }, 'credentials_wrong'],
    ['more than the secret', { authorization: `Bearer ${SECRET}x` }, 'credentials_wrong'],
    ['another scheme', { authorization: `Basic ${SECRET}` }, 'credentials_missing'],
  ])('is not who shows %s: 401', async (_what, headers, cause) => {
    const { door, asked, events } = await aDoor();
    const answer = await ask(door, { headers: { ...JSON_BODY, ...headers }, body: ALICE });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="gatehouse admin"');
    expect(asked).toEqual([]);
    expect(events).toEqual([{ event: 'operator_refused', path: '/forget', cause }]);
  });

  it('is nobody where nothing is configured: 403, and what to set', async () => {
    const { door, asked } = await aDoor({ bearer: null });
    const answer = await ask(door, { body: ALICE });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('listen.admin.auth.bearer');
    expect(asked).toEqual([]);
  });

  it.each([
    ['a page of another origin', { origin: 'https://evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
    [
      'a page whose name was bound to this host',
      { origin: 'http://127.0.0.1:9003', 'sec-fetch-site': 'same-origin' },
    ],
    ['a browser without an origin', { 'sec-fetch-site': 'none' }],
  ])('is not %s, whatever it shows: 403', async (_what, headers) => {
    const { door, asked, events } = await aDoor();
    const answer = await ask(door, { headers: { ...BEARER, ...JSON_BODY, ...headers }, body: ALICE });
    expect(answer.status).toBe(403);
    expect(asked).toEqual([]);
    expect(events).toMatchObject([{ cause: 'from_a_browser' }]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', ''])(
    'is not a form: 415 to %j, which pages may send without asking',
    async (type) => {
      const { door, asked } = await aDoor();
      const answer = await ask(door, { headers: { ...BEARER, 'content-type': type }, body: ALICE });
      expect(answer.status).toBe(415);
      expect(asked).toEqual([]);
    },
  );

  it('shows the new secret from the moment that it is replaced', async () => {
    const { door } = await aDoor();
    door.renew({ tls: null, bearer: new Secret('another-secret-of-operators') });
    expect((await ask(door, { body: ALICE })).status).toBe(401);
    const headers = { ...JSON_BODY, authorization: 'Bearer another-secret-of-operators' };
    expect((await ask(door, { headers, body: ALICE })).status).toBe(200);
  });

  it('sees metrics and status then, and everybody what probes and servers need', async () => {
    const { door } = await aDoor();
    for (const path of ['/metrics', '/status']) {
      expect({ path, ...(await ask(door, { method: 'GET', path, headers: {} })) }).toMatchObject({
        status: 401,
      });
      expect({ path, ...(await ask(door, { method: 'GET', path, headers: BEARER })) }).toMatchObject({
        status: 200,
      });
    }
    for (const path of ['/livez', '/readyz', '/jwks.json'])
      expect({ path, ...(await ask(door, { method: 'GET', path, headers: {} })) }).toMatchObject({
        status: 200,
      });
  });
});

describe('an admin door with TLS', () => {
  const authority = createAuthority();
  const server = authority.issue(['IP:127.0.0.1']);
  const tls = { cert: server.cert, key: new Secret(server.key), clientCa: authority.ca };
  const operator = authority.issue(['URI:spiffe://cluster.local/ns/ops']);

  it('knows an operator by the certificate, and names it', async () => {
    const { door, asked } = await aDoor({ tls, bearer: null });
    const shown = { ca: authority.ca, ...operator };
    expect((await ask(door, { headers: JSON_BODY, body: ALICE, tls: shown })).status).toBe(200);
    expect(asked.map(({ by }) => by)).toEqual(['certificate URI:spiffe://cluster.local/ns/ops']);
  });

  it('lets nobody in without a certificate of its authority', async () => {
    const { door, asked } = await aDoor({ tls, bearer: null });
    const stranger = createAuthority('Somebody else').issue(['URI:spiffe://elsewhere']);
    for (const shown of [{ ca: authority.ca }, { ca: authority.ca, ...stranger }])
      await expect(ask(door, { headers: JSON_BODY, body: ALICE, tls: shown })).rejects.toThrow();
    expect(asked).toEqual([]);
  });

  it('lets nobody in whose certificate names nobody that it allows', async () => {
    const { door, asked } = await aDoor({
      tls: { ...tls, allowedPeers: ['spiffe://cluster.local/ns/ops'] },
      bearer: null,
    });
    const other = authority.issue(['URI:spiffe://cluster.local/ns/web']);
    for (const [path, method] of [
      ['/forget', 'POST'],
      ['/status', 'GET'],
    ] as const)
      expect(
        await ask(door, {
          path,
          method,
          headers: JSON_BODY,
          body: ALICE,
          tls: { ca: authority.ca, ...other },
        }),
      ).toMatchObject({ status: 403 });
    expect(asked).toEqual([]);
    const shown = { ca: authority.ca, ...operator };
    expect((await ask(door, { headers: JSON_BODY, body: ALICE, tls: shown })).status).toBe(200);
  });

  it('wants both where both are configured', async () => {
    const { door } = await aDoor({ tls });
    const shown = { ca: authority.ca, ...operator };
    expect((await ask(door, { headers: JSON_BODY, body: ALICE, tls: shown })).status).toBe(401);
    expect((await ask(door, { body: ALICE, tls: shown })).status).toBe(200);
  });

  it('shows a new certificate, and keeps the old one when the new is broken', async () => {
    const { door } = await aDoor({ tls: { ...tls, clientCa: null } });
    const broken = { cert: 'nonsense', key: new Secret('nonsense'), clientCa: null };
    expect(door.renew({ bearer: null, tls: broken }).ok).toBe(false);
    expect((await ask(door, { body: ALICE, tls: { ca: authority.ca } })).status).toBe(200);
    const other = createAuthority('Another authority');
    const next = other.issue(['IP:127.0.0.1']);
    expect(
      door.renew({ bearer: null, tls: { ...broken, cert: next.cert, key: new Secret(next.key) } }).ok,
    ).toBe(true);
    expect((await ask(door, { body: ALICE, tls: { ca: other.ca } })).status).toBe(200);
  });
});
