import { createPrivateKey } from 'node:crypto';
import {
  decryptionAlgorithmsOf,
  type DecryptionKey,
  type Result,
  Secret,
  succeed,
  thumbprintOf,
} from '../domain/index.ts';
import { type KeyPurpose, readPrivateKey } from './private-key.ts';

/** Reads a private key that opens what is encrypted to us, from PEM or from one JWK (RFC 7517). */
export function readDecryptionKey(text: string): Result<DecryptionKey, string> {
  const key = readPrivateKey(text, DECRYPTION);
  if (!key.ok) return key;
  const { pem, id, algorithms } = key.value;
  return succeed({ id: id ?? thumbprintOf(createPrivateKey(pem)), algorithms, pem: new Secret(pem) });
}

export function flawOfDecryptionKey(text: string): string | null {
  const key = readDecryptionKey(text);
  return key.ok ? null : key.failure;
}

const DECRYPTION: KeyPurpose = { use: 'enc', verb: 'decrypts', algorithmsOf: decryptionAlgorithmsOf };
