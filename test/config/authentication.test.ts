import { createPrivateKey, generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { createStaticStore } from '../../src/client-store/index.ts';
import { printSettings, type World } from '../../src/config/index.ts';
import { type ClientAuthentication, monotonicMilliseconds, Secret } from '../../src/domain/index.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { keyed, settingsOf } from './read.ts';
import { aWorld, CANARY } from './worlds.ts';

const pemOf = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ed = generateKeyPairSync('ed25519').privateKey;
const LONG = `${CANARY}-of-thirty-two-bytes-or-more`;

const world = (files: Readonly<Record<string, string>> = {}): World =>
  aWorld({ environment: { SECRET: LONG }, files });

const textOf = (auth: string, rest = ''): string =>
  `clients: { only: { issuer: https://idp.example.com, clientId: gateway, ${rest} auth: ${auth} } }\n` +
  'routes: [{ name: all, require: { audience: [https://api.example.com] } }]\n';

const SECRET = 'clientSecret: { env: SECRET },';

async function read(auth: string, rest = '', files: Readonly<Record<string, string>> = {}) {
  const settings = await settingsOf(textOf(auth, rest), world(files));
  return settings.clients[0]!.authentication as ClientAuthentication & {
    readonly key: { pem: { reveal(): string } };
  };
}

const NO_TIME = { clock: { monotonic: () => monotonicMilliseconds(0) } };

describe('auth', () => {
  it.each([
    ['client_secret_basic', { method: 'client_secret_basic', encoding: 'form' }],
    ['{ method: client_secret_basic, encoding: raw }', { method: 'client_secret_basic', encoding: 'raw' }],
    ['client_secret_post', { method: 'client_secret_post' }],
    [
      'client_secret_jwt',
      { method: 'client_secret_jwt', assertion: { algorithms: ['HS256'], audience: 'issuer' } },
    ],
  ])('%s needs a secret and becomes what it says', async (auth, expected) => {
    expect(await read(auth, SECRET)).toMatchObject(expected);
  });

  it('bearer takes a token, which no print shows', async () => {
    const auth = '{ method: bearer, token: { file: t } }';
    expect(await read(auth, '', { t: `${CANARY}.~+/-_==\n` })).toEqual({
      method: 'bearer',
      token: new Secret(`${CANARY}.~+/-_==`),
    });
    const settings = await settingsOf(textOf('{ method: bearer, token: hunter2-canary }'), world());
    expect(settings.warnings.map(keyed)).toEqual([
      expect.stringMatching(/^clients.only.auth.token: is a secret/),
    ]);
    expect(printSettings(settings)).not.toContain('hunter2');
  });

  it('bearer takes client credentials with defaults for all but the secret', async () => {
    expect(await read('{ method: bearer, clientCredentials: {} }', SECRET)).toEqual({
      method: 'bearer',
      grant: {
        endpoint: null,
        secret: new Secret(LONG),
        method: null,
        encoding: 'form',
        scopes: [],
        params: new Map(),
      },
    });
  });

  it('bearer takes client credentials with everything', async () => {
    const grant =
      '{ endpoint: "https://sts.example.com/t?x=1", method: client_secret_post, encoding: raw, ' +
      'scopes: [a, b], params: { audience: x, resource: [https://a.example, https://b.example] } }';
    expect(await read(`{ method: bearer, clientCredentials: ${grant} }`, SECRET)).toMatchObject({
      grant: {
        endpoint: 'https://sts.example.com/t?x=1',
        method: 'client_secret_post',
        encoding: 'raw',
        scopes: ['a', 'b'],
        params: new Map([
          ['audience', ['x']],
          ['resource', ['https://a.example', 'https://b.example']],
        ]),
      },
    });
  });

  it('none has no secret', async () => {
    expect(await read('none')).toEqual({ method: 'none' });
  });

  it('private_key_jwt takes a PEM file, with the algorithms that go with it (CA-5)', async () => {
    const authentication = await read('{ method: private_key_jwt, key: { file: k }, kid: k1 }', '', {
      k: pemOf(ec),
    });
    expect(authentication).toMatchObject({
      key: { id: 'k1' },
      assertion: {
        algorithms: ['ES384'],
        audience: 'issuer',
        type: 'client-authentication+jwt',
        lifetime: 60_000,
        sendClientId: false,
      },
    });
    expect(authentication.key.pem.reveal()).toBe(pemOf(ec));
  });

  it.each([
    ['an RSA key', rsa, ['PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512']],
    ['an Ed25519 key', ed, ['EdDSA', 'Ed25519']],
  ])('private_key_jwt is what a key without a method means, here %s', async (_what, key, algorithms) => {
    expect(await read('{ key: { file: k } }', '', { k: pemOf(key) })).toMatchObject({
      method: 'private_key_jwt',
      key: { id: null },
      assertion: { algorithms },
    });
  });

  it('takes kid and alg of a JWK, and the settings win', async () => {
    const jwk = JSON.stringify({
      ...rsa.export({ format: 'jwk' }),
      kid: 'of-the-jwk',
      alg: 'RS256',
      use: 'sig',
    });
    const own = await read('{ key: { file: k } }', '', { k: jwk });
    expect(own).toMatchObject({ key: { id: 'of-the-jwk' }, assertion: { algorithms: ['RS256'] } });
    expect(createPrivateKey(own.key.pem.reveal()).equals(rsa)).toBe(true);
    expect(await read('{ key: { file: k }, kid: mine }', '', { k: jwk })).toMatchObject({
      key: { id: 'mine' },
    });
  });

  it('takes every switch of the long form', async () => {
    const auth =
      '{ key: { file: k }, alg: PS512, audience: token_endpoint, typ: none, lifetime: 10s, sendClientId: true }';
    expect(await read(auth, '', { k: pemOf(rsa) })).toMatchObject({
      assertion: {
        algorithms: ['PS512'],
        audience: 'token_endpoint',
        type: null,
        lifetime: 10_000,
        sendClientId: true,
      },
    });
  });

  it.each([
    ['tls_client_auth', 'auth: tls_client_auth,', 'tls_client_auth'],
    ['self_signed_tls_client_auth', 'auth: self_signed_tls_client_auth,', 'self_signed_tls_client_auth'],
    ['left out without a secret', '', 'automatic_tls'],
    ['left out with a secret', SECRET, 'automatic'],
  ])('%s with a certificate in `tls` becomes what it says', async (_what, rest, method) => {
    const ours = createSelfSigned();
    const text =
      `clients: { only: { issuer: https://idp.example.com, clientId: a, ${rest} tls: { cert: c, key: k } } }\n` +
      'routes: [{ name: all, require: { audience: [https://api.example.com] } }]\n';
    const { clients } = await settingsOf(text, world({ c: ours.cert, k: ours.key }));
    expect(clients[0]?.authentication.method).toBe(method);
    expect(clients[0]?.tls.certificate?.cert).toBe(ours.cert);
    expect(clients[0]?.tls.certificate?.key.reveal()).toBe(ours.key);
    const other = createSelfSigned();
    const rotated = (await settingsOf(text, world({ c: other.cert, k: other.key }))).clients;
    const store = createStaticStore(clients, new Map(), NO_TIME);
    store.replace(rotated, new Map());
    expect(store.inForce()[0]).not.toBe(clients[0]);
  });

  it('warns of assertions for an endpoint (CA-3), and of no proof at all', async () => {
    const old = await settingsOf(
      textOf('{ key: { file: k }, audience: token_endpoint }'),
      world({ k: pemOf(ec) }),
    );
    expect(old.warnings.map(keyed)).toEqual([expect.stringContaining('clients.only.auth.audience: makes')]);
    const open = await settingsOf(textOf('none'), world());
    expect(open.warnings.map(keyed)).toEqual([expect.stringContaining('clients.only.auth: sends no proof')]);
  });

  it('shows no key in settings, printed or not (T-51)', async () => {
    const settings = await settingsOf(textOf('{ key: { file: k } }'), world({ k: pemOf(ec) }));
    const body = pemOf(ec).split('\n')[1];
    expect(printSettings(settings)).not.toContain(body);
    expect(JSON.stringify(settings)).not.toContain(body);
    expect(printSettings(settings)).toContain('key: "[set]"');
  });

  it('keeps the previous secret that the settings name, for any method with a secret', async () => {
    const both = (rest: string) =>
      `clients: { only: { issuer: https://idp.example.com, clientId: a, ${rest} } }\n` +
      'routes: [{ name: all, require: { audience: [https://api.example.com] } }]\n';
    const secrets = 'clientSecret: { file: new }, previousSecret: { file: old }';
    const files = world({ new: `${LONG}-new`, old: `${LONG}-old` });
    for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']) {
      const { clients } = await settingsOf(both(`${secrets}, auth: ${method}, secretGrace: 0s`), files);
      expect(clients[0]).toMatchObject({ secretGrace: 0, authentication: { method } });
      expect(clients[0]?.previous).toMatchObject({ until: null, authentication: { method } });
      const previous = clients[0]?.previous?.authentication;
      expect(previous !== undefined && 'secret' in previous && previous.secret.reveal()).toBe(`${LONG}-old`);
    }
    const { clients } = await settingsOf(both('clientSecret: { file: new }'), files);
    expect(clients[0]).toMatchObject({ secretGrace: 600_000 });
    expect(clients[0]?.previous).toBeUndefined();
  });

  it('makes a new client of a changed key, and keeps the client of an unchanged one', async () => {
    const clientsWith = async (key: typeof ec) =>
      (await settingsOf(textOf('{ key: { file: k } }'), world({ k: pemOf(key) }))).clients;
    const store = createStaticStore(await clientsWith(ec), new Map(), NO_TIME);
    const [before] = store.inForce();
    store.replace(await clientsWith(ec), new Map());
    expect(store.inForce()[0]).toBe(before);
    store.replace(await clientsWith(rsa), new Map());
    expect(store.inForce()[0]).not.toBe(before);
  });
});
