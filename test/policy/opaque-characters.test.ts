import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aPolicy, ruleOf } from './builders.ts';

const ALLOW = { encodedSlash: 'allow', semicolon: 'allow', backslash: 'allow' } as const;

describe('opaque characters under default settings (T-7)', () => {
  const policy = aPolicy([
    { name: 'admin', paths: ['/admin/**'] },
    { name: 'public', paths: ['/public/**'], mode: 'public' },
  ]);

  it.each([
    '/public/..%2fadmin',
    '/public/..%2Fadmin',
    '/public/%2e%2e%2fadmin',
    '/public/..%5cadmin',
    '/public/..;/admin',
    '/public/..%3b/admin',
    '/public/.;/x',
    '/admin;x',
    '/public%2f../admin',
    '/public/a;jsessionid=1',
    '/nowhere%2Fx',
  ])('denies %s with path_ambiguous', (path) => {
    expect(ruleOf(policy, { path })).toBe('path_ambiguous');
  });

  it.each([
    '/public/..%252fadmin',
    '/public\\..\\admin',
    '/public/%c0%ae%c0%ae/admin',
    '/public#/../admin',
    '/admin%00',
    'http://x/admin',
  ])('denies %s with path_malformed', (path) => {
    expect(ruleOf(policy, { path })).toBe('path_malformed');
  });

  it.each([
    ['admin', '//admin'],
    ['admin', '/%61dmin'],
    ['admin', '/./admin'],
    ['admin', '/public/../admin'],
    ['admin', '/public/%2e%2e/admin'],
    ['no_route', '/ADMIN'],
  ])('judges as %s what every server reads alike: %s', (rule, path) => {
    expect(ruleOf(policy, { path })).toBe(rule);
  });
});

describe('opaque characters where a rule allows them', () => {
  const policy = aPolicy([
    { name: 'admin', paths: ['/admin/**'], path: ALLOW },
    { name: 'slash', paths: ['/slash/*'], path: { encodedSlash: 'allow' } },
    { name: 'matrix', paths: ['/matrix/**'], path: { semicolon: 'allow' } },
    { name: 'written', paths: ['/d%2fe'], path: { encodedSlash: 'allow' } },
    { name: 'put', paths: ['/put/**'], methods: ['PUT'] },
    { name: 'put-file', paths: ['/put%2Ffile'], path: ALLOW },
    { name: 'all', paths: ['/files/**'], path: ALLOW },
  ]);

  it.each([
    ['slash', 'an encoded slash inside one segment', '/slash/group%2Fproject'],
    ['path_ambiguous', 'another character than the one it allows', '/slash/a;b'],
    ['path_ambiguous', 'one of two allowed only', '/slash/a%2Fb;c'],
    ['path_ambiguous', 'a way up that no rule covers', '/slash/..%2Fsecret'],
    ['matrix', 'a semicolon', '/matrix/a;v=1/b'],
    ['matrix', 'an encoded semicolon', '/matrix/a%3Bv=1/b'],
    ['written', 'a rule that is written with it', '/d%2Fe'],
    ['no_route', 'a path that is not the one it is written with', '/d/e'],
    ['all', 'all of them', '/files/a%2Fb%5Cc;d'],
    ['all', 'a way up that stays inside', '/files/a%2F..%2Fb'],
    ['path_ambiguous', 'a slash that leads to another rule', '/files/..%2Fadmin'],
    ['path_ambiguous', 'a backslash that leads to another rule', '/files/..%5Cadmin'],
    ['path_ambiguous', 'a parameter that hides dots', '/files/..;/admin'],
    ['path_ambiguous', 'a parameter that hides dots, encoded', '/files/..%3Bx=1/admin'],
    ['path_ambiguous', 'a mix of both', '/files/..;x%2Fadmin'],
    ['path_ambiguous', 'a mix the other way round', '/files/..%2Fadmin;x'],
    ['path_ambiguous', 'parameters that hide a slash from some', '/files/x;y%2Fz/..%2F..%2Fadmin'],
    ['path_ambiguous', 'a way above the root', '/files/..%2F..%2F..%2Fx'],
    ['path_ambiguous', 'a character in a segment that .. takes away', '/files%2Fx/../admin'],
    ['path_ambiguous', 'a reading that a guard covers', '/put%2Ffile'],
    ['admin', 'every reading under the same rule', '/admin/a%2Fb;c'],
  ])('is %s for %s', (rule, _case, path) => {
    expect(ruleOf(policy, { path })).toBe(rule);
  });

  it('never lets a path through that some server reads as one of another rule', () => {
    const piece = fc.constantFrom('/', '%2F', '%5C', ';', '%3B', ';a', '..', '.', 'a', 'admin', 'files');
    let passed = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const path = `/files/${pieces.join('')}`;
        if (ruleOf(policy, { path }) !== 'all') return;
        passed += 1;
        for (const read of SERVERS) expect(read(path)).not.toMatch(/^\/admin(?:\/|$)/);
      }),
      { numRuns: 5_000 },
    );
    expect(passed).toBeGreaterThan(200);
  });
});

/** Readers of paths, each in the manner of some server; they share no code with ours. */
const SERVERS: readonly ((path: string) => string)[] = [
  // Decodes slashes, then resolves.
  (path) => resolved(path.replaceAll('%2F', '/')),
  // Takes backslashes for slashes.
  (path) => resolved(path.replaceAll('%5C', '/')),
  (path) => resolved(path.replaceAll('%2F', '/').replaceAll('%5C', '/')),
  // Drops path parameters first, as Tomcat does.
  (path) => resolved(path.replace(/;[^/]*/g, '')),
  (path) => resolved(path.replaceAll('%3B', ';').replace(/;[^/]*/g, '')),
  (path) => resolved(path.replace(/(?:;|%3B)[^/]*/g, '').replaceAll('%2F', '/')),
  (path) => resolved(path.replaceAll('%2F', '/').replace(/(?:;|%3B)[^/]*/g, '')),
];

function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
