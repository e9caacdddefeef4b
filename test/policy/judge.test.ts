import { describe, expect, it } from '@jest/globals';
import {
  type ActiveIntrospection,
  type ClientContext,
  epochMilliseconds,
  epochSeconds,
  INACTIVE,
  type Introspection,
  type Json,
  type Requirement,
} from '../../src/domain/index.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';
import { aPolicy, theRule } from './builders.ts';

interface Judged {
  readonly introspection?: Introspection;
  readonly require?: readonly Partial<Requirement>[];
  readonly client?: Partial<ClientContext>;
  readonly atMs?: number;
}

function judge({ introspection, require, client, atMs }: Judged) {
  const policy = aPolicy([{ name: 'orders', require: require ?? [] }]);
  const context = aRequest();
  return policy.judge(
    theRule(policy, context),
    introspection ?? anActiveIntrospection(),
    aClient(client),
    context,
    epochMilliseconds(atMs ?? NOON * 1000),
  );
}

function reasonOf(judged: Judged): string {
  return judge(judged).reason;
}

function withClaims(claims: Readonly<Record<string, Json>>, differing: Partial<ActiveIntrospection> = {}) {
  return { introspection: anActiveIntrospection(differing, claims) };
}

describe('judge', () => {
  it('allows an active token where the rule demands nothing else', () => {
    expect(judge({})).toMatchObject({ kind: 'allow', reason: 'token_accepted', route: 'orders' });
  });

  it('denies with token_inactive when the server says so (R6, G1), also where self-only is on (G2)', () => {
    expect(reasonOf({ introspection: INACTIVE })).toBe('token_inactive');
    const selfOnly = { ...aClient().introspection, clientSelfOnly: true };
    expect(reasonOf({ introspection: INACTIVE, client: { introspection: selfOnly } })).toBe('token_inactive');
  });

  it('denies the same answer differently by rule and time: the answer is cached, the judgement never (CACHE-7, G5)', () => {
    const introspection = anActiveIntrospection();
    expect(reasonOf({ introspection })).toBe('token_accepted');
    expect(reasonOf({ introspection, require: [{ audience: ['https://other'] }] })).toBe(
      'token_audience_unexpected',
    );
    expect(reasonOf({ introspection, atMs: (NOON + 60) * 1000 })).toBe('token_expired');
    expect(reasonOf({ introspection })).toBe('token_accepted');
  });
});

describe('judge: time (R7, G4, INT-17, T-28)', () => {
  it.each([
    ['token_accepted', 'one millisecond before exp', { expiresAt: NOON + 1 }, 999],
    ['token_expired', 'exactly at exp', { expiresAt: NOON + 1 }, 1_000],
    ['token_expired', 'after exp', { expiresAt: NOON - 1 }, 0],
    ['token_expired', 'exp of zero', { expiresAt: 0 }, 0],
    ['token_accepted', 'without exp', { expiresAt: null }, 0],
    ['token_accepted', 'nbf 5 s ahead, which clocks may differ by', { notBefore: NOON + 5 }, 0],
    ['token_not_yet_valid', 'nbf over 5 s ahead', { notBefore: NOON + 6 }, 999],
    ['token_accepted', 'nbf once its time has come', { notBefore: NOON + 6 }, 1_000],
    ['token_accepted', 'iat 5 s ahead', { issuedAt: NOON + 5 }, 0],
    ['token_not_yet_valid', 'iat over 5 s ahead', { issuedAt: NOON + 6 }, 0],
  ] as const)('is %s %s', (reason, _case, times, laterMs) => {
    const dates = Object.fromEntries(
      Object.entries(times).map(([name, value]) => [name, value === null ? null : epochSeconds(value)]),
    );
    expect(reasonOf({ introspection: anActiveIntrospection(dates), atMs: NOON * 1000 + laterMs })).toBe(
      reason,
    );
  });
});

