import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { CompactEncrypt, CompactSign } from 'jose';

import {
  type DecryptionSettings,
  milliseconds,
  Secret,
  type SignedAnswerSettings,
  thumbprintOf,
} from '../../src/domain/index.ts';
import { NOON } from '../support/builders.ts';
import { http } from '../support/fault-server.ts';

/** Key pairs of tests; made once, since RSA takes its time. */
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ed = generateKeyPairSync('ed25519');

export const ISSUER = 'https://idp.example';

/** What RFC 9701 section 5 wants of a signed answer, at NOON. */
export function claimsOf(
  introspection: unknown = { active: true, sub: 'alice' },
  differing: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { iss: ISSUER, aud: 'gateway', iat: NOON, token_introspection: introspection, ...differing };
}

export const HEADER = { alg: 'ES256', kid: 'k1', typ: 'token-introspection+jwt' } as const;

/** Signs anything under any header; a header member that is `undefined` is left out. */
export async function sign(
  claims: unknown = claimsOf(),
  header: Readonly<Record<string, unknown>> = {},
  key: KeyObject | Uint8Array = ec.privateKey,
): Promise<string> {
  const text = typeof claims === 'string' ? claims : JSON.stringify(claims);
  return new CompactSign(Buffer.from(text)).setProtectedHeader({ ...HEADER, ...header }).sign(key);
}

/** `alg` and header are whatever they say; the signature is by no key. */
export function unsigned(claims: unknown, header: Readonly<Record<string, unknown>>, signature = ''): string {
  return [JSON.stringify({ ...HEADER, ...header }), JSON.stringify(claims)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .concat(signature)
    .join('.');
}

export async function encrypt(
  text: string,
  header: Readonly<Record<string, unknown>> = {},
  key: KeyObject = rsa.publicKey,
): Promise<string> {
  const full = { alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256', cty: 'JWT', ...header };
  return new CompactEncrypt(Buffer.from(text)).setProtectedHeader(full).encrypt(key);
}

/** A public key as a server publishes it. */
export function publicJwk(key: KeyObject, members: Readonly<Record<string, unknown>> = {}) {
  return { ...key.export({ format: 'jwk' }), ...members };
}

export const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const spkiOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** Settings under which `sign()` is believed. */
export function signedAnswers(differing: Partial<SignedAnswerSettings> = {}): SignedAnswerSettings {
  return {
    algorithms: ['ES256'],
    audience: ['gateway'],
    takesOldType: false,
    maxAge: milliseconds(60_000),
    keys: { kind: 'fixed', keys: [{ id: 'k1', algorithms: ['ES256'], pem: spkiOf(ec.publicKey) }] },
    decryption: null,
    ...differing,
  };
}

/** Settings under which `encrypt(await sign())` is believed. */
export function decryption(differing: Partial<DecryptionSettings> = {}): DecryptionSettings {
  return {
    keys: [decryptionKey(rsa.privateKey, ['RSA-OAEP-256'])],
    algorithms: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'],
    encodings: ['A128CBC-HS256', 'A128GCM', 'A256GCM'],
    required: true,
    ...differing,
  };
}

export function decryptionKey(
  key: KeyObject,
  algorithms: readonly string[],
  id: string = thumbprintOf(createPrivateKey(pemOf(key))),
) {
  return { id, algorithms, pem: new Secret(pemOf(key)) };
}

export const SIGNED_TYPE = 'application/token-introspection+jwt';

/** 200 with a signed answer. */
export function jwt(text: string, type = SIGNED_TYPE) {
  return http({ body: text, headers: { 'content-type': type } });
}
