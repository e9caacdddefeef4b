import { describe, expect, it } from '@jest/globals';
import {
  type ActiveIntrospection,
  type ClaimTest,
  type DenyDecision,
  DEMANDS_NOTHING,
  epochMilliseconds,
  type Json,
  type PlainRequirement,
  type Requirement,
  type ScopeRequirement,
  seconds,
} from '../../src/domain/index.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';
import { aPolicy, theRule, type RouteWords } from './builders.ts';

interface Judged {
  readonly token?: Partial<ActiveIntrospection>;
  readonly claims?: Readonly<Record<string, Json>>;
  readonly require: readonly Partial<Requirement>[];
  readonly request?: Parameters<typeof aRequest>[0];
  readonly route?: Partial<RouteWords>;
  readonly atMs?: number;
}

function judge({ token, claims, require, request, route, atMs = NOON * 1_000 }: Judged) {
  const policy = aPolicy([{ name: 'orders', require, ...route }]);
  const context = aRequest(request);
  return policy.judge(
    theRule(policy, context),
    anActiveIntrospection(token, claims),
    aClient(),
    context,
    epochMilliseconds(atMs),
  );
}

const reasonOf = (judged: Judged): string => judge(judged).reason;

function denialOf(judged: Judged): DenyDecision {
  const decision = judge(judged);
  if (decision.kind !== 'deny') throw new Error(`not denied: ${decision.reason}`);
  return decision;
}

describe('judge: scopes within each other', () => {
  const nested: ScopeRequirement = {
    kind: 'any',
    scopes: ['admin', { kind: 'all', scopes: ['read', { kind: 'any', scopes: ['eu', 'us'] }] }],
    strategy: 'exact',
  };

  it.each([
    ['token_accepted', 'the first of any', ['admin']],
    ['token_accepted', 'all of the second', ['read', 'us']],
    ['scope_insufficient', 'a part of the second', ['read']],
    ['scope_insufficient', 'the other part of the second', ['eu', 'us']],
    ['scope_insufficient', 'none', []],
  ])('is %s for %s', (reason, _case, scopes) => {
    expect(reasonOf({ token: { scopes }, require: [{ scopes: nested }] })).toBe(reason);
  });

  it('lists every scope that is named, once (BEAR-18)', () => {
    expect(denialOf({ token: { scopes: [] }, require: [{ scopes: nested }] }).scopes).toEqual([
      'admin',
      'read',
      'eu',
      'us',
    ]);
  });
});

describe('judge: strategies of scopes (MCP-4, T-75)', () => {
  it.each([
    ['hierarchical', 'orders:read', 'orders:read', true],
    ['hierarchical', 'orders', 'orders:read', true],
    ['hierarchical', 'orders', 'orders.read', true],
    ['hierarchical', 'a:b', 'a:b.c', true],
    ['hierarchical', 'orders:read', 'orders', false],
    ['hierarchical', 'order', 'orders:read', false],
    ['hierarchical', 'orders:r', 'orders:read', false],
    ['hierarchical', 'ORDERS', 'orders:read', false],
    ['hierarchical', '', ':read', false],
    ['hierarchical', 'orders:*', 'orders:read', false],
    ['exact', 'orders', 'orders:read', false],
    ['exact', 'orders:*', 'orders:read', false],
    ['wildcard', 'orders:read', 'orders:read', true],
    ['wildcard', 'orders:*', 'orders:read', true],
    ['wildcard', 'orders:*', 'orders:read:own', true],
    ['wildcard', 'orders:*:own', 'orders:read:own', true],
    ['wildcard', '*', 'orders:read', true],
    ['wildcard', 'orders:*', 'orders', false],
    ['wildcard', 'orders:*', 'orders.read', false],
    ['wildcard', 'orders:*', 'orders:', false],
    ['wildcard', 'orders:*:own', 'orders:read:all', false],
    ['wildcard', 'orders:*:own', 'orders:own', false],
    ['wildcard', 'ord*', 'orders', false],
    ['wildcard', 'orders', 'orders:read', false],
    ['wildcard', '*', 'orders:*', true],
  ] as const)('%s: %j of the token grants %j: %s', (strategy, granted, needed, isEnough) => {
    const isLiteralStar = strategy === 'wildcard' && needed.includes('*');
    const require = [{ scopes: { kind: 'all', scopes: [needed], strategy } }] as const;
    expect(reasonOf({ token: { scopes: [granted] }, require })).toBe(
      isEnough && !isLiteralStar ? 'token_accepted' : 'scope_insufficient',
    );
  });
});

