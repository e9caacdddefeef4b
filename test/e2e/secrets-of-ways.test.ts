import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { printSettings } from '../../src/index.ts';
import { run } from '../../src/cli/run.ts';
import { createAuthority } from '../support/certificates.ts';
import {
  type Answer,
  type FaultServer,
  json,
  jsonText,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { temporaryFolder } from '../support/processes.ts';
import { type ProxyServer, startProxyServer } from '../support/proxy-server.ts';
import { ask, type Outcome, withToken } from './support-house-check.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, settingsOf } from './support-house.ts';

// Every secret that a way to an authorization server, or to a store of tenants, can have: told to nobody.
const jwkOf = (curve: 'P-256') =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'jwk' });
const [signing, decrypting] = [jwkOf('P-256'), jwkOf('P-256')];

const CANARIES: Readonly<Record<string, string>> = {
  bearer: 'canary-bearer-0c1d',
  granted: 'canary-granted-2e3f',
  clientSecret: 'canary-secret-of-thirty-two-bytes:4/5 6',
  previousSecret: 'canary-previous-of-thirty-two-bytes+7',
  header: 'canary-header-8a9b',
  proxyPassword: 'canary-proxy:password/aabb',
  environmentProxy: 'canary-environment-proxy-ccdd',
  signingKey: signing.d ?? '',
  decryptionKey: decrypting.d ?? '',
  serviceKey: 'canary-service-key-eeff',
  serviceHeader: 'canary-service-header-1122',
  tenantSecret: 'canary-tenant-secret-3344',
  ofTheRecord: 'canary-of-the-record-5566',
  token: 'canary-token-7788',
};

const TRACES = Object.entries(CANARIES).flatMap(([name, text]) => [
  [name, text] as const,
  [`${name}, base64`, Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -2)] as const,
  [`${name}, form-encoded`, new URLSearchParams({ x: text }).toString().slice(2)] as const,
]);

function tracesIn(text: string): readonly string[] {
  return TRACES.filter(([, trace]) => text.includes(trace)).map(([name]) => name);
}

/** What a server may say: all that it was sent. */
const echo =
  (code: number): Answer =>
  (request) =>
    json(
      {
        active: 'x',
        error: 'invalid_client',
        said: request.body,
        ...request.headers,
        rest: Object.values(CANARIES),
      },
      { status: code },
    );
const ANSWERS: readonly Answer[] = [
  ...[200, 400, 401, 403, 429, 500].map(echo),
  (request) => jsonText(`{"active":true,"${request.body}${String(request.headers['authorization'])}`),
  (request) => status(302, { headers: { location: `/${encodeURIComponent(request.body)}` } }),
];

const folder = temporaryFolder('secrets-of-ways');
const refusals: Outcome[] = [];
let server: FaultServer;
let proxy: ProxyServer;
let house: OpenedHouse;

const environment: Readonly<Record<string, string>> = {
  BEARER: CANARIES['bearer']!,
  CLIENT_SECRET: CANARIES['clientSecret']!,
  PREVIOUS_SECRET: CANARIES['previousSecret']!,
  API_KEY: CANARIES['header']!,
  PROXY_PASSWORD: CANARIES['proxyPassword']!,
  OTHER_PASSWORD: `${CANARIES['proxyPassword']!}-of-another`,
  SIGNING_KEY: JSON.stringify(signing),
  DECRYPTION_KEY: JSON.stringify(decrypting),
};

function clientsOf(): Readonly<Record<string, string>> {
  const asked = `allowHttp: true, introspection: { endpoint: "${server.url('/introspect')}"`;
  const through = (password: string): string =>
    `proxy: { url: "${proxy.origin}", username: gateway, password: { env: ${password} } }`;
  const secret = 'clientSecret: { env: CLIENT_SECRET }';
  return {
    bearer: `auth: { method: bearer, token: { env: BEARER } }, ${asked} }`,
    granted: `${secret}, auth: { method: bearer, clientCredentials: { endpoint: "${server.url('/token')}" } }, ${asked} }`,
    refused: `${secret}, auth: { method: bearer, clientCredentials: { endpoint: "${server.url('/echo')}" } }, ${asked} }`,
    rotating: `${secret}, previousSecret: { env: PREVIOUS_SECRET }, auth: client_secret_post, ${asked} }`,
    hmac: `${secret}, auth: { method: client_secret_jwt, audience: introspection_endpoint }, ${asked} }`,
    keyed: `auth: { key: { env: SIGNING_KEY }, audience: introspection_endpoint }, ${asked} }`,
    fronted: `${secret}, ${asked}, headers: { x-api-key: { env: API_KEY }, x-token: "${CANARIES['header']!}" } }`,
    proxied: `${secret}, ${through('PROXY_PASSWORD')}, ${asked} }`,
    barred: `${secret}, ${through('OTHER_PASSWORD')}, ${asked} }`,
    encrypted: `issuer: "${server.origin}", ${secret}, ${asked}, response: jwt, jwt: { jwksUri: "${server.url('/echo')}", decryption: { keys: [{ env: DECRYPTION_KEY }] } } }`,
  };
}

