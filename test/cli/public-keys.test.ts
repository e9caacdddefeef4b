import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { SignJWT, createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';

import { publicKeySet } from '../../src/cli/public-keys.ts';
import {
  type ClientContext,
  milliseconds,
  monotonicMilliseconds,
  Secret,
  thumbprintOf,
} from '../../src/domain/index.ts';
import { decryption, decryptionKey, pemOf, signedAnswers } from '../introspection/signer.ts';
import { aClient } from '../support/builders.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

function signing(
  key: KeyObject,
  algorithms: readonly string[],
  id: string | null = 'k1',
): ClientContext['authentication'] {
  return {
    method: 'private_key_jwt',
    key: { pem: new Secret(pemOf(key)), id },
    assertion: {
      algorithms,
      audience: 'issuer',
      type: null,
      lifetime: milliseconds(60_000),
      sendClientId: false,
    },
  };
}

const encrypted = (
  key: KeyObject,
  algorithms: readonly string[],
  id?: string,
): ClientContext['introspection'] => ({
  ...aClient().introspection,
  signedAnswers: signedAnswers({ decryption: decryption({ keys: [decryptionKey(key, algorithms, id)] }) }),
});

const NOW = monotonicMilliseconds(1_000);

describe('publicKeySet', () => {
  const clients = [
    aClient({ name: 'plain' }),
    aClient({ name: 'signs', authentication: signing(ec.privateKey, ['ES256']) }),
    aClient({
      name: 'both',
      authentication: signing(rsa.privateKey, ['PS256', 'RS256'], null),
      introspection: encrypted(ec.privateKey, ['ECDH-ES'], 'mine'),
    }),
    aClient({ name: 'twin', authentication: signing(ec.privateKey, ['ES256']) }),
  ];

  it('holds the keys of all clients, each once, with what they are for (CA-8)', () => {
    const set = publicKeySet(clients, null, NOW);
    expect(set).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
          use: 'sig',
          kid: 'k1',
          alg: 'ES256',
        },
        { kty: 'RSA', n: expect.any(String), e: 'AQAB', use: 'sig', kid: thumbprintOf(rsa.publicKey) },
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
          use: 'enc',
          kid: 'mine',
          alg: 'ECDH-ES',
        },
      ],
    });
  });

  it('holds the keys of one client where one is named, and is none for a stranger', () => {
    expect(publicKeySet(clients, 'signs', NOW)).toMatchObject({ keys: [{ kid: 'k1' }] });
    expect(publicKeySet(clients, 'plain', NOW)).toEqual({ keys: [] });
    expect(publicKeySet(clients, 'nobody', NOW)).toBeNull();
  });

  it.each([
    ['both', null],
    ['both', NOW + 1],
    ['the new one', NOW],
  ])('holds %s where a key was replaced that may be used until %s (CA-8)', (_which, until) => {
    const previous = {
      authentication: signing(rsa.privateKey, ['PS256'], 'old'),
      until: until === null ? null : monotonicMilliseconds(until),
    };
    const client = aClient({ authentication: signing(ec.privateKey, ['ES256'], 'new'), previous });
    const kids = until === NOW ? [{ kid: 'new' }] : [{ kid: 'new' }, { kid: 'old' }];
    expect(publicKeySet([client], null, NOW)).toMatchObject({ keys: kids });
  });

  it('holds no member of a private key, and no secret (T-51)', () => {
    const text = JSON.stringify(publicKeySet(clients, null, NOW));
    expect(text).not.toMatch(/"(?:d|p|q|dp|dq|qi|oth|k)":|s3cret|PRIVATE/);
    const hmac = aClient({
      introspection: {
        ...aClient().introspection,
        signedAnswers: signedAnswers({ keys: { kind: 'secret', secret: new Secret('canary-8431') } }),
      },
    });
    expect(publicKeySet([hmac], null, NOW)).toEqual({ keys: [] });
  });

  it('lets a server verify what we sign', async () => {
    const set = publicKeySet(clients, 'signs', NOW) as unknown as JSONWebKeySet;
    const jwt = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(ec.privateKey);
    await expect(jwtVerify(jwt, createLocalJWKSet(set))).resolves.toBeDefined();
  });

  it('names a key without a name by its thumbprint (RFC 8037 A.3, 22.4)', () => {
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    };
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    const client = aClient({ authentication: signing(key, ['EdDSA', 'Ed25519'], null) });
    expect(publicKeySet([client], null, NOW)).toEqual({
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: jwk.x,
          use: 'sig',
          kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
        },
      ],
    });
  });
});
