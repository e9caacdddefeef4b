/**
 * Seals what a shared store keeps for us.
 *
 * In: an entry's name and its bytes. Out: a format byte, a salt, the encrypted bytes and their tag.
 * Never: a value opened that this deployment did not seal under this very name; never one key used twice,
 * because with 96-bit random nonces one key would run out after some four thousand million entries
 * (NIST SP 800-38D section 8.3).
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Seal } from '../domain/index.ts';

const CIPHER = 'aes-256-gcm';
/** Of the sealed bytes. Another one is not opened. */
const FORMAT = 1;
const FORMAT_BYTES = 1;
const SALT_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENTRY_LABEL = 'gatehouse entry 1';

export function createSeal(sealingKey: Buffer): Seal {
  const root = createSecretKey(sealingKey);

  return {
    seal(name, plain) {
      const salt = randomBytes(SALT_BYTES);
      const { key, nonce } = entryKey(root, salt);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(boundFacts(name));
      const encrypted = [cipher.update(plain), cipher.final()];
      return Buffer.concat([Buffer.of(FORMAT), salt, ...encrypted, cipher.getAuthTag()]);
    },

    open(name, sealed) {
      if (sealed.length < FORMAT_BYTES + SALT_BYTES + TAG_BYTES) return null;
      if (sealed[0] !== FORMAT) return null;
      try {
        const salt = sealed.subarray(FORMAT_BYTES, FORMAT_BYTES + SALT_BYTES);
        const encrypted = sealed.subarray(FORMAT_BYTES + SALT_BYTES, -TAG_BYTES);
        const { key, nonce } = entryKey(root, salt);
        const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(boundFacts(name));
        decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(encrypted), decipher.final()]);
      } catch {
        // A wrong tag is thrown; there is nothing more to be learnt from it.
        return null;
      }
    },
  };
}

/** One key and nonce for each salt (RFC 5869), so that neither is ever used for two entries. */
function entryKey(root: KeyObject, salt: Buffer): { readonly key: Buffer; readonly nonce: Buffer } {
  const made = Buffer.from(hkdfSync('sha256', root, salt, ENTRY_LABEL, KEY_BYTES + NONCE_BYTES));
  return { key: made.subarray(0, KEY_BYTES), nonce: made.subarray(KEY_BYTES) };
}

/** What is not encrypted but must be the same when it is opened. */
function boundFacts(name: string): Buffer {
  return Buffer.concat([Buffer.of(FORMAT), Buffer.from(name, 'utf8')]);
}