describe('judge: kind of token (INT-20, T-15, T-16)', () => {
  it.each([
    ['token_accepted', null],
    ['token_accepted', 'Bearer'],
    ['token_accepted', 'bearer'],
    ['token_accepted', 'BEARER'],
    ['token_type_unsupported', 'DPoP'],
    ['token_type_unsupported', 'refresh_token'],
    ['token_type_unsupported', 'N_A'],
    ['token_type_unsupported', ''],
    ['token_type_unsupported', 'Bearer '],
  ])('is %s for token_type %j (R7, R13)', (reason, tokenType) => {
    expect(reasonOf({ introspection: anActiveIntrospection({ tokenType }) })).toBe(reason);
  });

  it.each([
    ['not_an_access_token', { token_use: 'refresh_token' }],
    ['not_an_access_token', { token_use: 'id_token' }],
    ['not_an_access_token', { token_use: 'id' }],
    ['not_an_access_token', { typ: 'Refresh' }],
    ['not_an_access_token', { typ: 'Offline' }],
    ['not_an_access_token', { typ: 'ID' }],
    ['not_an_access_token', { typ: 'refresh' }],
    ['token_accepted', { token_use: 'access' }],
    ['token_accepted', { typ: 'Bearer' }],
    ['token_accepted', { typ: 'at+jwt' }],
    ['token_accepted', { typ: 7 }],
  ])('is %s for %j', (reason, claims) => {
    expect(reasonOf(withClaims(claims))).toBe(reason);
  });

  it.each([
    [{ jkt: 'thumbprint' }],
    [{ 'x5t#S256': 'thumbprint' }],
    [{ unheard_of: true }],
    [{}],
    ['a text'],
    [[]],
    [null],
    [false],
  ])('denies with token_bound for cnf %j, which nobody here can verify (R12, R13, T-24)', (cnf) => {
    expect(reasonOf(withClaims({ cnf }))).toBe('token_bound');
  });
});

describe('judge: issuer (R7, INT-18, INT-26)', () => {
  it.each([
    ['token_accepted', 'the one of the client', 'https://idp.example', {}],
    ['token_accepted', 'none named', null, {}],
    ['token_accepted', 'one of acceptIssuers', 'https://internal', { acceptIssuers: ['https://internal'] }],
    ['token_issuer_unexpected', 'another', 'https://evil.example', {}],
    ['token_issuer_unexpected', 'one with a slash more', 'https://idp.example/', {}],
    ['token_issuer_unexpected', 'one in another case', 'https://IDP.example', {}],
    ['token_accepted', 'anyone where the client names none', 'https://any', { issuer: null }],
    [
      'token_issuer_unexpected',
      'another than acceptIssuers',
      'https://any',
      { issuer: null, acceptIssuers: ['https://a'] },
    ],
    [
      'token_accepted',
      'acceptIssuers without issuer',
      'https://a',
      { issuer: null, acceptIssuers: ['https://a'] },
    ],
  ] as const)('is %s for %s', (reason, _case, issuer, client) => {
    expect(reasonOf({ introspection: anActiveIntrospection({ issuer }), client })).toBe(reason);
  });

  it.each([
    ['token_accepted', 'one the rule names', 'https://idp.example', ['https://a', 'https://idp.example']],
    ['token_issuer_unexpected', 'one the rule does not name', 'https://idp.example', ['https://a']],
    ['token_issuer_unexpected', 'none though the rule names one', null, ['https://idp.example']],
  ])('is %s for %s', (reason, _case, issuer, required) => {
    expect(
      reasonOf({ introspection: anActiveIntrospection({ issuer }), require: [{ issuer: required }] }),
    ).toBe(reason);
  });
});

describe('judge: clientSelfOnly (G2)', () => {
  it.each([
    ['token_client_unexpected', 'on and the token of another client', true, 'web'],
    ['token_client_unexpected', 'on and the token of nobody', true, null],
    ['token_accepted', 'on and the token ours', true, 'gateway'],
    ['token_accepted', 'off and the token of another client', false, 'web'],
  ])('is %s when it is %s', (reason, _case, clientSelfOnly, clientId) => {
    expect(
      reasonOf({
        introspection: anActiveIntrospection({ clientId }),
        client: { introspection: { ...aClient().introspection, clientSelfOnly } },
      }),
    ).toBe(reason);
  });
});

describe('judge: audience (R8, INT-19)', () => {
  it.each([
    ['token_accepted', 'one of several', ['https://x', 'https://api.example'], ['https://api.example']],
    ['token_accepted', 'any of those required', ['https://b'], ['https://a', 'https://b']],
    ['token_audience_unexpected', 'none', [], ['https://api.example']],
    ['token_audience_unexpected', 'another case', ['https://API.example'], ['https://api.example']],
    ['token_audience_unexpected', 'a longer one', ['https://api.example.evil'], ['https://api.example']],
    ['token_audience_unexpected', 'a shorter one', ['https://api'], ['https://api.example']],
  ])('is %s for %s', (reason, _case, audiences, audience) => {
    expect(reasonOf({ introspection: anActiveIntrospection({ audiences }), require: [{ audience }] })).toBe(
      reason,
    );
  });
});