describe('judge: an audience that covers the requested URL (R8, RES-2)', () => {
  const require = [{ coversUrl: true }];
  const request = { scheme: 'https', host: 'api.example.com', path: '/tenants/a/orders/1?b=c' };

  it.each([
    [true, 'https://api.example.com'],
    [true, 'https://api.example.com/'],
    [true, 'HTTPS://API.example.com:443/tenants/a'],
    [true, 'https://api.example.com/tenants/a/'],
    [true, 'https://api.example.com/tenants/%61'],
    [true, 'https://api.example.com/tenants/a/orders/1'],
    [false, 'https://api.example.com/tenants/b'],
    [false, 'https://api.example.com/tenants/a/orders/1/lines'],
    [false, 'https://api.example.com/ten'],
    [false, 'https://api.example.com/tenants/A'],
    [false, 'http://api.example.com'],
    [false, 'https://api.example.com:8443'],
    [false, 'https://example.com'],
    [false, 'https://api.example.com.evil'],
    [false, 'https://api.example.com@evil'],
    [false, 'https://evil/#https://api.example.com'],
    [false, 'https://api.example.com?x=/'],
    [false, 'https://api.example.com/tenants/b//../a'],
    [false, 'api.example.com'],
    [false, 'urn:orders'],
    [false, ''],
  ])('is %s for the audience %s', (isEnough, audience) => {
    const reason = isEnough ? 'token_accepted' : 'token_audience_unexpected';
    expect(reasonOf({ token: { audiences: ['other', audience] }, require, request })).toBe(reason);
  });

  it.each([
    ['token_accepted', 'the port of the audience', { host: 'api.example.com:8443' }, ':8443'],
    ['token_audience_unexpected', 'another port', { host: 'api.example.com:8444' }, ':8443'],
    ['token_audience_unexpected', 'a scheme that nobody told', { scheme: null }, ''],
    ['token_accepted', 'plain HTTP with its own port', { scheme: 'http', host: 'api.example.com:80' }, null],
  ])('is %s for %s', (reason, _case, differing, port) => {
    const audience = port === null ? 'http://api.example.com' : `https://api.example.com${port}`;
    expect(
      reasonOf({ token: { audiences: [audience] }, require, request: { ...request, ...differing } }),
    ).toBe(reason);
  });

  it('covers every reading of a path with opaque characters, or none (T-7)', () => {
    const path = { encodedSlash: 'allow' } as const;
    const judged = { token: { audiences: ['https://api.example.com/a'] }, require, route: { path } };
    expect(reasonOf({ ...judged, request: { path: '/a/x%2Fy' } })).toBe('token_accepted');
    expect(reasonOf({ ...judged, request: { path: '/a%2Fx' } })).toBe('token_audience_unexpected');
    expect(reasonOf({ ...judged, request: { path: '/a/x%2F..%2F..%2Fb/c' } })).toBe(
      'token_audience_unexpected',
    );
  });
});

