import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccessToken, type CacheKind } from '../../src/domain/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';

const secret = Buffer.alloc(32, 7);
const { names } = deriveKeys(secret);
const KIND: CacheKind = 'introspection';

const anIdentity = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
const aToken = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,80}=?$/),
  // Not tokens of RFC 6750, but a name must be right for whatever arrives.
  fc.string({ unit: 'binary', maxLength: 40 }),
);

describe('names of tokens', () => {
  it('are HMAC-SHA-256 over the length-prefixed parts under the derived naming key (CACHE-1)', () => {
    const namingKey = Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse naming 1', 32));
    fc.assert(
      fc.property(anIdentity, aToken, (identity, token) => {
        const expected = createHmac('sha256', namingKey)
          .update(prefixed(Buffer.from(KIND)))
          .update(prefixed(identity))
          .update(prefixed(Buffer.from(token, 'utf8')))
          .digest('base64url');
        expect(names.name(KIND, identity, new AccessToken(token))).toBe(expected);
      }),
    );
  });

  it('differ whenever identity or token differ, however their bytes are cut (T-31)', () => {
    const bytes = fc.uint8Array({ minLength: 2, maxLength: 60, max: 0x7e });
    const twoCuts = bytes.chain((all) =>
      fc.record({ all: fc.constant(all), first: fc.nat(all.length), second: fc.nat(all.length) }),
    );
    fc.assert(
      fc.property(twoCuts, ({ all, first, second }) => {
        fc.pre(first !== second);
        expect(nameOfCut(all, first)).not.toBe(nameOfCut(all, second));
      }),
    );
  });

  it.each([
    ['a|b', 'c', 'a', 'b|c'],
    ['', 'ab', 'ab', ''],
    ['a', '\u0000\u0000\u0000\u0001b', 'a\u0000\u0000\u0000\u0005', 'b'],
  ])('tell (%j, %j) from (%j, %j) (T-31)', (identity, token, otherIdentity, otherToken) => {
    const one = names.name(KIND, Buffer.from(identity), new AccessToken(token));
    const other = names.name(KIND, Buffer.from(otherIdentity), new AccessToken(otherToken));
    expect(one).not.toBe(other);
  });

  it('stay the same after a token that needs more room than usual', () => {
    const small = () => names.name(KIND, Buffer.from('who'), new AccessToken('abc'));
    const before = small();
    const long = names.name(KIND, Buffer.alloc(70_000, 1), new AccessToken('x'.repeat(8_192)));
    expect([small(), long.length]).toEqual([before, 43]);
  });

  it('are the same in every process with the same secret, and others with another', () => {
    const nameIn = (key: Buffer) =>
      deriveKeys(key).names.name(KIND, Buffer.from('who'), new AccessToken('abc'));
    // Changing this word makes every replica of the version before blind to the shared store: raise the
    // version in the entry's name instead.
    expect(nameIn(secret)).toBe('rRvTbL6Nr9BQwJpM3vzvmIOXy6r9-gIP4TGTBFITeAs');
    expect(nameIn(Buffer.alloc(32, 8))).not.toBe(nameIn(secret));
  });

  it('cannot be made with a secret of another length than 32 bytes', () => {
    expect(() => deriveKeys(Buffer.alloc(31))).toThrow(RangeError);
  });
});

function prefixed(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}

function nameOfCut(all: Uint8Array, at: number): string {
  const bytes = Buffer.from(all);
  return names.name(KIND, bytes.subarray(0, at), new AccessToken(bytes.toString('latin1', at)));
}
