import { describe, expect, it } from '@jest/globals';
import { compilePatterns, parametersOf, parsePathPattern } from '../../src/matching/index.ts';
import { aMatch } from '../support/builders.ts';

function patternsOf(...paths: readonly string[]) {
  const compiled = compilePatterns({ match: aMatch({ paths }) });
  if (!compiled.ok) throw new Error(compiled.failure.map(({ problem }) => problem).join());
  return compiled.value.paths;
}

describe('parsePathPattern with named segments', () => {
  it.each([
    ['/users/{id}', '/users/*', [{ name: 'id', at: 1 }]],
    [
      '/{tenant}/x/{id}/**',
      '/*/x/*/**',
      [
        { name: 'tenant', at: 0 },
        { name: 'id', at: 2 },
      ],
    ],
    ['/a/../{b}', '/*', [{ name: 'b', at: 0 }]],
    ['/%7Bid%7D', '/{id}', []],
  ])('reads %s', (text, key, params) => {
    expect(parsePathPattern(text)).toMatchObject({ ok: true, value: { key, params } });
  });

  it.each([
    ['a brace beside other characters', '/users/x{id}', 'holds a brace'],
    ['an empty name', '/users/{}', 'holds a brace'],
    ['a name that is none', '/users/{1a}', 'holds a brace'],
    ['a star in braces', '/users/{*}', 'holds a star'],
    ['a name twice', '/{id}/{id}', 'names two segments id'],
  ])('refuses %s', (_case, text, problem) => {
    const parsed = parsePathPattern(text);
    expect(parsed.ok ? null : parsed.failure).toContain(problem);
  });
});

describe('parametersOf', () => {
  it.each([
    ['/users/alice', { id: 'alice' }],
    ['/users/alice/', { id: 'alice' }],
    ['/users/j\u00c3\u00bcrgen', { id: 'jürgen' }],
    ['/users/a%25b%3Fc%3Bd%2Fe', { id: 'a%b?c;d/e' }],
    ['/teams/a/b/c', { team: 'a' }],
    ['/plain/x', {}],
    ['/nowhere', null],
    ['/users', null],
    ['/users/alice/more', null],
  ])('reads %s', (path, params) => {
    const found = parametersOf(patternsOf('/users/{id}', '/teams/{team}/**', '/plain/*'), path);
    expect(found === null ? null : Object.fromEntries(found)).toEqual(params);
  });
});

describe('compilePatterns with names', () => {
  it.each([
    [['/users/{id}', '/users/{name}']],
    [['/users/{id}', '/users/*']],
    [['/users/{id}', '/users/**']],
    [['/users/{id}/**', '/users/{a}/{id}']],
    [['/{a}/x', '/y/{a}']],
  ])('refuses paths of which one request fits two with other names: %j', (paths) => {
    const compiled = compilePatterns({ match: aMatch({ paths }) });
    const problems = compiled.ok ? [] : compiled.failure;
    expect(problems.map(({ place, pattern }) => [place, pattern])).toEqual([['match.paths', paths[1]]]);
    expect(problems[0]?.problem).toContain(`and "${paths[0] ?? ''}" match the same paths`);
  });

  it.each([
    [['/users/{id}', '/people/{id}']],
    [['/users/{id}', '/users/{id}/**']],
    [['/v1/{id}', '/v1/{id}/{more}']],
  ])('takes paths that no request fits with other names: %j', (paths) => {
    expect(compilePatterns({ match: aMatch({ paths }) }).ok).toBe(true);
  });
});
