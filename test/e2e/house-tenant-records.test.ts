import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { run } from '../../src/cli/run.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { eventually } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { ask, withToken } from './support-house-check.ts';
import { type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// Houses whose clients are sealed records in Redis, and records that code makes.
const certificate = createSelfSigned();
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-records-'));
const environment = { RECORD_KEY: randomBytes(32).toString('base64') };
let idp: Idp;

beforeAll(async () => {
  idp = await startIdp(certificate);
  for (const tenant of ['red.example', '_wildcard.blue.example', 'code.example']) {
    mkdirSync(join(folder, 'secrets', tenant), { recursive: true });
    writeFileSync(join(folder, 'secrets', tenant, 'idp.crt'), certificate.cert);
  }
});

afterAll(async () => {
  await idp?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function statusFor(house: OpenedHouse, host: string, token: string): Promise<number> {
  const outcome = await ask(house, withToken(token, { host }));
  return outcome.kind === 'allow' ? 200 : outcome.status;
}

describe('a house with sealed records in Redis', () => {
  let redis: RunningRedis;
  let house: OpenedHouse;

  beforeAll(async () => {
    redis = await startRedis();
    writeFileSync(join(folder, 'gatehouse.yaml'), settingsText());
    house = await openAHouse(settingsText(), { folder, environment });
    await eventually('Redis to be connected', async () => {
      const { clientStore } = (await house.status()) as { clientStore?: { store?: { state?: string } } };
      return clientStore?.store?.state === 'connected' ? true : null;
    });
  });
  afterAll(async () => {
    await house?.close();
    await redis?.stop();
  });

  const settingsText = (): string => `${EVERY_DOOR}
clientStore:
  keyv:
    redis: { url: "${redis.url}" }
    keys: [{ env: RECORD_KEY }]
    secrets: secrets
    issuers: ["${idp.origin}"]
  recheck: 100ms
  missing: 100ms
`;

  async function put(tenant: string, secret: string): Promise<number> {
    const record = {
      issuer: idp.origin,
      clientId: 'gateway',
      clientSecret: secret,
      tls: { ca: 'idp.crt' },
      introspection: { endpoint: idp.endpoint },
    };
    writeFileSync(join(folder, 'record.json'), JSON.stringify(record));
    return run({
      argv: [
        'client',
        'put',
        tenant,
        '--file',
        join(folder, 'record.json'),
        '--config',
        join(folder, 'gatehouse.yaml'),
      ],
      environment,
      nodeVersion: process.versions.node,
      isTerminal: false,
      writeOut: () => undefined,
      writeError: () => undefined,
      onSignal: () => () => undefined,
      onCrash: () => () => undefined,
    });
  }

  it('serves a tenant that `gatehouse client put` has written, and a family of hosts', async () => {
    expect([await put('red.example', 'one'), await put('_wildcard.blue.example', 'two')]).toEqual([0, 0]);
    idp.tokens.set('t', {});
    expect(await statusFor(house, 'red.example', 't')).toBe(200);
    expect(idp.requests.at(-1)?.headers['authorization']).toBe(`Basic ${btoa('gateway:one')}`);
    expect(await statusFor(house, 'x.blue.example', 't')).toBe(200);
    expect(await statusFor(house, 'nobody.example', 't')).toBe(403);
  });

  it('refuses a record of one tenant that somebody has put under the name of another, and counts it (T-39)', async () => {
    const theirs = (await redis.command('GET', 'gatehouse:1:tenant:red.example')).split('\r\n').at(-1) ?? '';
    await redis.command('SET', 'gatehouse:1:tenant:evil.example', theirs);
    expect(await statusFor(house, 'evil.example', 't')).toBe(503);
    expect(await house.metric('gatehouse_client_records_total', { outcome: 'unsealed' })).toBe(1);
  });

  it('keeps serving those it knows while Redis is away', async () => {
    idp.tokens.set('u', {});
    await redis.kill();
    expect(await statusFor(house, 'red.example', 'u')).toBe(200);
    expect(await statusFor(house, 'green.example', 'u')).toBe(503);
  });
});

describe('a house whose tenants code knows', () => {
  const settingsText = (): string => `${EVERY_DOOR}
clientStore:
  module: ./my-store.mjs
  secrets: secrets
  issuers: ["${idp.origin}"]
`;

  it('asks the code for the tenant, and for its secret at each enquiry', async () => {
    writeFileSync(
      join(folder, 'my-store.mjs'),
      `export default () => ({
        record: async (tenant) => tenant === 'code.example' ? {
          issuer: '${idp.origin}',
          clientId: 'gateway',
          clientSecret: (request) => 'of ' + (request?.header('x-region')[0] ?? 'nowhere'),
          tls: { ca: 'idp.crt' },
          introspection: { endpoint: ${JSON.stringify(idp.endpoint)} },
        } : null,
      });`,
    );
    const house = await openAHouse(settingsText(), { folder });
    try {
      idp.tokens.set('c', {});
      const check = withToken('c', { host: 'code.example', headers: [['x-region', 'eu']] });
      expect((await ask(house, check)).kind).toBe('allow');
      expect(idp.requests.at(-1)?.headers['authorization']).toBe(`Basic ${btoa('gateway:of+eu')}`);
      expect(await statusFor(house, 'other.example', 'c')).toBe(403);
      expect(await house.status()).toMatchObject({ clientStore: { kind: 'module', tenants: 1 } });
    } finally {
      await house.close();
    }
  });

  it('closes the store when a door cannot open', async () => {
    const told = globalThis as { closedStores?: number };
    writeFileSync(
      join(folder, 'closing.mjs'),
      'export default { record: () => null, close: () => void (globalThis.closedStores = 1) };',
    );
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const text = settingsText()
      .replace('my-store', 'closing')
      .replace('grpc: { address: "127.0.0.1:0" }', `grpc: { address: "127.0.0.1:${port}" }`);
    await expect(openAHouse(text, { folder })).rejects.toThrow(String(port));
    await eventually('the store to be closed', () => told.closedStores ?? null);
    taken.close();
  });

  it('does not open with code that is no client store', async () => {
    writeFileSync(join(folder, 'no-store.mjs'), 'export default { get: 1 };');
    await expect(openAHouse(settingsText().replace('my-store', 'no-store'), { folder })).rejects.toThrow(
      /clientStore\.module: .*must export a client store as its default/,
    );
  });
});
