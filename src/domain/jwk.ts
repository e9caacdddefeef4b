import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { fail, type Result, succeed } from './result.ts';

/** A key that signatures of somebody else are checked with. */
export interface VerificationKey {
  /** `kid`; `null`: it has no name, and goes with every one. */
  readonly id: string | null;
  /** `alg` values that it may be used with (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

/**
 * Reads a JWK set that verifies (RFC 7517 section 5, JAT-16).
 *
 * Out: the keys that can verify a signature, at least one; keys of kinds and uses that are not ours are passed over.
 * Never: a set that gives away a private or a shared key; an RSA key under 2048 bits; a key for another use.
 */
export function readKeySet(set: Json): Result<readonly VerificationKey[], string> {
  const keys: Json | undefined = isJsonObject(set) ? set['keys'] : undefined;
  if (!Array.isArray(keys)) return fail('it is not a JWK set: it has no array "keys"');
  const items: readonly Json[] = keys;
  if (items.length > MOST_KEYS) return fail(`it holds over ${MOST_KEYS} keys`);
  if (!items.every(isJsonObject)) return fail('one of its keys is not an object');
  if (items.some(isSecret)) return fail('it gives away a private or a shared key; nothing of it is trusted');
  const usable = items.flatMap((jwk) => verificationKeyOf(jwk) ?? []);
  return usable.length === 0 ? fail('no key in it can verify a signature') : succeed(usable);
}

const MOST_KEYS = 100;

function isSecret(jwk: JsonObject): boolean {
  return jwk['kty'] === 'oct' || PRIVATE.some((member) => member in jwk);
}

/** Members of RFC 7518 section 6 that only private keys have, and `priv` of keys of later kinds. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

function verificationKeyOf(jwk: JsonObject): VerificationKey | null {
  const { use = 'sig', key_ops: operations = ['verify'], kid = null, alg } = jwk;
  if (use !== 'sig' || !Array.isArray(operations) || !operations.includes('verify')) return null;
  if (kid !== null && typeof kid !== 'string') return null;
  const key = publicKeyOf(jwk);
  const possible = key === null ? null : signatureAlgorithmsOf(key);
  if (key === null || possible === null || !possible.ok) return null;
  const algorithms = alg === undefined ? possible.value : possible.value.filter((one) => isSame(one, alg));
  return algorithms.length === 0 ? null : { id: kid, algorithms, key };
}

/** RFC 9864 gave `EdDSA` on Ed25519 a second name. */
function isSame(algorithm: string, named: Json): boolean {
  return algorithm === named || (EDWARDS.has(algorithm) && typeof named === 'string' && EDWARDS.has(named));
}

const EDWARDS: ReadonlySet<string> = new Set(['EdDSA', 'Ed25519']);

function publicKeyOf(jwk: JsonObject): KeyObject | null {
  const { kty, crv, n, e, x, y } = jwk;
  try {
    return createPublicKey({ key: { kty, crv, n, e, x, y } as JsonWebKey, format: 'jwk' });
  } catch {
    return null;
  }
}

/**
 * The algorithms that a key can sign and verify with, the preferred first; or why none, so that it reads on after the
 * name of a file.
 */
export function signatureAlgorithmsOf(key: KeyObject): Result<readonly string[], string> {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (asymmetricKeyType === 'rsa')
    return isStrong(key)
      ? succeed(['PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512'])
      : fail('holds an RSA key of less than 2048 bits');
  if (asymmetricKeyType === 'ec') {
    const algorithm = CURVES.get(asymmetricKeyDetails?.namedCurve ?? '');
    return algorithm === undefined
      ? fail('holds a key on a curve without an algorithm; P-256, P-384 and P-521 have one')
      : succeed([algorithm]);
  }
  return asymmetricKeyType === 'ed25519'
    ? succeed(['EdDSA', 'Ed25519'])
    : fail('holds a key that cannot sign here; it must be RSA, EC or Ed25519');
}

/** Every algorithm of a public key that is known here. */
export const SIGNATURE_ALGORITHMS = [
  'PS256',
  'RS256',
  'PS384',
  'RS384',
  'PS512',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

/**
 * The algorithms that a private key can decrypt with (RFC 7518 section 4.1); or why none, so that it reads on after the
 * name of a file.
 */
export function decryptionAlgorithmsOf(key: KeyObject): Result<readonly string[], string> {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (asymmetricKeyType === 'rsa')
    return isStrong(key)
      ? succeed(['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512', 'RSA-OAEP'])
      : fail('holds an RSA key of less than 2048 bits');
  const agrees = asymmetricKeyType === 'x25519' || CURVES.has(asymmetricKeyDetails?.namedCurve ?? '');
  return agrees
    ? succeed(['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'])
    : fail('holds a key that cannot decrypt here; it must be RSA, EC on P-256, P-384 or P-521, or X25519');
}

function isStrong({ asymmetricKeyDetails }: KeyObject): boolean {
  return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}

/** The public half, and nothing else. */
export function publicJwkOf(key: KeyObject): JsonWebKey {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
}

/** RFC 7638 section 3: a name that anybody can work out from the key. */
export function thumbprintOf(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicJwkOf(key);
  // In this order, absent ones left out: the canonical form.
  return createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url');
}
