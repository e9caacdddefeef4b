import { hkdfSync } from 'node:crypto';
import type { AccessToken, NameKeys, Seal } from '../domain/index.ts';
import { createFingerprintOf } from './fingerprints.ts';
import { createNameKeys } from './name-keys.ts';
import { createSeal } from './seal.ts';

/** Length of a deployment's secret and of every key made of it. */
export const KEY_BYTES = 32;

// Labels keep the keys apart (RFC 5869 section 3.2); a changed construction gets a new label, never an old key.
const NAMING_LABEL = 'gatehouse naming 1';
const SEALING_LABEL = 'gatehouse sealing 1';
const FINGERPRINT_LABEL = 'gatehouse fingerprint 1';
const MARKS_LABEL = 'gatehouse marks 1';

/** Everything that is made of one secret. */
export interface DerivedKeys {
  readonly names: NameKeys;
  readonly seal: Seal;
  /** For log and audit lines. */
  readonly fingerprintOf: (token: AccessToken) => string;
  /** For what replicas tell each other about what was forgotten. */
  readonly markSeal: Seal;
}

/**
 * Makes the keys of one deployment from its one secret (`cache.keys`), by HKDF-SHA-256.
 * The same secret gives the same names and opens the same seals in every process.
 *
 * @param secret 32 bytes.
 * @throws RangeError for any other length; settings are checked before they come here.
 */
export function deriveKeys(secret: Buffer): DerivedKeys {
  if (secret.length !== KEY_BYTES) {
    throw new RangeError(`a cache key has ${KEY_BYTES} bytes, this one has ${secret.length}`);
  }
  return {
    names: createNameKeys(derive(secret, NAMING_LABEL)),
    seal: createSeal(derive(secret, SEALING_LABEL)),
    fingerprintOf: createFingerprintOf(derive(secret, FINGERPRINT_LABEL)),
    markSeal: createSeal(derive(secret, MARKS_LABEL)),
  };
}

/** HKDF-SHA-256 (RFC 5869); a label for each use. */
export function derive(secret: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), label, KEY_BYTES));
}
