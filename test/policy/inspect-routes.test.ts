import { describe, expect, it } from '@jest/globals';
import { createPolicy, inspectPatterns, inspectRoutes } from '../../src/policy/index.ts';
import { aRoute, type RouteWords } from './builders.ts';

/** Findings without their sentences. */
function inspect(...routes: readonly RouteWords[]) {
  return inspectRoutes(routes.map(aRoute)).map((finding) => ({ ...finding, message: undefined }));
}

describe('inspectRoutes: guards (decision 14)', () => {
  it('lists for a guard the later broader rules that it shuts out', () => {
    expect(
      inspect(
        { name: 'write', paths: ['/orders/**'], methods: ['POST'] },
        { name: 'read', paths: ['/orders/**'], methods: ['GET'] },
        { name: 'inside', paths: ['/orders/1'] },
        { name: 'elsewhere', paths: ['/carts/**'] },
        { name: 'broader', paths: ['/*/1'] },
        { name: 'rest' },
      ),
    ).toEqual([
      { kind: 'guard', guard: 'write', shutsOut: ['broader', 'rest'] },
      { kind: 'guard', guard: 'read', shutsOut: ['broader', 'rest'] },
    ]);
  });

  it.each([
    ['the rule before takes every request of its paths', { paths: ['/a/**'] }, {}],
    ['it says otherwise: next', { paths: ['/a/**'], methods: ['GET'], otherwise: 'next' }, {}],
    ['hosts do not overlap', { hosts: ['a.x'], methods: ['GET'] }, { hosts: ['*.y'] }],
    ['paths do not overlap', { paths: ['/a/*/c'], methods: ['GET'] }, { paths: ['/a/*'] }],
    ['the later rule wants what the guard takes', { paths: ['/a'], methods: ['GET'] }, { methods: ['HEAD'] }],
  ] as const)('lists nothing where %s', (_case, guard, rule) => {
    const guards = inspect({ name: 'guard', ...guard }, { name: 'rule', ...rule });
    expect(guards.filter(({ kind }) => kind === 'guard')).toEqual([]);
  });

  it('looks at hosts and paths pair by pair', () => {
    expect(
      inspect(
        { name: 'guard', hosts: ['a.x'], paths: ['/a/**'], methods: ['GET'] },
        { name: 'wider-host', hosts: ['*.x'], paths: ['/a/b'] },
        { name: 'mixed', hosts: ['a.x'], paths: ['/a/b', '/c', '/**'] },
      ),
    ).toEqual([{ kind: 'guard', guard: 'guard', shutsOut: ['wider-host', 'mixed'] }]);
  });

  it('says it in a sentence that names the rules', () => {
    const [finding] = inspectRoutes([
      aRoute({ name: 'write', methods: ['POST'], paths: ['/a'] }),
      aRoute({ name: 'rest' }),
    ]);
    expect(finding?.message).toMatch(/"write".*: "rest"$/);
  });

  it('names ten rules at most in that sentence', () => {
    const later = Array.from({ length: 13 }, (_, at) =>
      aRoute({ name: `later-${at}`, headers: { [`x-${at}`]: ['1'] } }),
    );
    const [finding] = inspectRoutes([aRoute({ name: 'guard', methods: ['GET'], paths: ['/a'] }), ...later]);
    expect(finding?.message).toMatch(/"later-9" and 3 more$/);
  });
});

