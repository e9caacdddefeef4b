import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import {
  decryptionAlgorithmsOf,
  type Json,
  publicJwkOf,
  readKeySet,
  signatureAlgorithmsOf,
  thumbprintOf,
} from '../../src/domain/index.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const x25519 = generateKeyPairSync('x25519');
const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });

const jwk = (key: KeyObject, members: Readonly<Record<string, Json>> = {}): Json =>
  ({ ...key.export({ format: 'jwk' }), ...members }) as Json;
const set = (...keys: readonly Json[]): Json => ({ keys });

const good = jwk(ec.publicKey, { kid: 'good' });

/** Names and algorithms of the keys in a set. */
function keysIn(value: Json) {
  const read = readKeySet(value);
  return read.ok ? read.value.map(({ id, algorithms }) => [id, ...algorithms]) : read.failure;
}

describe('readKeySet', () => {
  it('takes every key that verifies, with its name and what it may be used with', () => {
    expect(
      keysIn(
        set(
          jwk(rsa.publicKey, { kid: 'r', use: 'sig' }),
          jwk(rsa.publicKey, { kid: 'r', alg: 'RS256' }),
          jwk(ec.publicKey, { kid: 'e', alg: 'ES256', key_ops: ['verify'] }),
          jwk(ed.publicKey, { alg: 'EdDSA' }),
        ),
      ),
    ).toEqual([
      ['r', 'PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512'],
      ['r', 'RS256'],
      ['e', 'ES256'],
      [null, 'EdDSA', 'Ed25519'],
    ]);
  });

  it.each<[string, Json]>([
    ['for encryption', jwk(ec.publicKey, { use: 'enc' })],
    ['for other operations', jwk(ec.publicKey, { key_ops: ['deriveKey'] })],
    ['whose operations are no list', jwk(ec.publicKey, { key_ops: 'verify' })],
    ['whose name is no text', jwk(ec.publicKey, { kid: 7 })],
    ['for an algorithm that is not its own', jwk(ec.publicKey, { alg: 'ES384' })],
    ['for an algorithm of encryption', jwk(rsa.publicKey, { alg: 'RSA-OAEP-256' })],
    ['for no algorithm', jwk(rsa.publicKey, { alg: null })],
    ['for HMAC', jwk(rsa.publicKey, { alg: 'HS256' })],
    ['of RSA with less than 2048 bits', jwk(weak.publicKey)],
    ['of a kind that only agrees', jwk(x25519.publicKey)],
    ['on a curve without an algorithm', jwk(koblitz.publicKey)],
    ['of a kind to come', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' }],
    ['of no kind', { kid: 'x' }],
    ['whose kind is no text', { ...(jwk(ec.publicKey) as object), kty: ['EC'] }],
    ['that is not on its curve', jwk(ec.publicKey, { x: 'AAAA' })],
    ['that is half', { kty: 'RSA', n: 'AQAB' }],
  ])('passes over a key %s, and keeps the others (JAT-16)', (_what, key) => {
    expect(keysIn(set(key, good))).toEqual([['good', 'ES256']]);
    expect(keysIn(set(key))).toBe('no key in it can verify a signature');
  });

  it.each<[string, Json]>([
    ['an EC private key', jwk(ec.privateKey)],
    ['an RSA private key', jwk(rsa.privateKey)],
    ['an Ed25519 private key', jwk(ed.privateKey)],
    ['a part of one', { ...(good as object), d: '' }],
    ['a part of a later kind', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', priv: 'AAAA' }],
    ['a shared key', { kty: 'oct', k: 'c2VjcmV0' }],
    ['a shared key without its text', { kty: 'oct', kid: 'x' }],
    ['a shared key in another dress', { kty: 'RSA', k: 'c2VjcmV0' }],
  ])('trusts nothing of a set with %s (JAT-16, T-16)', (_what, key) => {
    expect(keysIn(set(good, key))).toContain('gives away');
  });

  it.each<[string, Json]>([
    ['a list', [good]],
    ['one key', good],
    ['a text', 'keys'],
    ['null', null],
    ['a map of keys', { keys: { good } }],
    ['a list of texts', { keys: ['good'] }],
    ['a list with null in it', { keys: [good, null] }],
  ])('does not take %s for a set', (_what, value) => {
    expect(readKeySet(value).ok).toBe(false);
  });

  it('takes a hundred keys and no more (JAT-16)', () => {
    expect(readKeySet(set(...Array<Json>(100).fill(good))).ok).toBe(true);
    expect(keysIn(set(...Array<Json>(101).fill(good)))).toBe('it holds over 100 keys');
  });
});

describe('the algorithms of a key', () => {
  it.each<[string, KeyObject, boolean, boolean]>([
    ['RSA', rsa.privateKey, true, true],
    ['weak RSA', weak.privateKey, false, false],
    ['P-256', ec.privateKey, true, true],
    ['secp256k1', koblitz.privateKey, false, false],
    ['Ed25519', ed.privateKey, true, false],
    ['X25519', x25519.privateKey, false, true],
  ])('of %s are there to sign and to decrypt, or a complaint is', (_kind, key, signs, decrypts) => {
    expect([signatureAlgorithmsOf(key).ok, decryptionAlgorithmsOf(key).ok]).toEqual([signs, decrypts]);
  });
});

describe('thumbprintOf', () => {
  // RFC 7638 section 3.1, RFC 8037 appendix A.3, and the P-256 key of RFC 7515 appendix A.3.
  const RSA_MODULUS =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';

  it.each([
    [
      { kty: 'RSA', n: RSA_MODULUS, e: 'AQAB', alg: 'RS256', kid: 'x' },
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    ],
    [
      { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    ],
    [
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
      'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
    ],
  ])('gives the published value (22.4)', (key, expected) => {
    expect(thumbprintOf(createPublicKey({ key, format: 'jwk' }))).toBe(expected);
  });

  it('is that of the public half for a private key', () => {
    const again = createPrivateKey(ec.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(thumbprintOf(again)).toBe(thumbprintOf(ec.publicKey));
    expect(Object.keys(publicJwkOf(again)).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  });
});
