import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../domain/index.ts';

/** A private key as the settings file leads to it. */
export interface ReadKey {
  /** PKCS #8. */
  readonly pem: string;
  /** `kid` of a JWK; `null` where there is none. */
  readonly id: string | null;
  /** `alg` values that it can be used with, the preferred first. */
  readonly algorithms: readonly string[];
}

/** What a key is for. */
export interface KeyPurpose {
  /** `use` of a JWK (RFC 7517 section 4.2). */
  readonly use: 'sig' | 'enc';
  /** So that it reads on after `store the one key that`. */
  readonly verb: string;
  readonly algorithmsOf: (key: KeyObject) => Result<readonly string[], string>;
}

/**
 * Reads a private key from PEM or from one JWK (RFC 7517).
 *
 * Out: the key, or what is wrong with the text, so that it reads on after the name of the file.
 * Never: a piece of the text in the complaint.
 */
export function readPrivateKey(text: string, purpose: KeyPurpose): Result<ReadKey, string> {
  const jwk = text.trimStart().startsWith('{') ? attempt(() => JSON.parse(text) as unknown) : undefined;
  if (jwk === undefined) return readKey(() => createPrivateKey(text), text, purpose);
  if (typeof jwk !== 'object' || jwk === null) return fail('is neither PEM text nor the JSON of one JWK');
  if ('keys' in jwk) return fail(`is a set of keys; store the one key that ${purpose.verb}`);
  if ('use' in jwk && jwk.use !== purpose.use) return fail(`is a JWK whose \`use\` is not ${purpose.use}`);

  const key = readKey(() => createPrivateKey({ key: { ...jwk }, format: 'jwk' }), '', purpose);
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

function readKey(read: () => KeyObject, pem: string, { algorithmsOf }: KeyPurpose): Result<ReadKey, string> {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem))
    return fail('holds an encrypted key, which needs a password; store it without one');
  const key = attempt(read);
  if (key === undefined) return fail('holds no private key; it must be PEM text or the JSON of one JWK');
  const algorithms = algorithmsOf(key);
  if (!algorithms.ok) return algorithms;
  const text = key.export({ type: 'pkcs8', format: 'pem' });
  return succeed({ pem: text.toString(), id: null, algorithms: algorithms.value });
}

/** The messages of the library may quote the key: nothing of them goes on. */
function attempt<Value>(task: () => Value): Value | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}
