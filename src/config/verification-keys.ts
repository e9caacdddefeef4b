import { createPublicKey } from 'node:crypto';
import {
  fail,
  type FixedKey,
  type Json,
  publicJwkOf,
  readKeySet,
  type Result,
  succeed,
} from '../domain/index.ts';

/**
 * Reads the public keys of a server: a JWK set, one JWK, or PEM text with public keys or certificates.
 *
 * Out: at least one key, or what is wrong with the text, so that it reads on after the name of the file.
 */
export function readVerificationKeys(text: string): Result<readonly FixedKey[], string> {
  const set = text.trimStart().startsWith('{') ? setOfJson(text) : setOfPem(text);
  if (set === null)
    return fail(
      'holds no public key; it must be a JWK set, one JWK, or PEM text with public keys or certificates',
    );
  const keys = readKeySet(set);
  if (!keys.ok) return fail(`cannot be used: ${keys.failure}`);
  return succeed(
    keys.value.map(({ id, algorithms, key }) => {
      return { id, algorithms, pem: key.export({ type: 'spki', format: 'pem' }).toString() };
    }),
  );
}

export function flawOfVerificationKeys(text: string): string | null {
  const keys = readVerificationKeys(text);
  return keys.ok ? null : keys.failure;
}

function setOfJson(text: string): Json | null {
  try {
    const value = JSON.parse(text) as Json;
    const isSet = typeof value === 'object' && value !== null && 'keys' in value;
    return isSet ? value : { keys: [value] };
  } catch {
    return null;
  }
}

/** The library would take a private key, too: only what is public by its name is handed to it. */
function setOfPem(text: string): Json | null {
  const blocks = text.match(/-----BEGIN (PUBLIC KEY|CERTIFICATE)-----[\s\S]*?-----END \1-----/g) ?? [];
  try {
    return blocks.length === 0
      ? null
      : { keys: blocks.map((block) => ({ ...publicJwkOf(createPublicKey(block)) }) as Json) };
  } catch {
    return null;
  }
}