describe('judge: scope (R9, BEAR-14, BEAR-15)', () => {
  const all = (...scopes: string[]) => ({ scopes: { kind: 'all', scopes, strategy: 'exact' } }) as const;
  const any = (...scopes: string[]) => ({ scopes: { kind: 'any', scopes, strategy: 'exact' } }) as const;

  it.each([
    ['token_accepted', 'all of them, in any order', ['b', 'a', 'c'], [all('a', 'b')]],
    ['scope_insufficient', 'all but one', ['a'], [all('a', 'b')]],
    ['token_accepted', 'one of any', ['b'], [any('a', 'b')]],
    ['scope_insufficient', 'none of any', ['c'], [any('a', 'b')]],
    ['scope_insufficient', 'one requirement of two', ['a'], [all('a'), all('b')]],
    ['token_accepted', 'both requirements', ['a', 'b'], [all('a'), any('b', 'c')]],
    ['scope_insufficient', 'T-75: a longer scope', ['readwrite'], [all('read')]],
    ['scope_insufficient', 'T-75: a shorter scope', ['read'], [all('readwrite')]],
    ['scope_insufficient', 'T-27: another case', ['READ'], [all('read')]],
    ['scope_insufficient', 'T-27: a look-alike of another script', ['r\u0435ad'], [all('read')]],
    ['scope_insufficient', 'T-27: another normal form', ['cafe\u0301'], [all('caf\u00e9')]],
    ['scope_insufficient', 'no scope at all', [], [all('read')]],
  ])('is %s for %s', (reason, _case, scopes, require) => {
    expect(reasonOf({ introspection: anActiveIntrospection({ scopes }), require })).toBe(reason);
  });

  it('lists every scope of all requirements once, not what is missing (BEAR-18)', () => {
    const decision = judge({
      introspection: anActiveIntrospection({ scopes: ['a'] }),
      require: [all('a', 'b'), any('c', 'b'), { audience: ['https://api.example'] }],
    });
    expect(decision).toMatchObject({ kind: 'deny', reason: 'scope_insufficient', scopes: ['a', 'b', 'c'] });
  });

  it('lists no scope with another reason', () => {
    expect(judge({ introspection: INACTIVE, require: [all('a')] })).toMatchObject({ scopes: [] });
  });
});

describe('judge: order of checks', () => {
  // Each token has the flaw of its row and of every row below it.
  const flaws: readonly (readonly [string, Partial<ActiveIntrospection>, Readonly<Record<string, Json>>])[] =
    [
      ['token_expired', { expiresAt: epochSeconds(NOON) }, {}],
      ['token_not_yet_valid', { notBefore: epochSeconds(NOON + 60) }, {}],
      ['token_type_unsupported', { tokenType: 'DPoP' }, {}],
      ['not_an_access_token', {}, { typ: 'Refresh' }],
      ['token_bound', {}, { cnf: {} }],
      ['token_issuer_unexpected', { issuer: 'https://evil.example' }, {}],
      ['token_client_unexpected', { clientId: 'web' }, {}],
      ['token_audience_unexpected', { audiences: [] }, {}],
      ['scope_insufficient', { scopes: [] }, {}],
    ];

  it.each(flaws.map(([reason], at) => [reason, at] as const))(
    'finds %s before all that follow',
    (reason, at) => {
      const rest = flaws.slice(at);
      const differing = rest.reduce((all, [, flaw]) => ({ ...flaw, ...all }), {});
      const claims = rest.reduce((all, [, , flaw]) => ({ ...flaw, ...all }), {});
      expect(
        reasonOf({
          introspection: anActiveIntrospection({ clientId: 'gateway', ...differing }, claims),
          require: [
            {
              audience: ['https://api.example'],
              scopes: { kind: 'all', scopes: ['orders:read'], strategy: 'exact' },
            },
          ],
          client: { introspection: { ...aClient().introspection, clientSelfOnly: true } },
        }),
      ).toBe(reason);
    },
  );

  it('puts nothing of token or claims into a detail', () => {
    for (const [, flaw, claims] of flaws) {
      const decision = judge({
        introspection: anActiveIntrospection({ issuer: 'canary', ...flaw }, { ...claims, sub: 'canary' }),
        require: [{ issuer: ['https://idp.example'] }],
        client: { acceptIssuers: ['canary'] },
      });
      expect(JSON.stringify(decision)).not.toContain('canary');
    }
  });
});