describe('judge: kind of token, client and subject', () => {
  it.each([
    ['token_accepted', { tokenTypes: ['Bearer'] }, { tokenType: 'bearer' }, {}],
    ['token_type_unsupported', { tokenTypes: ['Bearer'] }, { tokenType: null }, {}],
    ['token_accepted', { tokenUses: ['access', 'access_token'] }, {}, { token_use: 'access' }],
    ['not_an_access_token', { tokenUses: ['access'] }, {}, { token_use: 'Access' }],
    ['not_an_access_token', { tokenUses: ['access'] }, {}, {}],
    ['not_an_access_token', { tokenUses: ['access'] }, {}, { token_use: ['access'] }],
    ['not_an_access_token', { tokenUses: ['id_token'] }, {}, { token_use: 'id_token' }],
    ['token_accepted', { clientIds: { allowed: ['web', 'app'], refused: [] } }, { clientId: 'web' }, {}],
    ['client_refused', { clientIds: { allowed: ['app'], refused: [] } }, { clientId: 'web' }, {}],
    ['client_refused', { clientIds: { allowed: ['app'], refused: [] } }, { clientId: 'App' }, {}],
    ['client_refused', { clientIds: { allowed: ['app'], refused: [] } }, { clientId: null }, {}],
    ['token_accepted', { clientIds: { allowed: [], refused: ['app'] } }, { clientId: 'web' }, {}],
    ['client_refused', { clientIds: { allowed: [], refused: ['web'] } }, { clientId: 'web' }, {}],
    ['client_refused', { clientIds: { allowed: ['web'], refused: ['web'] } }, { clientId: 'web' }, {}],
    ['client_refused', { clientIds: { allowed: [], refused: ['app'] } }, { clientId: null }, {}],
    ['token_accepted', { subject: ['bob', 'alice'] }, { subject: 'alice' }, {}],
    ['subject_refused', { subject: ['bob'] }, { subject: 'alice' }, {}],
    ['subject_refused', { subject: ['bob'] }, { subject: null }, {}],
  ] as const)('is %s for %j and %j', (reason, requirement, token, claims) => {
    expect(reasonOf({ token, claims, require: [requirement] })).toBe(reason);
  });
});

describe('judge: named segments of the path', () => {
  const judged = (path: string, subject: string, route: Partial<RouteWords> = {}) =>
    reasonOf({
      token: { subject },
      require: [{ subject: [{ param: 'id' }] }],
      request: { path },
      route: { paths: ['/users/{id}/**', '/people/{id}'], ...route },
    });

  it.each([
    ['token_accepted', '/users/alice', 'alice'],
    ['token_accepted', '/users/alice/orders?x=/users/bob', 'alice'],
    ['token_accepted', '/people/%61lice/', 'alice'],
    ['token_accepted', '/users/j%C3%BCrgen', 'jürgen'],
    ['token_accepted', '/users/a%25b', 'a%b'],
    ['token_accepted', '/users/bob/../alice', 'alice'],
    ['subject_refused', '/users/bob', 'alice'],
    ['subject_refused', '/users/Alice', 'alice'],
    ['subject_refused', '/users/alice/../bob', 'alice'],
    ['subject_refused', '/users/alice//../bob', 'bob'],
    ['subject_refused', '/users/alice//../bob', 'alice'],
  ])('is %s for %s and the subject %s', (reason, path, subject) => {
    expect(judged(path, subject)).toBe(reason);
  });

  it.each([
    [
      'subject_refused',
      'an encoded slash that leads to another user',
      '/users/alice/x%2F..%2F..%2Fbob/y',
      'alice',
    ],
    ['subject_refused', 'the same for the other user', '/users/alice/x%2F..%2F..%2Fbob/y', 'bob'],
    ['subject_refused', 'parameters of a segment', '/users/alice;x/orders', 'alice'],
    ['token_accepted', 'an encoded slash that leads nowhere else', '/users/alice/x%2Fy', 'alice'],
  ])('is %s for %s: what holds in one reading only does not hold (T-7)', (reason, _case, path, subject) => {
    expect(judged(path, subject, { path: { encodedSlash: 'allow', semicolon: 'allow' } })).toBe(reason);
  });

  it('compares claims and details with it', () => {
    const route = { paths: ['/tenants/{tenant}/**'] };
    const request = { path: '/tenants/a/x' };
    const test: ClaimTest = { kind: 'containsAny', values: [{ param: 'tenant' }] };
    const require = [{ claims: [{ claim: ['tenants'], test, isNot: false }] }];
    expect(reasonOf({ claims: { tenants: ['b', 'a'] }, require, route, request })).toBe('token_accepted');
    expect(reasonOf({ claims: { tenants: ['b'] }, require, route, request })).toBe('claim_refused');
  });
});