describe('inspectRoutes: unreachable rules', () => {
  it.each([
    ['a rule takes everything before it', {}, { paths: ['/a'], methods: ['GET'] }],
    ['a rule takes a broader path before it', { paths: ['/a/**'] }, { paths: ['/a/*/c', '/a'] }],
    ['a rule takes more methods before it', { methods: ['GET', 'PUT'] }, { methods: ['GET', 'HEAD'] }],
    [
      'a rule takes more header values before it',
      { headers: { a: ['1', '2'] } },
      { headers: { a: ['1'], b: ['1'] } },
    ],
    ['a rule takes a broader host before it', { hosts: ['*.x'] }, { hosts: ['a.x', '*.b.x'] }],
  ] as const)('names one where %s', (_case, by, rule) => {
    expect(inspect({ name: 'by', ...by }, { name: 'rule', ...rule })).toContainEqual({
      kind: 'unreachable',
      rule: 'rule',
      by: 'by',
    });
  });

  it.each([
    ['the earlier rule takes fewer methods', { methods: ['GET'] }, {}],
    ['the earlier rule takes one host of two', { hosts: ['a.x'] }, { hosts: ['a.x', 'b.x'] }],
    ['the earlier rule takes one path less', { paths: ['/a/*'] }, { paths: ['/a/**'] }],
    ['the earlier rule wants a header more', { headers: { a: ['1'] } }, {}],
    ['the earlier rule wants another context', { context: { a: ['1'] } }, { context: { a: ['2'] } }],
  ] as const)('names none where %s', (_case, by, rule) => {
    const findings = inspect({ name: 'by', ...by }, { name: 'rule', ...rule });
    expect(findings.filter(({ kind }) => kind === 'unreachable')).toEqual([]);
  });

  it('names none where a guard may shut the earlier rule out and let the later one be tried', () => {
    const findings = inspect(
      { name: 'guard', paths: ['/a/**'], methods: ['POST'] },
      { name: 'broad' },
      { name: 'inside', paths: ['/a/b'] },
    );
    expect(findings).toEqual([{ kind: 'guard', guard: 'guard', shutsOut: ['broad'] }]);
  });

  it('has nothing to say about the rule of a file without routes', () => {
    expect(inspect({})).toEqual([]);
  });
});

describe('inspectPatterns', () => {
  it.each([
    ['a path without its slash', { paths: ['a'] }],
    ['a path with a query', { paths: ['/a?b'] }],
    ['a path with a fragment', { paths: ['/a#b'] }],
    ['a path above the root', { paths: ['/a/../..'] }],
    ['a double star before the end', { paths: ['/a/**/b'] }],
    ['a star beside letters', { paths: ['/a/*.js'] }],
    ['a path no request can have', { paths: ['/a%zz'] }],
    ['a path that is escaped twice', { paths: ['/a%25%341'] }],
    ['a backslash', { paths: ['/a\\b'] }],
    ['an empty host', { hosts: [''] }],
    ['a host with a port', { hosts: ['a.example:80'] }],
    ['an address with a port', { hosts: ['[::1]:80'] }],
    ['a star for a host', { hosts: ['*'] }],
    ['a star inside a host', { hosts: ['a.*.example'] }],
    ['a star before an address', { hosts: ['*.[::1]'] }],
    ['two hosts in one', { hosts: ['a.example,b.example'] }],
    ['a separator that could be part of an escape', { sets: { 'x-a': ['a'] }, join: '2' }],
  ] as const)('finds %s, for which createPolicy throws', (_case, words) => {
    const routes = [aRoute({ name: 'bad', ...words })];
    const findings = inspectPatterns(routes, { scrub: [] });
    expect(findings).toMatchObject([{ kind: 'pattern_invalid', route: 'bad' }]);
    expect(inspectRoutes(routes)).toEqual(findings);
    expect(() => createPolicy(routes, { scrub: [] }, { observe: () => undefined })).toThrow(
      findings[0]?.message ?? 'no finding',
    );
  });

  it.each(['', '*', 'x-*-user', '*-user', 'x auth', 'x-auth-**'])('finds the scrub pattern %j', (pattern) => {
    expect(inspectPatterns([], { scrub: [pattern] })).toMatchObject([{ route: null, key: 'scrub', pattern }]);
  });

  it('finds all of them at once and says what would be right', () => {
    const findings = inspectPatterns([aRoute({ paths: ['a', '/b/*c'], hosts: ['d:1'] })], { scrub: ['*'] });
    expect(findings.map(({ key, pattern }) => `${key} ${pattern}`)).toEqual([
      'match.hosts d:1',
      'match.paths a',
      'match.paths /b/*c',
      'scrub *',
    ]);
    for (const { message } of findings) expect(message).toMatch(/write|one whole segment/);
  });

  it('finds nothing wrong with patterns of every form', () => {
    const routes = [
      aRoute({
        hosts: [
          'api.example.com',
          '*.example.com',
          'Example.COM.',
          '192.0.2.1',
          '[2001:db8::1]',
          'order_service',
        ],
        paths: [
          '/',
          '/**',
          '/a',
          '/a/',
          '/a/*',
          '/a/*/c/**',
          '/a//b/./c',
          '/café',
          '/caf%C3%A9',
          '/%2A',
          '/a%2Fb',
          '/a;b',
        ],
      }),
    ];
    expect(inspectPatterns(routes, { scrub: ['x-auth-*', 'x_remote.user', 'X-A'] })).toEqual([]);
  });
});

