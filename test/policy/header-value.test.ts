import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/domain/index.ts';
import { headerValue, problemOfJoin } from '../../src/policy/header-value.ts';

function valueOf(claim: Json, join = ',') {
  const made = headerValue({ claim: ['it'], join }, { it: claim });
  return made.kind === 'value' ? made.value : made.kind;
}

describe('headerValue', () => {
  it.each([
    ['a text as it is', 'alice', 'alice'],
    ['spaces inside', 'read write', 'read write'],
    ['punctuation as it is', 'a"b;c,d=e\\', 'a"b;c,d=e\\'],
    ['a percent sign encoded', '100%', '100%25'],
    ['spaces at the ends encoded', '  a b ', '%20%20a b%20'],
    ['nothing but spaces', '  ', '%20%20'],
    ['T-2: a line break encoded', 'a\r\nX-Admin: 1', 'a%0D%0AX-Admin: 1'],
    ['T-2: a line separator encoded', 'a\u2028b', 'a%E2%80%A8b'],
    ['NUL, TAB and DEL encoded', '\0\t\x7f', '%00%09%7F'],
    ['letters outside ASCII as UTF-8', 'Zoë', 'Zo%C3%AB'],
    ['a character beyond the first plane', '😀', '%F0%9F%98%80'],
    ['a lone surrogate as U+FFFD', 'a\ud800b', 'a%EF%BF%BDb'],
    ['a number', 42, '42'],
    ['zero', 0, '0'],
    ['a boolean', false, 'false'],
    ['a list', ['a', 'b'], 'a,b'],
    ['T-3: a comma inside an item encoded', ['a,admin', 'b'], 'a%2Cadmin,b'],
    ['numbers and booleans in a list', [1, true, 'x'], '1,true,x'],
    ['spaces at the ends of each item encoded', [' a', 'b '], '%20a,b%20'],
    ['empty items left out', ['', 'a', ''], 'a'],
    ['nothing for null', null, 'none'],
    ['nothing for an empty text', '', 'none'],
    ['nothing for an empty list', [], 'none'],
    ['nothing for a list of empty texts', ['', ''], 'none'],
    ['dropped: an object', { a: 1 }, 'dropped'],
    ['dropped: a list with an object', ['a', {}], 'dropped'],
    ['dropped: a list with null', ['a', null], 'dropped'],
    ['dropped: a list in a list', [['a']], 'dropped'],
    ['4 KiB exactly', 'a'.repeat(4_096), 'a'.repeat(4_096)],
    ['dropped: one byte over 4 KiB', 'a'.repeat(4_097), 'dropped'],
    ['dropped: over 4 KiB once encoded', 'é'.repeat(1_000), 'dropped'],
    ['dropped: a list over 4 KiB', Array.from({ length: 3_000 }, () => 'a'), 'dropped'],
    ['T-2: dropped: a megabyte', 'a'.repeat(1_000_000), 'dropped'],
  ])('gives %s', (_case, claim, value) => {
    expect(valueOf(claim)).toBe(value);
  });

  it.each([
    ['; ', ['a;b', 'c d'], 'a%3Bb; c%20d'],
    [' ', ['a b', 'c,d'], 'a%20b c%2Cd'],
    ['|', ['a|b', 'c,d'], 'a%7Cb|c%2Cd'],
  ])('encodes the separator %j inside items too', (join, claim, value) => {
    expect(valueOf(claim, join)).toBe(value);
  });

  it('finds members along a path, dots being part of a name', () => {
    const claims: JsonObject = {
      'realm.access': { roles: ['a'] },
      realm: { access: 'no' },
      list: [{ roles: 'no' }],
    };
    const at = (...claim: string[]) => headerValue({ claim, join: ',' }, claims);
    expect(at('realm.access', 'roles')).toEqual({ kind: 'value', value: 'a' });
    expect(at('realm', 'access', 'roles')).toEqual({ kind: 'none' });
    expect(at('list', '0', 'roles')).toEqual({ kind: 'none' });
    expect(at('missing')).toEqual({ kind: 'none' });
  });

  it.each(['constructor', '__proto__', 'toString', 'length'])(
    'finds own members only, not %s (T-26)',
    (member) => {
      expect(headerValue({ claim: [member], join: ',' }, { sub: 'alice' })).toEqual({ kind: 'none' });
      expect(headerValue({ claim: ['sub', member], join: ',' }, { sub: 'alice' })).toEqual({ kind: 'none' });
    },
  );

  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom(' ', '%', ',', '\r\n', '\ud800', '%2C'),
  );
  const join = fc.constantFrom(',', ', ', ' ', ';', '|', ' / ', ',,');

  it('gives bytes of %x20-7E without a space at either end, whatever the claim (T-2, HTTP-5)', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.array(text), fc.double(), fc.boolean()), join, (claim, join) => {
        const made = headerValue({ claim: ['it'], join }, { it: claim });
        if (made.kind === 'value') expect(made.value).toMatch(/^[!-~](?:[ -~]*[!-~])?$/);
      }),
      { numRuns: 5_000 },
    );
  });

  it('lets a text be had back by percent-decoding', () => {
    fc.assert(
      fc.property(
        text.filter((it) => it !== ''),
        (claim) => {
          expect(decodeURIComponent(valueOf(claim))).toBe(claim.toWellFormed());
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('lets a list be had back by splitting and percent-decoding, item by item (T-3, HTTP-6)', () => {
    const item = text.filter((it) => it !== '');
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 8 }), join, (claim, join) => {
        expect(valueOf(claim, join).split(join).map(decodeURIComponent)).toEqual(
          claim.map((it) => it.toWellFormed()),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('problemOfJoin', () => {
  it.each([',', ', ', ' ', '; ', '|'])('has none with %j', (join) => {
    expect(problemOfJoin(join)).toBeNull();
  });

  it.each(['', '%', '2C', 'and', '\t', '\r\n', 'é', ',x'])('has one with %j', (join) => {
    expect(problemOfJoin(join)).toMatch(/write/);
  });
});