describe('judge: claims', () => {
  const claims = {
    tenant: 'a',
    level: 3,
    admin: true,
    none: null,
    groups: ['dev', 'ops', 7],
    realm_access: { roles: ['user'] },
    'https://example.com/x': 'y',
  };
  const one = (values: readonly (string | number | boolean)[]): ClaimTest => ({ kind: 'oneOf', values });
  const all = (...values: (string | number)[]): ClaimTest => ({ kind: 'containsAll', values });
  const any = (...values: (string | number)[]): ClaimTest => ({ kind: 'containsAny', values });

  it.each<readonly [boolean, readonly string[], ClaimTest]>([
    [true, ['tenant'], one(['a'])],
    [true, ['tenant'], one(['b', 'a'])],
    [false, ['tenant'], one(['A'])],
    [true, ['level'], one([3])],
    [false, ['level'], one(['3'])],
    [true, ['admin'], one([true])],
    [false, ['admin'], one(['true'])],
    [true, ['https://example.com/x'], one(['y'])],
    [false, ['missing'], one([''])],
    [false, ['constructor'], { kind: 'present' }],
    [true, ['groups'], all('dev', 7)],
    [false, ['groups'], all('dev', 'qa')],
    [true, ['groups'], any('qa', 'ops')],
    [false, ['groups'], any('qa')],
    [false, ['groups'], any('7')],
    [false, ['tenant'], any('a')],
    [true, ['realm_access', 'roles'], all('user')],
    [false, ['realm_access', 'missing'], all('user')],
    [true, ['level'], { kind: 'present' }],
    [false, ['missing'], { kind: 'present' }],
    [false, ['none'], { kind: 'present' }],
    [true, ['missing'], { kind: 'absent' }],
    [true, ['none'], { kind: 'absent' }],
    [false, ['admin'], { kind: 'absent' }],
  ])('hold: %s for %j and %j, and the other way round with `not`', (holds, claim, test) => {
    const reason = (isNot: boolean) => reasonOf({ claims, require: [{ claims: [{ claim, test, isNot }] }] });
    expect([reason(false), reason(true)]).toEqual(
      holds ? ['token_accepted', 'claim_refused'] : ['claim_refused', 'token_accepted'],
    );
  });

  it('tells the operator which claim, and nothing of what is in it', () => {
    const test = one(['b']);
    const denial = denialOf({ claims, require: [{ claims: [{ claim: ['tenant'], test, isNot: false }] }] });
    expect(denial.detail).toBe('The claim tenant is not as the rule demands.');
  });
});

describe('judge: deny', () => {
  const refused: PlainRequirement = {
    ...DEMANDS_NOTHING,
    clientIds: { allowed: ['web'], refused: [] },
    claims: [{ claim: ['act'], test: { kind: 'present' }, isNot: false }],
  };

  it.each([
    ['token_refused', 'a token with all that it names', { act: { sub: 'x' } }, 'web'],
    ['token_accepted', 'a token with a part of it', {}, 'web'],
    ['token_accepted', 'a token with another part of it', { act: {} }, 'app'],
  ])('is %s for %s', (reason, _case, claims, clientId) => {
    expect(reasonOf({ token: { clientId }, claims, require: [{ deny: [refused] }] })).toBe(reason);
  });

  it('refuses by any of several', () => {
    const other = { ...DEMANDS_NOTHING, subject: ['alice'] };
    expect(reasonOf({ require: [{ deny: [refused, other] }] })).toBe('token_refused');
  });

  it('refuses when an expression in it cannot tell', () => {
    const unsure = { ...DEMANDS_NOTHING, expression: 'token.suspended == true' };
    expect(reasonOf({ require: [{ deny: [unsure] }] })).toBe('expression_failed');
    expect(reasonOf({ claims: { suspended: false }, require: [{ deny: [unsure] }] })).toBe('token_accepted');
    expect(reasonOf({ claims: { suspended: true }, require: [{ deny: [unsure] }] })).toBe('token_refused');
  });
});

