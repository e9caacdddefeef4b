import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AccessToken, milliseconds, monotonicMilliseconds } from '../../src/domain/index.ts';
import { createKeyring } from '../../src/sealing/index.ts';

const clock = { monotonic: () => monotonicMilliseconds(0) };
const keyring = (newest: number, former: number | null = null) =>
  createKeyring(
    {
      newest: Buffer.alloc(32, newest),
      former: former === null ? null : Buffer.alloc(32, former),
      formerFor: milliseconds(1_000),
    },
    clock,
  );
const TOKEN = new AccessToken('token');

describe('the fingerprint of a token', () => {
  it('is 32 hexadecimal digits, the same in every process with the key and different with another', () => {
    const [one] = keyring(1).fingerprintsOf(TOKEN);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(keyring(1).fingerprintsOf(TOKEN)).toEqual([one]);
    expect(keyring(2).fingerprintsOf(TOKEN)).not.toEqual([one]);
    expect(keyring(1).fingerprintsOf(new AccessToken('tokem'))).not.toEqual([one]);
  });

  it('is known under both keys while they rotate, the newest first', () => {
    expect(keyring(2, 1).fingerprintsOf(TOKEN)).toEqual([
      ...keyring(2).fingerprintsOf(TOKEN),
      ...keyring(1).fingerprintsOf(TOKEN),
    ]);
  });

  it('is neither a plain hash nor the name of a cache entry (INT-24)', () => {
    const keys = keyring(1);
    const [fingerprint] = keys.fingerprintsOf(TOKEN);
    expect(createHash('sha256').update('token').digest('hex')).not.toContain(fingerprint);
    const name = keys.names.name('introspection', Buffer.alloc(0), TOKEN);
    expect(Buffer.from(name, 'base64url').toString('hex')).not.toContain(fingerprint);
  });
});

describe('the seal of marks', () => {
  it('opens nothing that was sealed for the cache, nor the other way round', () => {
    const { seal, markSeals } = keyring(1);
    const plain = Buffer.from('plain');
    for (const mark of markSeals) {
      expect(mark.open('name', seal.seal('name', plain))).toBeNull();
      expect(seal.open('name', mark.seal('name', plain))).toBeNull();
      expect(mark.open('name', mark.seal('name', plain))).toEqual(plain);
    }
  });

  it('opens under either key while they rotate', () => {
    const [newest, former] = keyring(2, 1).markSeals;
    const [old] = keyring(1).markSeals;
    expect(old?.open('name', former?.seal('name', Buffer.from('x')) ?? Buffer.alloc(0))).toEqual(
      Buffer.from('x'),
    );
    expect(old?.open('name', newest?.seal('name', Buffer.from('x')) ?? Buffer.alloc(0))).toBeNull();
  });
});