function settingsText(): string {
  const clients = Object.entries(clientsOf());
  return `${EVERY_DOOR}
clients:
${clients.map(([name, words]) => `  ${name}: { clientId: gateway, ${words} }`).join('\n')}
routes:
${clients.map(([name]) => `  - { name: ${name}, match: { paths: [/${name}] }, client: ${name} }`).join('\n')}
`;
}

beforeAll(async () => {
  [server, proxy] = await Promise.all([startFaultServer(), startProxyServer()]);
  proxy.answer({ kind: 'guarded', username: 'gateway', password: CANARIES['proxyPassword']! });
  server.on('/token', json({ access_token: CANARIES['granted'], token_type: 'Bearer', expires_in: 600 }));
  server.on('/echo', echo(400));
  server.always(json({ active: false }));
  house = await openAHouse(settingsText(), { environment });
  for (const [index, answer] of ANSWERS.entries()) {
    server.always(answer);
    for (const name of Object.keys(clientsOf())) {
      const outcome = await ask(
        house,
        withToken(`${CANARIES['token']!}-${index}-${name}`, { path: `/${name}` }),
      );
      refusals.push(outcome);
    }
  }
}, 60_000);

afterAll(async () => {
  await house?.close();
  await Promise.all([server?.stop(), proxy?.stop()]);
  folder.remove();
});

describe('a house with every way to an authorization server, at debug', () => {
  it('sent each of the secrets where it belongs, so that there is something to be found', () => {
    const sent = JSON.stringify(server.requests) + JSON.stringify(proxy.tunnels);
    for (const name of ['bearer', 'granted', 'header']) expect(sent).toContain(CANARIES[name]);
    expect(tracesIn(sent)).toEqual(
      expect.arrayContaining(['clientSecret, form-encoded', 'previousSecret, form-encoded']),
    );
    const tunnels = proxy.tunnels.map(({ authorization }) => authorization?.slice(6) ?? '');
    expect(tunnels.map((pair) => Buffer.from(pair, 'base64').toString())).toContain(
      `gateway:${CANARIES['proxyPassword']!}`,
    );
    expect(new Set(refusals.map(({ kind }) => kind))).toEqual(new Set(['deny']));
  });

  it('wrote none of them into its log (INT-23, T-51, T-52)', () => {
    expect(house.lines.length).toBeGreaterThan(100);
    for (const line of house.lines) expect({ line, traces: tracesIn(line) }).toEqual({ line, traces: [] });
  });

  it.each(['/metrics', '/status', '/readyz', '/jwks.json'])(
    'shows none of them under %s (T-51)',
    async (path) => {
      expect(tracesIn((await house.page(path)).text)).toEqual([]);
    },
  );

  it('repeats none of them in a refusal (T-53)', () => {
    expect(tracesIn(JSON.stringify(refusals))).toEqual([]);
  });

  it('shows them as [set] in its settings', async () => {
    const settings = await settingsOf(settingsText(), { environment });
    expect(tracesIn(printSettings(settings) + JSON.stringify(settings))).toEqual([]);
  });

  it('lets doctor print none of them, whatever the server says', async () => {
    const config = join(folder.path, 'gatehouse.yaml');
    writeFileSync(config, settingsText());
    for (const answer of [json({ active: false }), ...ANSWERS]) {
      server.always(answer);
      for (const name of Object.keys(clientsOf())) {
        const { code, said } = await command(['doctor', '--config', config, '--client', name]);
        expect([0, 1]).toContain(code);
        expect({ name, traces: tracesIn(said) }).toEqual({ name, traces: [] });
      }
    }
  }, 60_000);

  it('lets nobody see the password of a proxy of the environment', async () => {
    const config = join(folder.path, 'gatehouse.yaml');
    writeFileSync(config, settingsText());
    for (const text of [
      `http://gateway:${CANARIES['environmentProxy']!}@127.0.0.1:1`,
      `http://gateway:${CANARIES['environmentProxy']!}%@127.0.0.1:1`,
      `socks5://gateway:${CANARIES['environmentProxy']!}@127.0.0.1:1`,
      `http://gateway:${CANARIES['environmentProxy']!}@127.0.0.1:port`,
    ]) {
      const proxied = { HTTPS_PROXY: text, HTTP_PROXY: text };
      const checked = await command(['check', '--config', config], proxied);
      const examined = await command(['doctor', '--config', config, '--client', 'bearer'], proxied);
      expect(tracesIn(checked.said + examined.said)).toEqual([]);
    }
  });
});