describe('judge: authorization details (R10)', () => {
  const nothing = { actions: [], locations: [], datatypes: [], privileges: [], identifier: null };
  const demand = {
    ...nothing,
    type: 'customer_information',
    actions: ['write'],
    locations: ['https://example.com/customers'],
    fields: new Map<string, string>(),
    otherFields: 'deny',
  } as const;
  const contacts = {
    type: 'customer_information',
    locations: ['https://example.com/customers'],
    actions: ['write', 'read'],
  };

  const enough = 'token_accepted';
  const lacking = 'authorization_details_insufficient';

  it.each<readonly [string, string, Json]>([
    [enough, 'RAR-1: an object that grants it', [contacts]],
    [enough, 'one among others', [{ type: 'payment' }, contacts]],
    [lacking, 'no details', null],
    [lacking, 'an empty list', []],
    [
      lacking,
      'RAR-2, T-73: actions of one object and locations of another',
      [
        { ...contacts, actions: ['read'] },
        { ...contacts, locations: ['https://example.com/photos'] },
      ],
    ],
    [lacking, 'RAR-3: another type', [{ ...contacts, type: 'Customer_information' }]],
    [lacking, 'RAR-3: a member that nobody knows, which may be a restriction', [{ ...contacts, max: 1 }]],
    [lacking, 'RAR-3: a common member that is not demanded', [{ ...contacts, datatypes: ['a'] }]],
    [
      lacking,
      'RAR-4: a location spelled otherwise',
      [{ ...contacts, locations: ['https://example.com/customers/'] }],
    ],
    [lacking, 'RAR-4: a part of a location', [{ ...contacts, locations: 'https://example.com/customers' }]],
    [lacking, 'RAR-5: an object instead of a list', contacts],
    [lacking, 'RAR-5: an item that is no object', [contacts, 'x']],
    [lacking, 'RAR-5: an item without a type', [contacts, { actions: ['write'] }]],
    [lacking, 'RAR-6: too many objects', Array.from({ length: 65 }, () => contacts)],
    [lacking, 'RAR-6: an object nested too deeply', [contacts, { type: 'x', deep: nested(17) }]],
    [
      enough,
      'RAR-6: as many and as deep as may be',
      [...Array.from({ length: 63 }, () => ({ type: 'x', deep: nested(14) })), contacts],
    ],
  ])('is %s for %s', (reason, _case, details) => {
    const claims = details === null ? {} : { authorization_details: details };
    expect(reasonOf({ claims, require: [{ authorizationDetails: [demand] }] })).toBe(reason);
  });

  it('takes further members where the demand says so, and compares those that it names', () => {
    const claims = { authorization_details: [{ ...contacts, currency: 'EUR', identifier: '7', note: '' }] };
    const fields = (currency: string) => new Map([['currency', currency]]);
    const judged = (differing: object) =>
      reasonOf({ claims, require: [{ authorizationDetails: [{ ...demand, ...differing }] }] });
    expect(judged({ otherFields: 'allow' })).toBe(enough);
    expect(judged({ otherFields: 'allow', fields: fields('EUR'), identifier: '7' })).toBe(enough);
    expect(judged({ otherFields: 'allow', fields: fields('USD') })).toBe(lacking);
    expect(judged({ otherFields: 'allow', identifier: '8' })).toBe(lacking);
    expect(judged({ fields: fields('EUR'), identifier: '7' })).toBe(lacking);
  });

  it('needs all that are demanded, and scopes as well (RAR-7)', () => {
    const claims = { authorization_details: [contacts] };
    const other = { ...demand, type: 'payment' };
    expect(reasonOf({ claims, require: [{ authorizationDetails: [demand, other] }] })).toBe(lacking);
    const scopes: ScopeRequirement = { kind: 'all', scopes: ['x'], strategy: 'exact' };
    expect(reasonOf({ claims, require: [{ authorizationDetails: [demand], scopes }] })).toBe(
      'scope_insufficient',
    );
    expect(denialOf({ require: [{ authorizationDetails: [demand] }] }).scopes).toEqual([]);
  });
});

