import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { JSON_LIMITS, parseStrictJson } from '../../src/introspection/index.ts';

const parse = (text: string | Buffer) => parseStrictJson(Buffer.from(text as string), JSON_LIMITS);

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads, for any JSON text without a repeated name', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const parsed = parse(text);
        if (!parsed.ok) {
          expect(text.isWellFormed() && !/\\ud[89a-f]/i.test(text)).toBe(false);
          return;
        }
        expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts nothing that JSON.parse refuses, for any text near JSON', () => {
    const piece = fc.constantFrom(
      ...'{}[]:,"\\ \t\n0123456789eE+-.truefalsnu/\u0000\u00a0\ufeff'.match(/./gsu)!,
      '"a"',
      'true',
      '\\u0061',
      '1e5',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        if (parse(text).ok) expect(() => JSON.parse(text) as unknown).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
  });

  it('settles on any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof parseStrictJson(Buffer.from(bytes), JSON_LIMITS).ok).toBe('boolean');
      }),
    );
  });

  it.each([
    ['an empty body', ''],
    ['only space', '  '],
    ['a byte order mark (INT-12)', '\ufeff{}'],
    ['two documents', '{}{}'],
    ['trailing garbage', '{} x'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{}//'],
    ['single quotes', "{'a':1}"],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '[Infinity]'],
    ['a number over the range of a double', '{"exp":1e400}'],
    ['a leading zero', '[01]'],
    ['a bare minus', '[-]'],
    ['a plus sign', '[+1]'],
    ['a bare fraction', '[1.]'],
    ['a control character in a string', '"a\u0001"'],
    ['a line break in a string', '"a\nb"'],
    ['an unknown escape', '"\\x41"'],
    ['half an escape', '"\\u00'],
    ['an unfinished string', '"a'],
    ['half of a character (a lone surrogate)', '{"a":"\\ud800"}'],
    ['the other half', '["\\udc00x"]'],
    ['no-break space between tokens', '{\u00a0}'],
    ['a repeated name (INT-25)', '{"active":false,"active":true}'],
    ['a name repeated in escaped form (INT-25)', '{"active":false,"\\u0061ctive":true}'],
    ['a repeated __proto__ (T-26)', '{"__proto__":1,"__proto__":2}'],
    ['a repeated name deep inside', '{"a":[{"b":1,"b":1}]}'],
  ])('refuses %s', (_what, text) => {
    expect(parse(text).ok).toBe(false);
  });

  it.each([
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0xa2, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('{"active":true}', 'utf16le')],
  ])('refuses %s', (_what, bytes) => {
    expect(parse(bytes).ok).toBe(false);
  });

  it('refuses nesting of 10,000 levels without running out of stack', () => {
    expect(parse('['.repeat(10_000))).toMatchObject({ ok: false });
    expect(parse('{"a":'.repeat(10_000))).toMatchObject({ ok: false });
  });

  it('refuses the first level beyond the limit and accepts the last within', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parse(nested(JSON_LIMITS.depth)).ok).toBe(true);
    expect(parse(nested(JSON_LIMITS.depth + 1)).ok).toBe(false);
  });

  it('refuses 100,000 integer-like names (CVE-2026-21717)', () => {
    const members = Array.from({ length: 100_000 }, (_, index) => `"${index}":0`);
    expect(parse(`{${members.join(',')}}`)).toMatchObject({ ok: false });
  });

  it('gives objects no prototype, and keeps __proto__ as an ordinary member (T-26)', () => {
    const parsed = parse('{"__proto__":{"active":true},"a":{"constructor":1}}');
    if (!parsed.ok) throw new Error(parsed.failure);
    const value = parsed.value as Record<string, Record<string, unknown>>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.getPrototypeOf(value['a'])).toBeNull();
    expect(Object.keys(value)).toEqual(['__proto__', 'a']);
    expect(value['active']).toBeUndefined();
    expect('toString' in value).toBe(false);
  });

  it('says where it stopped and never quotes the text', () => {
    const parsed = parse('{"canary-8431":tru}');
    expect(parsed).toEqual({ ok: false, failure: 'a value is expected, at character 16 of 19' });
  });
});
