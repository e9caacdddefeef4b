import type { Seal } from '../domain/index.ts';
import { derive, KEY_BYTES } from './derive-keys.ts';
import { createSeal } from './seal.ts';

/** Not the label of cache entries: what seals one can never be taken for the other. */
const RECORDS_LABEL = 'gatehouse records 1';

/**
 * Seals records that outlive a change of keys: with the newest secret, and opens what any of them has sealed.
 *
 * @param secrets the newest first; at least one, each of 32 bytes.
 * @throws RangeError for any other length, and without a secret; settings are checked before they come here.
 */
export function createRecordSeal(secrets: readonly Buffer[]): Seal {
  const seals = secrets.map((secret) => {
    if (secret.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
    return createSeal(derive(secret, RECORDS_LABEL));
  });
  const [newest] = seals;
  if (newest === undefined) throw new RangeError('there is no key to seal records with');

  return {
    seal: (name, plain) => newest.seal(name, plain),
    open(name, sealed) {
      for (const seal of seals) {
        const plain = seal.open(name, sealed);
        if (plain !== null) return plain;
      }
      return null;
    },
  };
}