describe('judge: how and when the user was authenticated (R11)', () => {
  const short = 'authentication_insufficient';

  it.each<readonly [string, string, Partial<Requirement>, Readonly<Record<string, Json>>]>([
    ['token_accepted', 'STEP-3: one of the levels', { acr: ['gold', 'silver'] }, { acr: 'silver' }],
    [short, 'STEP-1: no level', { acr: ['gold'] }, {}],
    [short, 'STEP-5: a level that contains it', { acr: ['1'] }, { acr: '12' }],
    [short, 'STEP-5: a higher number', { acr: ['1'] }, { acr: '2' }],
    [short, 'a list of levels', { acr: ['gold'] }, { acr: ['gold'] }],
    [short, 'an empty level', { acr: ['gold'] }, { acr: '' }],
    ['token_accepted', 'STEP-4: just young enough', { maxAge: seconds(60) }, { auth_time: NOON - 60 }],
    [short, 'STEP-4: one second too old', { maxAge: seconds(60) }, { auth_time: NOON - 61 }],
    [short, 'STEP-4: no time', { maxAge: seconds(60) }, {}],
    [
      'token_accepted',
      'STEP-4: this very second for an age of 0',
      { maxAge: seconds(0) },
      { auth_time: NOON },
    ],
    [short, 'STEP-4: a second ago for an age of 0', { maxAge: seconds(0) }, { auth_time: NOON - 1 }],
    ['token_accepted', 'a clock 5 s ahead', { maxAge: seconds(60) }, { auth_time: NOON + 5 }],
    ['token_not_yet_valid', 'STEP-4: further ahead', { maxAge: seconds(60) }, { auth_time: NOON + 6 }],
    [short, 'a time as text', { maxAge: seconds(60) }, { auth_time: String(NOON) }],
    [short, 'a time in milliseconds', { maxAge: seconds(60) }, { auth_time: NOON * 1_000 }],
    [short, 'a fraction', { maxAge: seconds(60) }, { auth_time: NOON - 0.5 }],
    [short, 'a negative time', { maxAge: seconds(60) }, { auth_time: -1 }],
  ])('is %s for %s', (reason, _case, requirement, claims) => {
    expect(reasonOf({ claims, require: [requirement] })).toBe(reason);
  });

  it('asks for the level and age that all requirements accept, with the scopes where one is short (STEP-3)', () => {
    const require: readonly Partial<Requirement>[] = [
      { acr: ['gold', 'silver', 'bronze'], maxAge: seconds(600) },
      {
        acr: ['silver', 'gold'],
        maxAge: seconds(60),
        scopes: { kind: 'all', scopes: ['pay'], strategy: 'exact' },
      },
    ];
    const stepUp = { acrValues: ['gold', 'silver'], maxAge: 60 };
    expect(denialOf({ require })).toMatchObject({ reason: short, stepUp, scopes: ['pay'] });
    expect(denialOf({ token: { scopes: ['pay'] }, require })).toMatchObject({
      reason: short,
      stepUp,
      scopes: [],
    });
  });

  it('changes its mind as time passes, with the same answer (STEP-9)', () => {
    const judged = { claims: { auth_time: NOON }, require: [{ maxAge: seconds(10) }] };
    expect(reasonOf({ ...judged, atMs: (NOON + 10) * 1_000 + 999 })).toBe('token_accepted');
    expect(reasonOf({ ...judged, atMs: (NOON + 11) * 1_000 })).toBe(short);
  });

  it('tells nobody whose token is no good here (STEP-6)', () => {
    const require = [{ acr: ['gold'], audience: ['https://other'] }];
    expect(reasonOf({ require })).toBe('token_audience_unexpected');
  });
});

