import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { printSettings, readClientRecord, type World } from '../../src/config/index.ts';
import { thumbprintOf } from '../../src/domain/index.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { keyed, settingsOf } from './read.ts';
import { aWorld, CANARY } from './worlds.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const LONG = `${CANARY}-of-thirty-two-bytes-or-more`;

const world = (files: Readonly<Record<string, string>> = {}): World =>
  aWorld({ environment: { SECRET: LONG }, files });

const textOf = (introspection: string): string =>
  `clients: { only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: SECRET }, introspection: ${introspection} } }\n` +
  'routes: [{ name: all, require: { audience: [https://api.example.com] } }]\n';

async function read(introspection: string, files: Readonly<Record<string, string>> = {}) {
  const settings = await settingsOf(textOf(introspection), world(files));
  return settings.clients[0]!.introspection.signedAnswers;
}

const jwt = (long: string): string => `{ response: jwt, jwt: ${long} }`;

describe('introspection.response', () => {
  it.each(['{}', '{ response: json }'])('asks for plain JSON with %s', async (introspection) => {
    expect(await read(introspection)).toBeNull();
  });

  it('asks for signed answers with jwt alone, checked by what the RFC says', async () => {
    expect(await read('{ response: jwt }')).toEqual({
      algorithms: null,
      audience: ['gateway'],
      takesOldType: false,
      maxAge: 60_000,
      keys: { kind: 'metadata' },
      decryption: null,
    });
  });
});

