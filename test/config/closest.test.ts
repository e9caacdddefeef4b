import { describe, expect, it } from '@jest/globals';
import { closest } from '../../src/config/closest.ts';

const KNOWN = ['clientId', 'clientSecret', 'issuer', 'timeout', 'tls', 'path'];

describe('closest', () => {
  it.each([
    ['client_id', 'clientId'],
    ['CLIENT-SECRET', 'clientSecret'],
    ['isuer', 'issuer'],
    ['issure', 'issuer'],
    ['timeuot', 'timeout'],
    ['paths', 'path'],
    ['tsl', 'tls'],
  ])('takes %s for %s', (word, meant) => {
    expect(closest(word, KNOWN)).toBe(meant);
  });

  it.each(['retries', 'x', '', 'clientele', 'a'.repeat(1_000_000)])(
    'guesses nothing for a stranger',
    (word) => {
      expect(closest(word, KNOWN)).toBeNull();
    },
  );
});
