import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { run } from '../../src/cli/run.ts';
import type { World } from '../../src/cli/world.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { type FaultServer, json, startFaultServer, status } from '../support/fault-server.ts';
import { temporaryFolder } from '../support/processes.ts';
import { startProxyServer } from '../support/proxy-server.ts';

const folder = temporaryFolder('doctor');
afterAll(() => folder.remove());
const SECRET = 'hunter2: a secret with /, + and %';

const doctor = (client: string, argv: readonly string[] = [], differing: Partial<World> = {}) =>
  doctorIn(`clients: { default: ${client} }\n`, argv, differing);

async function doctorIn(text: string, argv: readonly string[] = [], differing: Partial<World> = {}) {
  const path = join(folder.path, 'gatehouse.yaml');
  writeFileSync(path, text);
  let out = '';
  let error = '';
  const code = await run({
    argv: ['doctor', '--config', path, ...argv],
    environment: { CLIENT_SECRET: SECRET },
    nodeVersion: '24.21.0',
    isTerminal: false,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (error += text),
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
    ...differing,
  });
  expect(out + error).not.toContain('hunter2');
  return { code, out, error };
}

const REST = 'clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true';

describe('doctor, with oidc-provider', () => {
  let server: AuthorizationServer;
  beforeAll(async () => {
    server = await startAuthorizationServer({ clientSecret: SECRET });
  });
  afterAll(() => server.stop());

  it('exits 0 and shows what it found out when introspection works', async () => {
    const { code, out, error } = await doctor(`{ issuer: "${server.issuer}", ${REST} }`, [
      '--client',
      'default',
    ]);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toMatch(/^Settings\n {9}issuer "http:/);
    for (const heading of ['The way to http', 'Metadata', 'Client authentication', 'A question'])
      expect(out).toContain(`\n${heading}`);
    expect(out).toContain('  ok     a token that nobody issued is inactive there\n');
    expect(out).toMatch(/\nIntrospection works\.\n$/);
    expect(server.introspections()).toBe(1);
  });

  it('exits 1 and says what to set for a final slash too much', async () => {
    const { code, out } = await doctor(`{ issuer: "${server.issuer}/", ${REST} }`);
    expect(code).toBe(1);
    expect(out).toContain('  BROKEN "issuer" differs from the one configured in its final slash\n');
    expect(out).toMatch(/\nIntrospection would not work: 1 problem\.\nWhat to set under clients\.default:\n/);
    expect(out).toContain(`    issuer: "${server.issuer}"\n`);
  });

  it('exits 1 for a wrong secret', async () => {
    const environment = { CLIENT_SECRET: 'hunter2 too' };
    const { code, out } = await doctor(`{ issuer: "${server.issuer}", ${REST} }`, [], { environment });
    expect(code).toBe(1);
    expect(out).toContain('the server refuses our client id and secret as client_secret_basic (status 401)');
  });
});

describe('doctor, with odd servers', () => {
  let server: FaultServer;
  beforeEach(async () => {
    server = await startFaultServer();
  });
  afterEach(() => server.stop());

  it('prints alternatives, each as it stands in the settings', async () => {
    const { code, out } = await doctor(`{ issuer: "${server.origin}", ${REST} }`);
    expect(code).toBe(1);
    expect(out).toMatch(
      /What to set under clients\.default:\n {4}metadataUrl: URL-OF-THE-DOCUMENT\n {4}# or\n {4}introspection: \{ endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT \}\n$/,
    );
  });

  it.each([
    ['auth: client_secret_post', (body: string) => body.includes('client_secret=')],
    [
      'auth: { method: client_secret_basic, encoding: raw }',
      (_body: string, pair: string) => pair === `gateway:${SECRET}`,
    ],
  ])('prints %s where that helps, and it does help', async (setting, isGood) => {
    server.always(({ body, headers }) => {
      const pair = Buffer.from(String(headers['authorization'] ?? '').slice(6), 'base64').toString();
      return isGood(body, pair) ? json({ active: false }) : status(401);
    });
    const endpoint = `introspection: { endpoint: "${server.url('/introspect')}" }`;
    const first = await doctor(`{ ${endpoint}, ${REST} }`);
    expect(first.code).toBe(1);
    expect(first.out).toContain(`    ${setting}\n`);
    const second = await doctor(`{ ${endpoint}, ${REST}, ${setting} }`);
    expect({ code: second.code, asked: second.out.match(/Introspection works/)?.length }).toEqual({
      code: 0,
      asked: 1,
    });
  });

  it('goes the way out that the environment names', async () => {
    const proxy = await startProxyServer();
    server.always(json({ active: false }));
    const endpoint = `introspection: { endpoint: "http://idp.example.invalid:${new URL(server.origin).port}/" }`;
    const environment = { CLIENT_SECRET: SECRET, http_proxy: proxy.origin };
    const { code, out } = await doctor(`{ ${endpoint}, ${REST} }`, [], { environment });
    expect(out).toContain(`goes through the proxy ${proxy.origin}, as the environment says`);
    expect({ code, asked: server.requests.length }).toEqual({ code: 0, asked: 1 });
    await proxy.stop();
  });

  it('finds out that an authority is not known, and is content when it is', async () => {
    const authority = createAuthority();
    writeFileSync(join(folder.path, 'authority.pem'), authority.ca);
    const secure = await startFaultServer({ tls: authority.issue(['IP:127.0.0.1']) });
    secure.always(json({ active: false }));
    const endpoint = `introspection: { endpoint: "${secure.url('/introspect')}" }`;
    const unknown = await doctor(`{ ${endpoint}, clientId: gateway, clientSecret: { env: CLIENT_SECRET } }`);
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain('    tls: { ca: PATH-OF-THE-AUTHORITY.pem }\n');
    const tls = 'tls: { ca: authority.pem }';
    const known = await doctor(
      `{ ${endpoint}, clientId: gateway, clientSecret: { env: CLIENT_SECRET }, ${tls} }`,
    );
    expect(known.code).toBe(0);
    await secure.stop();
  });
});

describe('doctor, of a tenant', () => {
  it('reads its record and looks at its server, or says what is wrong with the record', async () => {
    const tenants = join(folder.path, 'tenants');
    mkdirSync(tenants, { recursive: true });
    const record = 'issuer: https://idp.example.invalid\nclientId: gateway\nclientSecret: hunter2\n';
    writeFileSync(join(tenants, 'acme.yaml'), record);
    writeFileSync(join(tenants, 'broken.yaml'), record.replace('.invalid', '.com'));
    const store = `clientStore: { directory: { path: ${tenants}, issuers: ["https://*.example.invalid"] }, by: host }`;

    const known = await doctorIn(`${store}\n`, ['--client', 'acme']);
    expect(known.code).toBe(1);
    expect(known.out).toContain('the name idp.example.invalid does not resolve');
    const broken = await doctorIn(`${store}\n`, ['--client', 'broken']);
    expect({ ...broken, error: broken.error.includes('fits no pattern') }).toEqual({
      code: 2,
      out: '',
      error: true,
    });
    expect(await doctorIn(`${store}\n`, ['--client', 'nobody'])).toEqual({
      code: 2,
      out: '',
      error: 'gatehouse: the client store has no record of that name\n',
    });
    expect((await doctorIn(`${store}\n`)).error).toBe('gatehouse: --client must name a tenant\n');
  });
});

describe('doctor, of a tenant that code knows', () => {
  it.each([
    ['hangs', '() => new Promise(() => undefined)'],
    ['throws', "() => { throw new Error('hunter2'); }"],
  ])('comes to its end though the store %s when it is closed', async (what, close) => {
    const file = join(folder.path, `${what}.mjs`);
    const record = '{ issuer: "https://idp.example.invalid", clientId: "gateway", clientSecret: "hunter2" }';
    writeFileSync(file, `export default { record: () => (${record}), close: ${close} };`);
    const store = `clientStore: { module: ${file}, issuers: ["https://*.example.invalid"] }`;
    const { code, out } = await doctorIn(`${store}\n`, ['--client', 'acme']);
    expect(code).toBe(1);
    expect(out).toContain('the name idp.example.invalid does not resolve');
  });
});

describe('doctor, asked wrongly', () => {
  const CLIENT = `{ issuer: "https://idp.example", clientId: gateway, clientSecret: { env: CLIENT_SECRET } }`;

  it('exits 2 and names the clients for one that is not there', async () => {
    const { code, out, error } = await doctor(CLIENT, ['--client', 'other']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toBe('gatehouse: there is no client of that name; known: default\n');
  });

  it('exits 2 with a place in the file for wrong settings', async () => {
    const { code, error } = await doctor(CLIENT.replace('clientId', 'client_id'));
    expect(code).toBe(2);
    expect(error).toMatch(/gatehouse\.yaml:1:\d+/);
  });

  it('exits 2 where there are several clients and none is named', async () => {
    const { code, error } = await doctor(
      `${CLIENT}, other: ${CLIENT} }\nroutes: [{ name: all, client: other }]\n#`,
    );
    expect(code).toBe(2);
    expect(error).toBe('gatehouse: --client must name one of the clients: default, other\n');
  });
});