describe('inspectRoutes: leaks to a laxer rule', () => {
  const strict = { name: 'strict', paths: ['/a/**'], methods: ['GET'], otherwise: 'next' } as const;
  const leaks = (...routes: readonly RouteWords[]) =>
    inspect(...routes).filter(({ kind }) => kind === 'leak');

  it.each<readonly [string, RouteWords]>([
    ['a public rule', { mode: 'public' }],
    ['an optional rule', { paths: ['/*/b'], mode: 'optional' }],
    ['a rule with another requirement', { require: [{ issuer: ['i'] }] }],
    ['a rule without requirement', { paths: ['/a/b'] }],
  ])('are told where requests may go on to %s', (_case, later) => {
    const rule = { ...strict, require: [{ subject: ['s'] }] };
    expect(leaks(rule, { name: 'lax', ...later })).toEqual([{ kind: 'leak', rule: 'strict', to: 'lax' }]);
  });

  it.each<readonly [string, RouteWords, RouteWords]>([
    ['the rule guards its paths', { otherwise: 'deny' }, { mode: 'public' }],
    ['the rest of it fits every request', { methods: [] }, { mode: 'public' }],
    ['the later rule has other paths', {}, { paths: ['/b/**'], mode: 'public' }],
    ['the later rule denies', {}, { mode: 'deny' }],
    ['the later rule asks for the same and more', {}, { require: [{ subject: ['s'] }, { issuer: ['i'] }] }],
  ])('are none where %s', (_case, differing, later) => {
    const rule = { ...strict, require: [{ subject: ['s'] }], ...differing };
    expect(leaks(rule, { name: 'later', ...later })).toEqual([]);
  });
});

describe('inspectRoutes: overlaps', () => {
  const overlaps = (...routes: readonly RouteWords[]) =>
    inspect(...routes).filter(({ kind }) => kind === 'overlap');
  const first = { name: 'first', paths: ['/a/*/c'], require: [{ subject: ['s'] }] };

  it('are told where neither rule is inside of the other and they ask for different things', () => {
    expect(
      overlaps(first, { name: 'second', paths: ['/a/b/**'] }, { name: 'third', paths: ['/*/b/c'] }),
    ).toEqual([
      { kind: 'overlap', rule: 'second', after: ['first'] },
      { kind: 'overlap', rule: 'third', after: ['first'] },
    ]);
  });

  it.each<readonly [string, RouteWords]>([
    ['one is inside of the other', { paths: ['/a/b/c'] }],
    ['one is around the other', { paths: ['/a/**'] }],
    ['no request matches both', { paths: ['/a/b/d'] }],
    ['their methods differ', { paths: ['/a/b/**'], methods: ['GET'] }],
    ['they ask for the same', { paths: ['/a/b/**'], require: [{ subject: ['s'] }] }],
  ])('are none where %s', (_case, second) => {
    const rule = second.methods === undefined ? first : { ...first, methods: ['POST'] };
    expect(overlaps(rule, { name: 'second', ...second })).toEqual([]);
  });
});

describe('inspectRoutes with many rules', () => {
  it('finds the same whether rules that cannot meet stand between or not', () => {
    const between = Array.from({ length: 50 }, (_, at) => ({ name: `r${at}`, paths: [`/only-${at}/**`] }));
    const pair: readonly RouteWords[] = [
      { name: 'guard', paths: ['/a/b', '/c/**'], methods: ['GET'] },
      { name: 'wide', paths: ['/c/d', '/**'] },
      { name: 'never', paths: ['/a/**'] },
    ];
    const [guard = {}, ...others] = pair;
    expect(inspect(guard, ...between, ...others)).toEqual(inspect(...pair));
  });
});
