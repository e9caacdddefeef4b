import { describe, expect, it } from '@jest/globals';
import type { TokenFilter } from '../../src/domain/index.ts';
import { compileTokenFilter } from '../../src/matching/index.ts';

function passes(differing: Partial<TokenFilter>, token: string): boolean {
  const filter = { minLength: 1, maxLength: 8_192, characters: null, checksum: null, ...differing };
  const compiled = compileTokenFilter(filter);
  if (!compiled.ok) throw new Error(compiled.failure);
  return compiled.value(token);
}

describe('compileTokenFilter (T-33)', () => {
  it('compiles a filter once, for it is asked about every token', () => {
    const filter: TokenFilter = { minLength: 1, maxLength: 2, characters: null, checksum: null };
    expect(compileTokenFilter(filter)).toBe(compileTokenFilter(filter));
  });

  it.each([
    [false, 'shorter than the least', 'abc'],
    [true, 'as short as the least', 'abcd'],
    [true, 'as long as the most', 'abcdefgh'],
    [false, 'longer than the most', 'abcdefghi'],
  ])('answers %s for a token %s', (expected, _what, token) => {
    expect(passes({ minLength: 4, maxLength: 8 }, token)).toBe(expected);
  });

  it.each([
    [true, 'Ab9-_'],
    [false, 'Ab9.'],
    [false, 'Ab9~'],
  ])('answers %s for %s when letters, digits, - and _ are the characters', (expected, token) => {
    expect(passes({ characters: 'A-Za-z0-9_-' }, token)).toBe(expected);
  });

  it.each([
    // Made for this test by the published way: `ghp_`, thirty characters, their CRC-32 in base 62.
    [true, 'as it was issued', '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'],
    [false, 'with one character changed', 'ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkK0mLq17'],
    [false, 'with another checksum', 'ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18'],
    [false, 'that is a checksum alone', 'ghp_0mLq17'],
    [false, 'that is its prefix', 'ghp_'],
  ])('answers %s for a token with a checksum, %s', (expected, _what, token) => {
    expect(passes({ checksum: { kind: 'crc32-base62', prefixes: ['gho_', 'ghp_'] } }, token)).toBe(expected);
  });

  it('refuses characters that are no class', () => {
    const filter = { minLength: 1, maxLength: 10, characters: 'z-a', checksum: null };
    expect(compileTokenFilter(filter)).toMatchObject({ ok: false });
  });
});
