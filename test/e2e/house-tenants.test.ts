import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createSelfSigned } from '../support/certificates.ts';
import { eventually } from '../support/processes.ts';
import { ask, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, settingsOf } from './support-house.ts';

// A house whose clients are files in a folder, each with an authorization server of its own behind TLS.
const certificate = createSelfSigned();
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-house-'));
let red: Idp;
let blue: Idp;
let house: OpenedHouse;

const settingsText = (): string => `${EVERY_DOOR}
clientStore:
  directory:
    path: tenants
    secrets: secrets
    issuers: ["https://127.0.0.1:${red.port}", "https://127.0.0.1:${blue.port}"]
  recheck: 100ms
  missing: 100ms
`;

beforeAll(async () => {
  [red, blue] = await Promise.all([startIdp(certificate), startIdp(certificate)]);
  mkdirSync(join(folder, 'tenants'));
  write('tenants/red.example.yaml', recordFor(red));
  write('tenants/blue.example.yaml', recordFor(blue));
  for (const tenant of ['red.example', 'blue.example', 'green.example']) {
    write(`secrets/${tenant}/secret`, `secret-of-${tenant}\n`);
    write(`secrets/${tenant}/ca.crt`, certificate.cert);
  }
  house = await openAHouse(settingsText(), { folder });
});

afterAll(async () => {
  await house?.close();
  await Promise.all([red?.stop(), blue?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function recordFor({ endpoint, origin }: Idp): string {
  return `issuer: ${origin}
clientId: gateway
clientSecret: { file: secret }
tls: { ca: ca.crt }
introspection: { endpoint: "${endpoint}" }
`;
}

async function statusFor(host: string, token: string): Promise<number> {
  const outcome = await ask(house, withToken(token, { host }));
  return outcome.kind === 'allow' ? 200 : outcome.status;
}

describe('a house with a directory of tenants', () => {
  it('is ready without any tenant, for tenants never count', async () => {
    expect((await house.page('/readyz')).status).toBe(200);
  });

  it('asks the server of the tenant that the host names, with the secret of that tenant (G6)', async () => {
    red.tokens.set('shared', {});
    expect(await statusFor('red.example', 'shared')).toBe(200);
    expect(await statusFor('blue.example', 'shared')).toBe(401);
    const authorization = `Basic ${Buffer.from('gateway:secret-of-red.example').toString('base64')}`;
    expect(red.requests.at(-1)?.headers['authorization']).toBe(authorization);
    expect(blue.asked()).toEqual(['shared']);
  });

  it('answers 403 to a host that is nobody’s, and asks no server', async () => {
    red.forget();
    expect(await statusFor('nobody.example', 'shared')).toBe(403);
    expect(red.asked()).toEqual([]);
  });

  it('serves a tenant that is new, and keeps one whose record breaks', async () => {
    red.tokens.set('green', {});
    write('tenants/green.example.yaml', recordFor(red));
    await eventually('the new tenant', async () =>
      (await statusFor('green.example', 'green')) === 200 ? true : null,
    );
    write('tenants/green.example.yaml', 'clientId: [');
    await eventually('the broken record to be told of', async () => {
      expect(await statusFor('green.example', 'green')).toBe(200);
      return house.lines.some((line) => line.includes('stays in force')) ? true : null;
    });
    expect(await house.status()).toMatchObject({ clientStore: { kind: 'directory', broken: 1 } });
  });

  it('answers 503 for a tenant whose record cannot be used', async () => {
    write('tenants/bad.example.yaml', 'issuer: https://evil.example\nclientId: a\nclientSecret: s\n');
    expect(await statusFor('bad.example', 'token')).toBe(503);
    expect(house.logs().findLast((line) => line['event'] === 'decided')).toMatchObject({
      reason: 'client_store_failed',
    });
  });

  it('takes a reload from tenants to clients of the file and back, without a restart', async () => {
    const plain = await startIdp();
    try {
      plain.tokens.set('file', {});
      house.house.replace(
        await settingsOf(`${EVERY_DOOR}clients: { only: ${clientAt(plain.endpoint)} }`, { folder }),
      );
      expect(await statusFor('any.example', 'file')).toBe(200);
      house.house.replace(await settingsOf(settingsText(), { folder }));
      expect(await statusFor('any.example', 'file')).toBe(403);
      red.tokens.set('again', {});
      expect(await statusFor('red.example', 'again')).toBe(200);
    } finally {
      await plain.stop();
    }
  });
});