describe('judge: expressions', () => {
  it.each([
    ['token_accepted', 'token.sub == "alice" && request.method == "GET"'],
    ['token_accepted', 'request.path.startsWith("/orders/") && request.host == "api.example.com"'],
    ['token_accepted', 'request.query == "a=b" && request.scheme == "https" && route.name == "orders"'],
    ['token_accepted', 'request.headers["x-tenant"] == token.tenant'],
    ['token_accepted', '!has(request.headers.cookie) && "x-tenant" in request.headers'],
    ['token_accepted', 'request.params.id == "1" && request.context.tier == "gold"'],
    ['expression_unmet', 'token.sub == "bob"'],
    ['expression_failed', 'token.missing == "a"'],
    ['expression_failed', 'request.headers["x-twice"] != "b"'],
    ['expression_failed', 'request.headers.missing == "b"'],
    ['expression_failed', 'token.sub'],
    ['expression_failed', 'request.context.missing != "x"'],
  ])('is %s for %s', (reason, expression) => {
    const request = {
      path: '/orders/1?a=b',
      headers: [
        ['x-tenant', 'j\u00c3\u00bcrgen'],
        ['x-twice', 'a'],
        ['x-twice', 'a'],
      ] as const,
      contextExtensions: new Map([['tier', 'gold']]),
    };
    const judged = { claims: { tenant: 'jürgen' }, request, route: { paths: ['/orders/{id}'] } };
    expect(reasonOf({ ...judged, require: [{ expression }] })).toBe(reason);
  });

  it('must hold in every reading of the path (T-7)', () => {
    const judged = {
      require: [{ expression: '!request.path.startsWith("/a/secret")' }],
      route: { path: { encodedSlash: 'allow' } },
    } as const;
    expect(reasonOf({ ...judged, request: { path: '/a/open%2Fx' } })).toBe('token_accepted');
    expect(reasonOf({ ...judged, request: { path: '/a%2Fsecret' } })).toBe('expression_unmet');
  });

  it('is judged once for an answer when it is about the token alone', () => {
    const policy = aPolicy([{ name: 'a', require: [{ expression: 'token.level > 1' }] }]);
    const token = anActiveIntrospection({}, { level: 2 });
    let reads = 0;
    const { level } = token.claims;
    Object.defineProperty(token.claims, 'level', {
      get: () => {
        reads += 1;
        return level;
      },
    });
    const context = aRequest();
    for (let time = 0; time < 3; time += 1) {
      const decision = policy.judge(
        theRule(policy, context),
        token,
        aClient(),
        context,
        epochMilliseconds(NOON * 1_000),
      );
      expect(decision.reason).toBe('token_accepted');
    }
    expect(reads).toBe(1);
  });
});

describe('judge: order of what a rule demands', () => {
  const demands: readonly (readonly [string, Partial<Requirement>])[] = [
    ['not_an_access_token', { tokenUses: ['access'] }],
    ['token_issuer_unexpected', { issuer: ['https://other'] }],
    ['token_audience_unexpected', { audience: ['https://other'] }],
    ['authentication_insufficient', { acr: ['gold'] }],
    ['client_refused', { clientIds: { allowed: ['other'], refused: [] } }],
    ['subject_refused', { subject: ['bob'] }],
    ['token_refused', { deny: [{ ...DEMANDS_NOTHING, subject: ['alice'] }] }],
    ['claim_refused', { claims: [{ claim: ['x'], test: { kind: 'present' }, isNot: false }] }],
    ['scope_insufficient', { scopes: { kind: 'all', scopes: ['x'], strategy: 'exact' } }],
    [
      'authorization_details_insufficient',
      {
        authorizationDetails: [
          {
            type: 'x',
            actions: [],
            locations: [],
            datatypes: [],
            privileges: [],
            identifier: null,
            fields: new Map(),
            otherFields: 'deny',
          },
        ],
      },
    ],
    ['expression_unmet', { expression: 'token.sub == "bob"' }],
  ];

  it.each(demands.map(([reason], at) => [reason, at] as const))(
    'finds %s before all that follow',
    (reason, at) => {
      const require = demands.slice(at).map(([, requirement]) => requirement);
      // The order of the list does not matter.
      expect(reasonOf({ require: [...require].reverse() })).toBe(reason);
    },
  );

  it('puts nothing of token or claims into a decision', () => {
    for (const [, requirement] of demands) {
      const decision = judge({
        claims: { x: null, canary: 'canary', acr: 'canary' },
        require: [requirement],
      });
      expect(JSON.stringify(decision)).not.toContain('canary');
    }
  });
});

function nested(levels: number): Json {
  return levels === 0 ? 1 : { inner: nested(levels - 1) };
}
