import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { TokenForm } from '../../src/domain/index.ts';
import { compileTokenForm, type CompiledTokenForm, formsOverlap } from '../../src/matching/index.ts';
import { TOKEN_CHARACTERS } from '../../src/matching/token-pattern.ts';

function compiled(form: TokenForm): CompiledTokenForm {
  const made = compileTokenForm(form);
  if (!made.ok) throw new Error(made.failure);
  return made.value;
}

const pattern = (text: string): CompiledTokenForm => compiled({ kind: 'pattern', pattern: text });
const prefixes = (...all: readonly string[]): CompiledTokenForm =>
  compiled({ kind: 'prefixes', prefixes: all });

describe('a token form', () => {
  it('is compiled once, for it is compared with that of every rival', () => {
    const form: TokenForm = { kind: 'prefixes', prefixes: ['a'] };
    expect(compileTokenForm(form)).toBe(compileTokenForm(form));
  });

  it.each<[string, CompiledTokenForm, readonly string[], readonly string[]]>([
    ['a prefix', prefixes('ghp_'), ['ghp_', 'ghp_1'], ['ghp', 'xghp_', 'GHP_1']],
    ['two prefixes', prefixes('a', 'bc'), ['a', 'ab', 'bc', 'bcd'], ['b', 'cb', '']],
    [
      'a class and a number',
      pattern('ghp_[A-Za-z0-9]{4}'),
      ['ghp_aB3z'],
      ['ghp_aB3', 'ghp_aB3zz', 'ghp_aB3_'],
    ],
    ['bounds', pattern('a{2,3}'), ['aa', 'aaa'], ['a', 'aaaa']],
    ['an open bound', pattern('a{2,}b?'), ['aa', 'aaaaab'], ['a', 'ab', 'aabb']],
    ['a choice', pattern('(ab|c)+d*'), ['ab', 'cabd', 'ccdd'], ['', 'd', 'abcx']],
    ['a dot', pattern('a.c'), ['abc', 'a.c', 'a=c'], ['ac', 'abbc']],
    ['an escape', pattern('a\\.b\\+'), ['a.b+'], ['axb+', 'a.bb']],
    ['a class without some', pattern('[^a-z]+'), ['A1~'], ['A1b']],
    ['a class with a dash at its end', pattern('[a-]+'), ['a-a'], ['b']],
    ['an empty arm', pattern('a(b|)'), ['a', 'ab'], ['abb']],
    ['a JWT', pattern('e[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+){2}'), ['ey.a.b'], ['ey.a', 'ey.a.b.c', 'x.a.b']],
  ])('with %s takes those and no others', (_what, form, taken, others) => {
    expect(taken.filter((token) => !form.fits(token))).toEqual([]);
    expect(others.filter((token) => form.fits(token))).toEqual([]);
  });

  it('takes nothing that no token can be', () => {
    for (const token of ['a b', 'a\0', 'aé', 'a,', 'aĀ']) expect(pattern('a.*').fits(token)).toBe(false);
  });

  it.each([
    ['', 'is empty'],
    ['a'.repeat(257), 'is over 256 characters'],
    ['^a', 'has a ^; it is about the whole token anyway, leave it out'],
    ['a$', 'has a $; it is about the whole token anyway, leave it out'],
    ['*a', 'has a * with nothing before it to repeat; write \\* for the character'],
    ['a|+b', 'has a + with nothing before it to repeat; write \\+ for the character'],
    ['a**', 'repeats a repetition; put it in ( ), if it is meant'],
    ['a+?', 'repeats a repetition; put it in ( ), if it is meant'],
    ['a{1', 'has a { that is no number of times; write {20}, {20,} or {20,40}'],
    ['a{,3}', 'has a { that is no number of times; write {20}, {20,} or {20,40}'],
    ['a{3,2}', 'has bounds that go backwards: {3,2}'],
    ['a{300}', 'repeats more than 256 times; write {n,} for no bound'],
    ['(a', 'has a ( that is never closed'],
    ['a)', 'has a ) too many'],
    ['a]', 'has a ] too many'],
    ['(?=a)', 'has a (?; there are no groups with a special meaning here'],
    ['(a)\\1', 'has \\1, which means nothing here; write what is meant, as in [0-9]'],
    ['\\d', 'has \\d, which means nothing here; write what is meant, as in [0-9]'],
    ['a\\', 'ends in a backslash'],
    ['[a', 'has a [ that is never closed'],
    ['[]', 'has a [ ] with nothing in it'],
    ['[z-a]', 'has a range that goes backwards: z-a'],
    [`[^A-Za-z0-9._~+/=-]`, 'has a [^ ] that leaves nothing'],
    ['a,b', 'has ,, which no token can have (RFC 6750 section 2.1)'],
    ['a b', 'has a character that no token can have (RFC 6750 section 2.1)'],
    ['('.repeat(17) + ')'.repeat(17), 'has too many ( inside of each other'],
    ['((a{200}){200}){200}', 'is too complicated; repeat less, or name prefixes'],
    ['(a|b)*a(a|b){20}', 'is too complicated; repeat less, or name prefixes'],
  ])('is not made of the pattern %j', (text, problem) => {
    expect(compileTokenForm({ kind: 'pattern', pattern: text })).toEqual({ ok: false, failure: problem });
  });

  it.each([
    ['', 'is empty'],
    ['Bearer ', 'has a character that no token can have (RFC 6750 section 2.1)'],
  ])('is not made of the prefix %j', (text, problem) => {
    expect(compileTokenForm({ kind: 'prefixes', prefixes: ['a', text] })).toEqual({
      ok: false,
      failure: problem,
    });
  });

  it('of any pattern decides as a regular expression does', () => {
    fc.assert(
      fc.property(aPattern, fc.array(aToken, { minLength: 1, maxLength: 8 }), (text, tokens) => {
        const made = compileTokenForm({ kind: 'pattern', pattern: text });
        fc.pre(made.ok);
        const oracle = new RegExp(`^(?:${text})$`);
        expect(tokens.map(made.value.fits)).toEqual(tokens.map((token) => oracle.test(token)));
      }),
      { numRuns: 500 },
    );
  });

  it('of no text at all is made with an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab[](){}|*+?\\.^$-,19 é')) }), (text) => {
        const made = compileTokenForm({ kind: 'pattern', pattern: text });
        if (!made.ok) expect(made.failure).toMatch(/^(?:is|has|repeats|ends) /);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('formsOverlap', () => {
  it.each<[CompiledTokenForm, CompiledTokenForm, boolean]>([
    [prefixes('a_'), prefixes('b_'), false],
    [prefixes('a'), prefixes('a_'), true],
    [prefixes('a', 'b'), prefixes('c', 'bx'), true],
    [prefixes('a_'), pattern('a_[0-9]{4}'), true],
    [prefixes('a_'), pattern('[b-z].*'), false],
    [pattern('[a-f]{8}'), pattern('[a-f]{9,}'), false],
    [pattern('[a-f]{8,}'), pattern('[a-z]{9}'), true],
    [pattern('.*x'), pattern('.*y'), false],
    [pattern('.*'), pattern('a?'), true],
  ])('is right about %#', (one, other, expected) => {
    expect(formsOverlap(one, other)).toBe(expected);
    expect(formsOverlap(other, one)).toBe(expected);
  });

  it('is true wherever a generated token has both forms', () => {
    fc.assert(
      fc.property(aPattern, aPattern, fc.array(aToken, { maxLength: 20 }), (first, second, tokens) => {
        const [one, other] = [first, second].map((text) =>
          compileTokenForm({ kind: 'pattern', pattern: text }),
        );
        fc.pre(one?.ok === true && other?.ok === true);
        if (tokens.some((token) => one.value.fits(token) && other.value.fits(token)))
          expect(formsOverlap(one.value, other.value)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

const { pattern: aPattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '[a-c]', '\\.'),
    tie('pattern').map((inner) => `(${inner})`),
  ),
  pattern: fc
    .array(
      fc.array(
        fc
          .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{1,}'))
          .map((pair) => pair.join('')),
        { maxLength: 3 },
      ),
      { minLength: 1, maxLength: 2 },
    )
    .map((arms) => arms.map((arm) => arm.join('')).join('|'))
    .filter((text) => text !== ''),
}));
const aToken = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...Array.from(TOKEN_CHARACTERS)), maxLength: 3 }),
);
