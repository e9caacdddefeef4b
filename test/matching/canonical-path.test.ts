import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from '../../src/matching/canonical-path.ts';

describe('canonicalPath', () => {
  it.each([
    ['a plain path as it is', '/orders/1', '/orders/1'],
    ['the root', '/', '/'],
    ['a slash at the end kept', '/orders/', '/orders/'],
    ['no query', '/orders?next=/../admin#x', '/orders'],
    ['no query in the root', '/?a', '/'],
    ['T-7: an escaped letter decoded', '/%61dmin', '/admin'],
    ['T-7: case kept', '/ADMIN', '/ADMIN'],
    ['T-7: slashes merged', '//admin///x', '/admin/x'],
    ['T-7: a dot segment gone', '/./admin/./x', '/admin/x'],
    ['T-7: a dot segment at the end leaving its slash', '/admin/.', '/admin/'],
    ['T-7: a double dot resolved', '/public/../admin', '/admin'],
    ['T-7: a double dot at the end', '/a/b/..', '/a/'],
    ['T-7: an escaped double dot resolved', '/public/%2e%2E/admin', '/admin'],
    ['T-7: slashes merged before dots are resolved', '/a//../b', '/b'],
    ['dots that are part of a name', '/a/..b/.c/d..', '/a/..b/.c/d..'],
    ['a well-known path', '/.well-known/x', '/.well-known/x'],
    ['a raw space and its escape alike', '/a%20b', '/a b'],
    ['a raw character outside ASCII', '/caf\xc3\xa9', '/caf\xc3\xa9'],
    ['its escape the same', '/caf%C3%a9', '/caf\xc3\xa9'],
    ['half escaped the same', '/caf\xc3%A9', '/caf\xc3\xa9'],
    ['an escaped question mark inside its segment', '/a%3Fb', '/a%3Fb'],
    ['an escaped hash inside its segment', '/a%23b', '/a%23b'],
    ['an escaped percent sign', '/100%25', '/100%25'],
    ['an escaped percent sign before one digit', '/a%252', '/a%252'],
    ['an escaped control byte', '/a%0ab', '/a%0Ab'],
    ['a star', '/a%2A', '/a*'],
  ])('gives %s', (_case, target, path) => {
    expect(canonicalPath(target)).toMatchObject({ kind: 'canonical', path, opaque: [] });
  });

  it.each([
    ['an encoded slash', '/a%2fb', '/a%2Fb', ['encodedSlash']],
    ['an encoded backslash', '/a%5cb', '/a%5Cb', ['backslash']],
    ['a semicolon', '/a;b', '/a%3Bb', ['semicolon']],
    ['an encoded semicolon, which is the same', '/a%3bb', '/a%3Bb', ['semicolon']],
    ['all of them', '/%2F%5C;', '/%2F%5C%3B', ['encodedSlash', 'semicolon', 'backslash']],
    ['one in a segment that .. takes away', '/public%2fx/../admin', '/admin', ['encodedSlash']],
    ['dots before a semicolon, which are no dot segment here', '/a/..;/b', '/a/..%3B/b', ['semicolon']],
  ])('keeps %s opaque and says so', (_case, target, path, opaque) => {
    expect(canonicalPath(target)).toMatchObject({ kind: 'canonical', path, opaque });
  });

  it.each([
    ['an empty target', ''],
    ['a query alone', '?a'],
    ['an asterisk', '*'],
    ['T-7: an absolute form', 'http://x/admin'],
    ['a path without its slash', 'admin'],
    ['an authority form', 'example.com:443'],
    ['T-7: NUL', '/admin\0'],
    ['T-7: an escaped NUL', '/admin%00'],
    ['a line break', '/a\r\nb'],
    ['a tab', '/a\tb'],
    ['DEL', '/a\x7f'],
    ['T-7: a backslash', '/public\\..\\admin'],
    ['T-7: a fragment', '/public#/../admin'],
    ['a percent sign at the end', '/a%'],
    ['half an escape', '/a%4'],
    ['an escape of no digits', '/a%zz'],
    ['an escape of a sign and a digit', '/a%+1'],
    ['T-7: a double escape', '/%2561dmin'],
    ['T-7: a double escape of a slash', '/a%252Fb'],
    ['T-7: a double escape whose digits are escaped', '/%25%36%31dmin'],
    ['T-7: a double escape behind another percent sign', '/%25%2561'],
    ['T-7: an overlong slash', '/a%C0%AFb'],
    ['T-7: an overlong dot', '/%C0%AE%C0%AE/a'],
    ['a lone continuation byte', '/a\x80'],
    ['a cut sequence', '/a%C3'],
    ['a sequence cut by a slash', '/a%C3/%A9'],
    ['an encoded surrogate', '/%ED%A0%80'],
    ['a code point behind the last', '/%F4%90%80%80'],
    ['T-7: a way above the root', '/../admin'],
    ['T-7: an escaped way above the root', '/a/%2e%2e/%2e%2e/b'],
    ['a character that is no byte', '/\u{100}'],
  ])('is malformed for %s', (_case, target) => {
    expect(canonicalPath(target)).toMatchObject({ kind: 'malformed' });
  });

  it('repeats nothing of the request in its complaint', () => {
    for (const target of ['canary', '/canary%', '/canary\0', '/../canary', '/canary\xff', '/canary%2541']) {
      expect(JSON.stringify(canonicalPath(target))).not.toContain('canary');
    }
  });

  const trickyPiece = fc.constantFrom(
    ...[
      '/',
      '//',
      '.',
      '..',
      '/../',
      '/./',
      '%2e',
      '%2E%2e',
      '%2f',
      '%5C',
      '\\',
      ';',
      '%3b',
      '%',
      '%25',
      '%2525',
    ],
    ...[
      '%00',
      '%0a',
      '#',
      '%23',
      '?',
      '%3F',
      '*',
      '%2a',
      '\xc3\xa9',
      '%C3%A9',
      '\xc3',
      '%A9',
      '\x7f',
      'a',
      'B',
      '4',
    ],
  );
  const anyByte = fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte));
  const target = fc
    .array(fc.oneof({ weight: 4, arbitrary: trickyPiece }, { weight: 1, arbitrary: anyByte }), {
      maxLength: 14,
    })
    .map((pieces) => `/${pieces.join('')}`);

  it('is total and idempotent over 20,000 generated targets', () => {
    let canonical = 0;
    fc.assert(
      fc.property(target, (text) => {
        const once = canonicalPath(text);
        if (once.kind === 'malformed') return;
        canonical += 1;
        expect(canonicalPath(once.path)).toMatchObject({ kind: 'canonical', path: once.path });
        expect(once.path).toMatch(/^\/(?:[^/]+(?:\/[^/]+)*\/?)?$/);
        expect(once.path.split('/')).not.toContain('..');
        expect(once.path.split('/')).not.toContain('.');
      }),
      { numRuns: 20_000 },
    );
    expect(canonical).toBeGreaterThan(1_000);
  });

  it('gives the raw and the escaped spelling of the same bytes the same form', () => {
    // Those that a path cannot hold raw, and those that mean something else when they are.
    const raw = fc
      .integer({ min: 0x20, max: 0xff })
      .filter((byte) => !'%?#\\/'.includes(String.fromCharCode(byte)) && byte !== 0x7f);
    const utf8 = fc.oneof(
      raw.filter((byte) => byte < 0x80).map((byte) => [byte]),
      fc.constantFrom([0xc3, 0xa9], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80]),
    );
    const spelled = fc.array(fc.tuple(utf8, fc.boolean()), { minLength: 1, maxLength: 8 }).map((pieces) => ({
      plain: pieces.map(([bytes]) => String.fromCharCode(...bytes)).join(''),
      mixed: pieces
        .map(([bytes, escape]) =>
          bytes.map((byte) => (escape ? escaped(byte) : String.fromCharCode(byte))).join(''),
        )
        .join(''),
    }));
    fc.assert(
      fc.property(spelled, ({ plain, mixed }) => {
        const [one, other] = [canonicalPath(`/a/${plain}/b`), canonicalPath(`/a/${mixed}/b`)];
        expect([one.kind, 'path' in one && one.path]).toEqual([other.kind, 'path' in other && other.path]);
      }),
      { numRuns: 5_000 },
    );
  });
});

function escaped(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`;
}
