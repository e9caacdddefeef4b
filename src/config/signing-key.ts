import { type Result, signatureAlgorithmsOf } from '../domain/index.ts';
import { type KeyPurpose, type ReadKey, readPrivateKey } from './private-key.ts';

/** Reads a private key that signs, from PEM or from one JWK (RFC 7517). */
export function readSigningKey(text: string): Result<ReadKey, string> {
  return readPrivateKey(text, SIGNING);
}

export function flawOfSigningKey(text: string): string | null {
  const key = readSigningKey(text);
  return key.ok ? null : key.failure;
}

const SIGNING: KeyPurpose = { use: 'sig', verb: 'signs', algorithmsOf: signatureAlgorithmsOf };
