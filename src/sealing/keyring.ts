import type { AccessToken, Clock, Milliseconds, NameKeys, Seal } from '../domain/index.ts';
import { type DerivedKeys, deriveKeys } from './derive-keys.ts';

/** The keys of a deployment: one names and seals, and for a while the one before still finds and opens. */
export interface Keyring {
  readonly names: NameKeys;
  readonly seal: Seal;
  /** `null`: there is no key before. */
  readonly formerSeal: Seal | null;
  /** What log and audit lines call a token: under the newest key, then under the one before. */
  fingerprintsOf(token: AccessToken): readonly [string, ...string[]];
  /** For what replicas tell each other, so that those with either key understand it. The newest first. */
  readonly markSeals: readonly Seal[];
}

export interface KeyringSettings {
  readonly newest: Buffer;
  /** The key before; `null`: none. */
  readonly former: Buffer | null;
  /** How long, from now, entries under the key before are looked for: no longer than any of them lives. */
  readonly formerFor: Milliseconds;
}

/** @throws RangeError for a key that is not 32 bytes long. */
export function createKeyring(
  { newest, former, formerFor }: KeyringSettings,
  clock: Pick<Clock, 'monotonic'>,
): Keyring {
  const keys = deriveKeys(newest);
  if (former === null) return { ...ofOne(keys), formerSeal: null };

  const before = deriveKeys(former);
  const until = clock.monotonic() + formerFor;
  return {
    names: {
      name: (kind, identity, token) => keys.names.name(kind, identity, token),
      formerName: (kind, identity, token) =>
        clock.monotonic() < until ? before.names.name(kind, identity, token) : null,
    },
    seal: keys.seal,
    formerSeal: before.seal,
    fingerprintsOf: (token) => [keys.fingerprintOf(token), before.fingerprintOf(token)],
    markSeals: [keys.markSeal, before.markSeal],
  };
}

function ofOne({ names, seal, fingerprintOf, markSeal }: DerivedKeys): Omit<Keyring, 'formerSeal'> {
  return { names, seal, fingerprintsOf: (token) => [fingerprintOf(token)], markSeals: [markSeal] };
}