describe('introspection.jwt', () => {
  it('becomes what it says', async () => {
    const long =
      '{ algorithms: [PS256, ES256], audience: [https://rs.example], typ: JWT, maxAge: 30s, jwksUri: https://idp.example.com/jwks }';
    expect(await read(jwt(long))).toEqual({
      algorithms: ['PS256', 'ES256'],
      audience: ['https://rs.example'],
      takesOldType: true,
      maxAge: 30_000,
      keys: { kind: 'url', url: 'https://idp.example.com/jwks' },
      decryption: null,
    });
  });

  const jwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'k1' };
  const { cert } = createSelfSigned();

  it.each([
    ['a JWK set', JSON.stringify({ keys: [jwk] }), [['k1', ['ES256']]]],
    ['one JWK', JSON.stringify(jwk), [['k1', ['ES256']]]],
    ['PEM text', spki(ec.publicKey), [[null, ['ES256']]]],
    [
      'two keys in PEM',
      spki(ec.publicKey) + spki(rsa.publicKey),
      [
        [null, ['ES256']],
        [null, expect.arrayContaining(['PS256'])],
      ],
    ],
    ['a certificate', cert, [[null, [expect.any(String)]]]],
  ])(
    'takes %s for the keys of the server, with the algorithms that go with them',
    async (_what, text, expected) => {
      const settings = await read(jwt('{ keys: { file: k } }'), { k: text });
      if (settings?.keys.kind !== 'fixed') throw new Error('the keys are not fixed');
      expect(settings.keys.keys.map(({ id, algorithms }) => [id, algorithms])).toEqual(expected);
      expect(settings.algorithms).toEqual([
        ...new Set(settings.keys.keys.flatMap(({ algorithms }) => algorithms)),
      ]);
      for (const key of settings.keys.keys) expect(key.pem).toContain('BEGIN PUBLIC KEY');
    },
  );

  it('takes our secret for the key of HMAC, which must be named', async () => {
    const settings = await read(jwt('{ algorithms: [HS256] }'));
    expect(settings).toMatchObject({ algorithms: ['HS256'], keys: { kind: 'secret' } });
    if (settings?.keys.kind === 'secret') expect(settings.keys.secret.reveal()).toBe(LONG);
  });

  it('takes keys that decrypt, in PEM or as JWKs, each with a name and what goes with it', async () => {
    const jwkOf = { ...ec.privateKey.export({ format: 'jwk' }), kid: 'mine', use: 'enc', alg: 'ECDH-ES' };
    const files = { old: pem(rsa.privateKey), new: JSON.stringify(jwkOf) };
    const settings = await read(jwt('{ decryption: { keys: [{ file: new }, { file: old }] } }'), files);
    expect(settings?.decryption).toMatchObject({
      keys: [
        { id: 'mine', algorithms: ['ECDH-ES'] },
        {
          id: thumbprintOf(rsa.publicKey),
          algorithms: ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512', 'RSA-OAEP'],
        },
      ],
      algorithms: ['ECDH-ES', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
      encodings: expect.arrayContaining(['A128CBC-HS256', 'A128GCM', 'A256GCM']),
      required: true,
    });
    const [first] = settings?.decryption?.keys ?? [];
    expect(thumbprintOf(createPrivateKey(first?.pem.reveal() ?? ''))).toBe(thumbprintOf(ec.publicKey));
  });

  it('accepts what it lists of encryption and nothing else', async () => {
    const long =
      '{ decryption: { keys: { file: k }, algorithms: [RSA-OAEP], encodings: [A256GCM], required: false } }';
    expect((await read(jwt(long), { k: pem(rsa.privateKey) }))?.decryption).toMatchObject({
      algorithms: ['RSA-OAEP'],
      encodings: ['A256GCM'],
      required: false,
    });
  });

  it('warns where a JWT need not say what it is for', async () => {
    const { warnings } = await settingsOf(textOf(jwt('{ typ: JWT }')), world());
    expect(warnings.map(keyed)).toEqual([
      expect.stringMatching(/^clients\.only\.introspection\.jwt\.typ: takes/),
    ]);
    expect((await settingsOf(textOf('{ response: jwt }'), world())).warnings).toEqual([]);
  });

  it('shows no key when it is printed (T-51)', async () => {
    const files = { k: pem(rsa.privateKey), p: spki(ec.publicKey) };
    const settings = await settingsOf(
      textOf(jwt('{ keys: { file: p }, decryption: { keys: [{ file: k }] } }')),
      world(files),
    );
    const printed = printSettings(settings);
    expect(printed).toContain('[set]');
    expect(printed + JSON.stringify(settings.clients)).not.toMatch(/PRIVATE KEY/);
  });

  it('is read without its files when nothing may be read', async () => {
    const settings = await settingsOf(
      textOf(jwt('{ keys: { file: a }, decryption: { keys: [{ file: b }] } }')),
      aWorld({ offline: true }),
    );
    expect(settings.clients[0]!.introspection.signedAnswers).toMatchObject({
      keys: { kind: 'fixed', keys: [] },
      decryption: { keys: [] },
    });
  });
});

describe('a tenant that wants signed answers', () => {
  const record = (jwksUri: string, file = 'k') =>
    readClientRecord(
      {
        name: 'acme',
        text: JSON.stringify({
          issuer: 'https://acme.idp.example.com',
          clientId: 'gateway',
          clientSecret: { file: 's' },
          introspection: { response: 'jwt', jwt: { jwksUri, decryption: { keys: [{ file }] } } },
        }),
        readSecret: async (name) => Buffer.from(name === 'k' ? pem(rsa.privateKey) : LONG),
      },
      { issuers: ['https://*.idp.example.com'] },
    );

  it('takes its keys from its own secrets, and from a place that the operator permits', async () => {
    expect(await record('https://acme.idp.example.com/jwks')).toMatchObject({
      ok: true,
      value: { introspection: { signedAnswers: { keys: { kind: 'url' }, decryption: { required: true } } } },
    });
  });

  it('is refused with keys from elsewhere (T-14)', async () => {
    expect(await record('https://evil.example/jwks')).toMatchObject({
      ok: false,
      failure: expect.stringContaining('jwksUri'),
    });
    expect(await record('https://acme.idp.example.com/jwks', '../other/k')).toMatchObject({
      ok: false,
      failure: expect.stringContaining('decryption.keys'),
    });
  });
});
