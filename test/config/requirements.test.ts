import { describe, expect, it } from '@jest/globals';
import { DEMANDS_NOTHING, type Requirement } from '../../src/domain/index.ts';
import { ONE_CLIENT, settingsOf } from './read.ts';

async function requirementOf(words: string): Promise<Partial<Requirement>> {
  const text = `${ONE_CLIENT}routes: [{ name: a, match: { paths: ["/{id}/**"] }, require: { ${words} } }]`;
  const { routes } = await settingsOf(text);
  const [requirement] = routes[0]?.require ?? [];
  if (requirement === undefined) throw new Error('unreachable');
  return Object.fromEntries(
    Object.entries(requirement).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(DEMANDS_NOTHING[key as keyof Requirement]),
    ),
  );
}

describe('a requirement of the file', () => {
  it.each<readonly [string, Partial<Requirement>]>([
    ['scopes: [a, b]', { scopes: { kind: 'all', scopes: ['a', 'b'], strategy: 'exact' } }],
    [
      'scopes: { any: [a, { all: [b, { any: [c, d] }] }], strategy: hierarchical }',
      {
        scopes: {
          kind: 'any',
          scopes: ['a', { kind: 'all', scopes: ['b', { kind: 'any', scopes: ['c', 'd'] }] }],
          strategy: 'hierarchical',
        },
      },
    ],
    [
      'scopes: { all: [a], strategy: wildcard }',
      { scopes: { kind: 'all', scopes: ['a'], strategy: 'wildcard' } },
    ],
    ['audience: [a]', { audience: ['a'] }],
    ['audience: { coversUrl: true }', { coversUrl: true }],
    ['issuer: [a]', { issuer: ['a'] }],
    ['tokenType: Bearer', { tokenTypes: ['Bearer'] }],
    ['tokenUse: [access, at]', { tokenUses: ['access', 'at'] }],
    ['clientIds: [a]', { clientIds: { allowed: ['a'], refused: [] } }],
    ['clientIds: { refused: [b] }', { clientIds: { allowed: [], refused: ['b'] } }],
    ['clientIds: { allowed: [a], refused: [b] }', { clientIds: { allowed: ['a'], refused: ['b'] } }],
    ['subject: alice', { subject: ['alice'] }],
    ['subject: [alice, { param: id }]', { subject: ['alice', { param: 'id' }] }],
    ['acr: gold', { acr: ['gold'] }],
    ['maxAge: 5m', { maxAge: 300 as Requirement['maxAge'] }],
    ['maxAge: 0s', { maxAge: 0 as Requirement['maxAge'] }],
    ['expression: "token.a == 1"', { expression: 'token.a == 1' }],
    [
      'deny: [{ subject: a }, { issuer: [b] }]',
      {
        deny: [plain({ subject: ['a'] }), plain({ issuer: ['b'] })],
      },
    ],
    [
      'claims: [{ claim: a, equals: 1 }, { claim: [b, c], oneOf: [x, true, { param: id }] }]',
      {
        claims: [
          { claim: ['a'], test: { kind: 'oneOf', values: [1] }, isNot: false },
          { claim: ['b', 'c'], test: { kind: 'oneOf', values: ['x', true, { param: 'id' }] }, isNot: false },
        ],
      },
    ],
    [
      'claims: [{ claim: a, contains: x }, { claim: a, contains: [x, 2] }, { claim: a, not: { contains: { any: [x] } } }]',
      {
        claims: [
          { claim: ['a'], test: { kind: 'containsAll', values: ['x'] }, isNot: false },
          { claim: ['a'], test: { kind: 'containsAll', values: ['x', 2] }, isNot: false },
          { claim: ['a'], test: { kind: 'containsAny', values: ['x'] }, isNot: true },
        ],
      },
    ],
    [
      'claims: [{ claim: a, present: true }, { claim: b, absent: true }]',
      {
        claims: [
          { claim: ['a'], test: { kind: 'present' }, isNot: false },
          { claim: ['b'], test: { kind: 'absent' }, isNot: false },
        ],
      },
    ],
    [
      'authorizationDetails: [{ type: t, actions: [read], identifier: { param: id }, fields: { currency: EUR, max: 5 }, otherFields: allow }]',
      {
        authorizationDetails: [
          {
            type: 't',
            actions: ['read'],
            locations: [],
            datatypes: [],
            privileges: [],
            identifier: { param: 'id' },
            fields: new Map<string, string | number>([
              ['currency', 'EUR'],
              ['max', 5],
            ]),
            otherFields: 'allow',
          },
        ],
      },
    ],
  ])('%s', async (words, requirement) => {
    expect(await requirementOf(words)).toEqual(requirement);
  });

  it('may be an expression of several lines', async () => {
    const text = `${ONE_CLIENT}requirements:\n  tall:\n    expression: |\n      token.a == 1 &&\n      token.b == 2\nroutes: [{ name: a, require: tall }]`;
    const { routes } = await settingsOf(text);
    expect(routes[0]?.require[0]?.expression).toBe('token.a == 1 &&\ntoken.b == 2\n');
  });

  it('is named once and combined by list', async () => {
    const text = `${ONE_CLIENT}requirements: { a: { issuer: [i] }, b: { subject: s } }\nroutes: [{ name: x, require: [a, b, { acr: g }] }, { name: y, require: b }]`;
    const { routes } = await settingsOf(text);
    expect(
      routes.map(({ require }) => require.map(({ issuer, subject, acr }) => [issuer, subject, acr])),
    ).toEqual([
      [
        [['i'], [], []],
        [[], ['s'], []],
        [[], [], ['g']],
      ],
      [[[], ['s'], []]],
    ]);
  });
});

function plain(differing: Partial<Requirement>): Omit<Requirement, 'deny'> {
  const without = Object.entries({ ...DEMANDS_NOTHING, ...differing }).filter(([key]) => key !== 'deny');
  return Object.fromEntries(without) as unknown as Omit<Requirement, 'deny'>;
}
