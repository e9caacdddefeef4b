import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { aKey, type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts';
import { pemOf } from '../introspection/signer.ts';
import { eventually } from '../support/processes.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-signed-'));
let server: AuthorizationServer;
const houses: OpenedHouse[] = [];

beforeAll(() => {
  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const opening = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  writeFileSync(join(folder, 'signing.pem'), pemOf(signing));
  writeFileSync(join(folder, 'opening.pem'), pemOf(opening));
});
afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()));
  await server?.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REGISTRATION = {
  introspection_signed_response_alg: 'ES256',
  introspection_encrypted_response_alg: 'RSA-OAEP-256',
  introspection_encrypted_response_enc: 'A256GCM',
};

const settings = (issuer: string): string => `
${EVERY_DOOR}
clients:
  main:
    issuer: ${issuer}
    clientId: gateway
    allowHttp: true
    auth: { key: { file: signing.pem } }
    introspection:
      response: jwt
      jwt: { decryption: { keys: { file: opening.pem } } }
`;

async function open(issuer: string, untilReady: boolean): Promise<OpenedHouse> {
  const house = await openAHouse(settings(issuer), { folder, untilReady });
  houses.push(house);
  return house;
}

describe('a house that wants signed and encrypted answers', () => {
  it('tells the server its keys, and then reads what the server makes for it (CA-8, JIR-10)', async () => {
    // Which port is free, and what our keys are there.
    const first = await startAuthorizationServer();
    const { issuer, port } = first;
    await first.stop();
    const early = await open(issuer, false);
    const { status, text } = await early.page('/jwks.json?client=main');
    expect(status).toBe(200);
    const jwks = JSON.parse(text) as { readonly keys: readonly { readonly use: string }[] };
    expect(jwks.keys.map(({ use }) => use)).toEqual(['sig', 'enc']);
    expect((await early.page('/jwks.json?client=other')).status).toBe(404);

    server = await startAuthorizationServer({
      port,
      authentication: 'private_key_jwt',
      registration: { ...REGISTRATION, jwks },
    });
    const house = await open(issuer, true);
    const token = await server.issueToken();
    expect(await askForStatus(house, withToken(token))).toBe(200);
    expect(await askForStatus(house, withToken('unknown'))).toBe(401);

    // Another key signs from now on: the next new token is answered right all the same.
    await server.changeKeys([aKey('another')]);
    expect(await askForStatus(house, withToken(await server.issueToken()))).toBe(200);
    expect(await house.metric('gatehouse_signing_key_refreshes_total', { outcome: 'changed' })).toBe(2);
    expect(JSON.stringify(await house.status())).toContain('"signingKeys":{"ageMs":');
    expect(JSON.stringify([await house.status(), house.lines])).not.toMatch(/PRIVATE|eyJ/);
  });

  it('denies with 503 what is signed and not encrypted, and does not get ready (JIR-10, R17)', async () => {
    server = await startAuthorizationServer({ authentication: 'none' });
    const text = settings(server.issuer).replace('auth: { key: { file: signing.pem } }', 'auth: none');
    const house = await openAHouse(text, { folder, untilReady: false });
    houses.push(house);
    expect(await askForStatus(house, withToken(await server.issueToken()))).toBe(503);
    const reason = 'signed_answer_unencrypted';
    expect(await house.metric('gatehouse_faults_total', { reason })).toBe(1);
    expect(house.logs()).toContainEqual(expect.objectContaining({ event: 'introspected', outcome: reason }));
    // A wrong setting that concerns every client of the file: a roll-out stops by itself.
    await eventually('the client to be known as wrong', async () =>
      JSON.stringify(await house.status()).includes('"main":"wrong"') ? true : null,
    );
    expect((await house.page('/readyz')).status).toBe(503);
  });
});
