import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPathTrie, parsePathPattern, type PathPattern } from '../../src/matching/index.ts';
import { coversPath, matchesPath, overlapsPath } from '../../src/matching/path-relations.ts';
import { aPolicy, ruleOf } from '../policy/builders.ts';

const PATHS = ['/', '/a', '/a/', '/A', '/A/', '/a/b', '/a/b/', '/A/b', '/a/B', '/1', '/1/', '/a/1', '/a/b/c'];
const PATTERNS = [
  '/',
  '/a',
  '/a/',
  '/A',
  '/*',
  '/*/',
  '/a/*',
  '/a/b',
  '/A/B/',
  '/a/**',
  '/A/**',
  '/**',
  '/1',
  '/*/1',
];

const pattern = fc
  .record({
    text: fc.constantFrom(...PATTERNS),
    caseSensitive: fc.boolean(),
    trailingSlash: fc.constantFrom<'same' | 'distinct'>('same', 'distinct'),
  })
  .map(({ text, ...reading }) => {
    const parsed = parsePathPattern(text, reading);
    if (!parsed.ok) throw new Error(parsed.failure);
    return parsed.value;
  });

function matches(one: PathPattern, path: string): boolean {
  const segments = path.split('/').filter((segment) => segment !== '');
  return matchesPath(one, segments, path.endsWith('/'));
}

describe('patterns that read paths in different ways', () => {
  it('cover and overlap as the paths do that they match', () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const both = PATHS.filter((path) => matches(one, path) && matches(other, path));
        if (both.length > 0) expect(overlapsPath(one, other)).toBe(true);
        if (coversPath(one, other)) {
          const uncovered = PATHS.filter((path) => matches(other, path) && !matches(one, path));
          expect(uncovered).toEqual([]);
          expect(overlapsPath(one, other)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('are found in the trie where they match, and as what covers others', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 6 }), (patterns) => {
        const trie = createPathTrie<PathPattern>();
        for (const one of patterns) trie.add(one, one);
        for (const path of PATHS) {
          const found: PathPattern[] = [];
          trie.match(path, found);
          expect(new Set(found)).toEqual(new Set(patterns.filter((one) => matches(one, path))));
        }
        for (const one of patterns)
          expect(new Set(trie.covering(one))).toEqual(
            new Set(patterns.filter((wide) => coversPath(wide, one))),
          );
      }),
      { numRuns: 500 },
    );
  });

  it('have different keys where they mean different paths', () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        if (one.key !== other.key) return;
        expect(PATHS.filter((path) => matches(one, path))).toEqual(
          PATHS.filter((path) => matches(other, path)),
        );
      }),
    );
  });
});

describe('a rule whose upstream reads paths in its own way', () => {
  const distinct = { trailingSlash: 'distinct' } as const;
  const policy = aPolicy([
    { name: 'bare', paths: ['/list'], path: distinct },
    { name: 'slashed', paths: ['/list/'], path: distinct },
    { name: 'admin', paths: ['/Admin/**'], path: { caseSensitive: false }, mode: 'deny' },
    {
      name: 'user',
      paths: ['/users/{id}'],
      path: { caseSensitive: false },
      require: [{ subject: [{ param: 'id' }] }],
    },
    { name: 'rest', mode: 'public' },
  ]);

  it.each([
    ['bare', '/list'],
    ['slashed', '/list/'],
    ['slashed', '/list/.'],
    ['rest', '/list/x'],
    ['admin', '/admin'],
    ['admin', '/ADMIN/x'],
    ['admin', '/%41dmin/x'],
    ['user', '/USERS/Alice'],
    ['rest', '/adm%C4%B1n'],
  ])('is %s for %s', (rule, path) => {
    expect(ruleOf(policy, { path })).toBe(rule);
  });
});