describe('a house with tenants of a service, at debug', () => {
  const authority = createAuthority();
  let tenants: OpenedHouse;
  let service: FaultServer;
  let idp: FaultServer;

  beforeAll(async () => {
    const tls = authority.issue(['IP:127.0.0.1']);
    [service, idp] = await Promise.all([startFaultServer(), startFaultServer({ tls })]);
    idp.always(echo(401));
    writeFileSync(join(folder.path, 'ca.pem'), authority.ca);
    tenants = await openAHouse(
      `${EVERY_DOOR}
clientStore:
  recheck: 1s
  http:
    url: "${service.url('/{tenant}')}"
    allowHttp: true
    bearer: { env: SERVICE_KEY }
    headers: { x-key: { env: SERVICE_HEADER } }
    issuers: ["${idp.origin}"]
`,
      { environment: { SERVICE_KEY: CANARIES['serviceKey']!, SERVICE_HEADER: CANARIES['serviceHeader']! } },
    );
    const good = {
      issuer: idp.origin,
      clientId: 'gateway',
      clientSecret: CANARIES['tenantSecret'],
      introspection: { endpoint: idp.url('/introspect'), headers: { 'x-key': CANARIES['ofTheRecord'] } },
    };
    const canary = CANARIES['ofTheRecord']!;
    const records: readonly Answer[] = [
      json(good),
      json({ ...good, clientSecrets: canary }),
      json({ ...good, clientSecret: [canary] }),
      json({ ...good, clientSecret: { env: canary } }),
      json({ ...good, clientSecret: { file: `../${canary}` } }),
      json({ ...good, clientSecret: `${canary}\nx` }),
      json({ ...good, auth: { key: canary } }),
      json({ ...good, issuer: `https://${canary}@x` }),
      json({ ...good, introspection: { endpoint: `https://idp.example/${canary}` } }),
      jsonText(`{"clientSecret": "${canary}`),
      (request) => json(request.headers, { status: 500 }),
      (request) => status(302, { headers: { location: JSON.stringify(request.headers) } }),
      (request) => status(200, { headers: { 'content-type': String(request.headers['authorization']) } }),
    ];
    for (const [index, record] of records.entries()) {
      service.always(record);
      refusals.push(await ask(tenants, withToken(CANARIES['token']!, { host: `t${index}.example` })));
    }
  }, 60_000);

  afterAll(async () => {
    await tenants?.close();
    await Promise.all([service?.stop(), idp?.stop()]);
  });

  it('sent its key to the service, and wrote nothing of it, nor of the records, into its log (T-51)', () => {
    expect(JSON.stringify(service.requests)).toContain(CANARIES['serviceKey']);
    expect(tenants.lines.join('\n')).toContain('client_store_failed');
    for (const line of tenants.lines) expect({ line, traces: tracesIn(line) }).toEqual({ line, traces: [] });
    expect(tracesIn(JSON.stringify(refusals))).toEqual([]);
  });

  it.each(['/metrics', '/status'])('shows none of them under %s (T-51)', async (path) => {
    expect(tracesIn((await tenants.page(path)).text)).toEqual([]);
  });
});

async function command(
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly said: string }> {
  let said = '';
  const code = await run({
    argv,
    environment: { ...environment, ...more },
    nodeVersion: process.versions.node,
    isTerminal: false,
    writeOut: (text) => void (said += text),
    writeError: (text) => void (said += text),
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
  });
  return { code, said };
}
