import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../domain/index.ts';

/** A private key as the settings file leads to it. */
export interface ReadKey {
  /** PKCS #8. */
  readonly pem: string;
  /** `kid` of a JWK; `null` where there is none. */
  readonly id: string | null;
  /** `alg` values (RFC 7518 section 3.1, RFC 8037, RFC 9864) that it can sign with, the preferred first. */
  readonly algorithms: readonly string[];
}

/**
 * Reads a private key that signs, from PEM or from one JWK (RFC 7517).
 *
 * Out: the key, or what is wrong with the text, so that it reads on after the name of the file.
 * Never: a piece of the text in the complaint.
 */
export function readSigningKey(text: string): Result<ReadKey, string> {
  const jwk = text.trimStart().startsWith('{') ? attempt(() => JSON.parse(text) as unknown) : undefined;
  if (jwk === undefined) return readKey(() => createPrivateKey(text), text);
  if (typeof jwk !== 'object' || jwk === null) return fail('is neither PEM text nor the JSON of one JWK');
  if ('keys' in jwk) return fail('is a set of keys; store the one key that signs');
  if ('use' in jwk && jwk.use !== 'sig') return fail('is a JWK whose `use` is not sig');

  const key = readKey(() => createPrivateKey({ key: { ...jwk }, format: 'jwk' }), '');
  if (!key.ok) return key;
  const { algorithms } = key.value;
  if ('alg' in jwk && !algorithms.some((algorithm) => algorithm === jwk.alg))
    return fail('is a JWK whose `alg` does not go with its key');
  return succeed({
    ...key.value,
    id: 'kid' in jwk && typeof jwk.kid === 'string' ? jwk.kid : null,
    algorithms: 'alg' in jwk ? algorithms.filter((algorithm) => algorithm === jwk.alg) : algorithms,
  });
}

export function flawOfSigningKey(text: string): string | null {
  const key = readSigningKey(text);
  return key.ok ? null : key.failure;
}

function readKey(read: () => KeyObject, pem: string): Result<ReadKey, string> {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem))
    return fail('holds an encrypted key, which needs a password; store it without one');
  const key = attempt(read);
  if (key === undefined) return fail('holds no private key; it must be PEM text or the JSON of one JWK');
  const algorithms = algorithmsOf(key);
  if (!algorithms.ok) return algorithms;
  const text = key.export({ type: 'pkcs8', format: 'pem' });
  return succeed({ pem: text.toString(), id: null, algorithms: algorithms.value });
}

function algorithmsOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): Result<readonly string[], string> {
  if (asymmetricKeyType === 'rsa')
    return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
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

const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

/** The messages of the library may quote the key: nothing of them goes on. */
function attempt<Value>(task: () => Value): Value | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}
