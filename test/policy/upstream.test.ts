import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AllowDecision, epochMilliseconds, type Json } from '../../src/domain/index.ts';
import { type Policy } from '../../src/policy/index.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';
import { aPolicy, theRule } from './builders.ts';

const NOW = epochMilliseconds(NOON * 1000);

type RequestWords = Parameters<typeof aRequest>[0];

/** The allow of a request with a token of these claims, or without one. */
function allowOf(
  policy: Policy,
  request: RequestWords,
  claims: Readonly<Record<string, Json>> | null = {},
): AllowDecision {
  const context = aRequest(request);
  const rule = theRule(policy, context);
  if (claims === null)
    return policy.admit(rule, rule.mode === 'public' ? 'public_route' : 'anonymous', context);
  const introspection = anActiveIntrospection({}, claims);
  const decision = policy.judge(rule, introspection, aClient(), context, NOW);
  if (decision.kind !== 'allow') throw new Error(`not allowed: ${decision.reason}`);
  return decision;
}

function setOf(decision: AllowDecision): Readonly<Record<string, string>> {
  return Object.fromEntries(decision.mutations.set.map(({ name, value }) => [name, value]));
}

/** What an upstream reads after Envoy applied the mutations: sets first, removals last (gateway-contracts 2.4). */
function seenUpstream(decision: AllowDecision, sent: readonly (readonly [string, string])[]) {
  const seen = new Map(sent.map(([name, value]) => [name.toLowerCase(), value]));
  for (const { name, value } of decision.mutations.set) seen.set(name, value);
  for (const name of [...decision.mutations.remove, ...decision.strays]) seen.delete(name);
  return Object.fromEntries(seen);
}

const ROUTES = [
  { name: 'public', paths: ['/public/**'], mode: 'public' },
  { name: 'optional', paths: ['/optional/**'], mode: 'optional', sets: { 'x-auth-client': ['client_id'] } },
  { name: 'keep', paths: ['/keep/**'], authorization: 'keep' },
  { name: 'read', paths: ['/read/**'], methods: ['GET'] },
  { name: 'rest', sets: { 'x-auth-subject': ['sub'], 'x-auth-groups': ['realm', 'groups'] } },
] as const;

describe('upstream headers', () => {
  const policy = aPolicy(ROUTES);

  it('are set from claims, in the order of the rule', () => {
    expect(allowOf(policy, {}, { realm: { groups: ['a', 'b,c'] } }).mutations.set).toEqual([
      { name: 'x-auth-subject', value: 'alice' },
      { name: 'x-auth-groups', value: 'a,b%2Cc' },
    ]);
  });

  it('are removed where the claim is absent, in every plain spelling (G16, T-1)', () => {
    const { mutations } = allowOf(policy, {});
    expect(mutations.remove).toEqual([
      'authorization',
      'x-auth-client',
      'x-auth-groups',
      'x.auth.client',
      'x.auth.groups',
      'x.auth.subject',
      'x_auth_client',
      'x_auth_groups',
      'x_auth_subject',
    ]);
  });

  it.each([
    ['a public rule', '/public/x', null],
    ['an optional rule without token', '/optional/x', null],
    ['an optional rule with token', '/optional/x', {}],
    ['a required rule', '/x', {}],
    ['a rule that sets nothing', '/keep/x', {}],
  ])(
    'reach the upstream as ours alone, never as the client sent them, under %s (G16, T-1)',
    (_case, path, claims) => {
      const names = ['x-auth-subject', 'x-auth-client', 'x-auth-groups'];
      const spellings = names.flatMap((name) => [
        name,
        name.toUpperCase(),
        name.replaceAll('-', '_'),
        name.replaceAll('-', '.'),
        name.replace('-', '_'),
        name.replace('-', '.').toUpperCase(),
      ]);
      const sent = spellings.map((name) => [name, 'spoofed'] as const);
      const decision = allowOf(policy, { path, headers: sent }, claims);
      const seen = seenUpstream(decision, sent);
      expect(Object.values(seen)).not.toContain('spoofed');
      expect(seen).toEqual(setOf(decision));
    },
  );

  it('are told once for an answer when they cannot be sent', () => {
    const telling = aPolicy([{ name: 'rule', sets: { 'x-name': ['name'], 'x-all': ['all'] } }]);
    const context = aRequest();
    const introspection = anActiveIntrospection({}, { name: 'a'.repeat(5_000), all: {} });
    const judge = () =>
      telling.judge(
        theRule(telling, context),
        introspection,
        aClient(),
        context,
        epochMilliseconds(NOON * 1000),
      );
    expect(judge()).toMatchObject({ kind: 'allow', mutations: { set: [] } });
    judge();
    expect(telling.events).toEqual([
      { event: 'header_dropped', route: 'rule', header: 'x-name' },
      { event: 'header_dropped', route: 'rule', header: 'x-all' },
    ]);
  });
});

describe('authorization upstream', () => {
  const policy = aPolicy(ROUTES);

  it.each([
    ['removed', 'a required rule', '/x', {}, 'strip'],
    ['removed', 'an optional rule', '/optional/x', {}, 'strip'],
    ['removed', 'an optional rule without token', '/optional/x', null, 'strip'],
    ['kept', 'a rule that says keep', '/keep/x', {}, 'keep'],
    ['kept', 'a public rule, which never touches it', '/public/x', null, 'keep'],
  ])('is %s under %s', (fate, _case, path, claims, authorization) => {
    const { mutations } = allowOf(policy, { path }, claims);
    expect(mutations.authorization).toBe(authorization);
    expect(mutations.remove.includes('authorization')).toBe(fate === 'removed');
  });

  it('is kept even where scrub covers it, and no stray', () => {
    const scrubbing = aPolicy(ROUTES, { scrub: ['auth*', 'authorization'] });
    const headers = [['authorization', 'Bearer tok']] as const;
    expect(seenUpstream(allowOf(scrubbing, { path: '/keep/x', headers }), headers)).toEqual({
      authorization: 'Bearer tok',
    });
    expect(seenUpstream(allowOf(scrubbing, { path: '/x', headers }), headers)).not.toHaveProperty(
      'authorization',
    );
  });
});

describe('method override headers (T-13)', () => {
  const policy = aPolicy(ROUTES);
  const sent = [
    ['X-HTTP-Method-Override', 'DELETE'],
    ['x-http-method', 'DELETE'],
    ['x_method_override', 'DELETE'],
    ['x_http-method.override', 'DELETE'],
  ] as const;

  it('are removed where the rule restricts methods, whatever their spelling', () => {
    const decision = allowOf(policy, { path: '/read/x', headers: sent });
    expect(decision.mutations.remove).toEqual(
      expect.arrayContaining(['x-http-method-override', 'x-http-method', 'x-method-override']),
    );
    expect(seenUpstream(decision, sent)).toEqual({});
  });

  it('are strays too, for fronts that cannot remove', () => {
    expect([...allowOf(policy, { path: '/read/x', headers: sent }).strays].sort()).toEqual(
      sent.map(([name]) => name.toLowerCase()).sort(),
    );
  });

  it.each([
    ['on its path', { paths: ['/orders/**'] }, true],
    ['on a narrower path', { paths: ['/orders/1'], otherwise: 'next' }, true],
    ['on any host and path', {}, true],
    ['on another path', { paths: ['/carts/**'] }, false],
    ['on another host', { hosts: ['b.example.com'] }, false],
  ] as const)('are removed after a rule that restricts methods %s: %j (%s)', (_place, words, are) => {
    const shut = { name: 'shut', mode: 'deny', methods: ['DELETE'], ...words } as const;
    const policy = aPolicy([shut, { name: 'open', paths: ['/orders/**'] }]);
    const request = { method: 'POST', host: 'a.example.com', path: '/orders/1', headers: sent };
    const decision = allowOf(policy, request);
    expect(Object.keys(seenUpstream(decision, sent))).toHaveLength(are ? 0 : sent.length);
    expect(decision.strays.some((name) => name.includes('method'))).toBe(are);
  });

  it('are left alone where it does not, and no rule before it', () => {
    const { mutations, strays } = allowOf(policy, { path: '/keep/x', headers: sent });
    expect([...mutations.remove, ...strays].filter((name) => name.includes('method'))).toEqual([]);
  });
});

describe('strays', () => {
  const policy = aPolicy(ROUTES);

  it('are look-alikes of managed names found in the request, each once, the plain ones too', () => {
    const headers = [
      ['x_auth-subject', '1'],
      ['X_Auth-Subject', '2'],
      ['x_auth_groups', '3'],
      ['x.other', '4'],
      ['x-auth-subject', '5'],
      ['x-request-id', '6'],
    ] as const;
    expect(allowOf(policy, { headers }).strays).toEqual(['x_auth-subject', 'x_auth_groups']);
  });

  it('are look-alikes in dashes of a managed name that is written otherwise', () => {
    const odd = aPolicy([{ sets: { x_user: ['sub'] } }]);
    const decision = allowOf(odd, {
      headers: [
        ['x-user', '1'],
        ['x_user', '2'],
        ['x.user', '3'],
      ],
    });
    expect(decision.strays).toEqual(['x-user', 'x.user']);
    expect(decision.mutations.remove).toEqual(['authorization', 'x-user', 'x.user']);
  });

  it('are what scrub names, with case and separators folded, but no name that a rule sets', () => {
    const scrubbing = aPolicy(ROUTES, { scrub: ['X-Auth-*', 'x_remote.user'] });
    const headers = [
      ['x-auth-role', '1'],
      ['X_AUTH_TENANT', '2'],
      ['x-auth', '3'],
      ['x-auth-subject', '4'],
      ['x-auth-client', '5'],
      ['X-Remote-User', '6'],
      ['x-remote-users', '7'],
    ] as const;
    expect(allowOf(scrubbing, { headers }).strays).toEqual(['x-auth-role', 'x_auth_tenant', 'x-remote-user']);
  });

  it('are none for an ordinary request', () => {
    const ordinary = {
      headers: [
        ['accept', '*/*'],
        ['x-request-id', '1'],
      ],
    } as const;
    expect(allowOf(policy, ordinary).strays).toEqual([]);
  });

  it('and removals never hold a name that is set or kept, whatever is managed, scrubbed and sent', () => {
    const name = fc
      .array(fc.constantFrom('x', 'auth', '-', '_', '.', 'user'), { minLength: 1, maxLength: 5 })
      .map((pieces) => pieces.join(''));
    const names = fc.uniqueArray(fc.oneof(name, fc.constant('authorization')), { maxLength: 4 });
    fc.assert(
      fc.property(
        names,
        names,
        names,
        fc.constantFrom('strip', 'keep'),
        (setHere, setElsewhere, sent, authorization) => {
          const sets = (list: readonly string[]) => Object.fromEntries(list.map((it) => [it, ['sub']]));
          const built = aPolicy(
            [
              { name: 'here', sets: sets(setHere), authorization },
              { name: 'elsewhere', sets: sets(setElsewhere) },
            ],
            { scrub: ['x-auth*', 'authorization'] },
          );
          const decision = allowOf(built, { headers: sent.map((it) => [it, 'sent']) });
          const taken = [...decision.mutations.remove, ...decision.strays];
          for (const { name } of decision.mutations.set) expect(taken).not.toContain(name);
          if (authorization === 'keep') expect(taken).not.toContain('authorization');
          expect(new Set(decision.mutations.remove).size).toBe(decision.mutations.remove.length);
          for (const it of setElsewhere) {
            const isHandled = setHere.includes(it) || (it === 'authorization' && authorization === 'keep');
            expect(isHandled || decision.mutations.remove.includes(it)).toBe(true);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('metadata', () => {
  it('holds the default members that the answer has, and the names of rule and reason', () => {
    const { metadata } = allowOf(aPolicy([{ name: 'orders' }]), {}, { jti: 'secret' }).mutations;
    expect({ ...metadata }).toEqual({
      sub: 'alice',
      client_id: 'web',
      scope: 'orders:read',
      aud: 'https://api.example',
      iss: 'https://idp.example',
      exp: NOON + 60,
      gatehouse_rule: 'orders',
      gatehouse_reason: 'token_accepted',
    });
  });

  it('holds every member with all, and none with none', () => {
    const claims = { deep: { list: [1, 'a', null, { b: true }] } };
    const all = allowOf(aPolicy([{ metadata: 'all' }]), {}, claims).mutations.metadata;
    const none = allowOf(aPolicy([{ metadata: 'none' }]), {}, claims).mutations.metadata;
    expect(all).toMatchObject({ active: true, sub: 'alice', ...claims });
    expect(Object.keys(none)).toEqual(['gatehouse_rule', 'gatehouse_reason']);
  });

  it.each([
    ['public_route', 'public'],
    ['anonymous', 'optional'],
  ] as const)('names the reason %s where no token was judged', (reason, mode) => {
    const decision = allowOf(aPolicy([{ name: 'open', mode }]), {}, null);
    expect(decision.reason).toBe(reason);
    expect({ ...decision.mutations.metadata }).toEqual({ gatehouse_rule: 'open', gatehouse_reason: reason });
  });

  it('cannot be made to name another rule by a claim (T-1)', () => {
    const forged = { gatehouse_rule: 'forged', gatehouse_reason: 'forged' };
    const { metadata } = allowOf(aPolicy([{ name: 'true', metadata: 'all' }]), {}, forged).mutations;
    expect(metadata).toMatchObject({ gatehouse_rule: 'true', gatehouse_reason: 'token_accepted' });
  });

  it('takes own members only and gives objects without a prototype (T-26)', () => {
    const policy = aPolicy([{ metadata: ['constructor', '__proto__', 'nested'] }]);
    const { metadata } = allowOf(
      policy,
      {},
      { nested: JSON.parse('{"__proto__":{"admin":true}}') as Json },
    ).mutations;
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(Object.keys(metadata)).toEqual(['nested', 'gatehouse_rule', 'gatehouse_reason']);
    const nested = metadata['nested'] as object;
    expect(Object.getPrototypeOf(nested)).toBeNull();
    expect('admin' in nested).toBe(false);
  });

  it('holds no lone surrogate and nothing that Envoy could not parse for its depth (T-11)', () => {
    const nest = (levels: number): Json => (levels === 0 ? 'x' : { it: nest(levels - 1) });
    const claims = {
      name: 'a\ud800',
      list: ['\udc00'],
      fine: nest(16),
      deep: nest(17),
      deeper: [[nest(15)]],
    };
    const { metadata } = allowOf(aPolicy([{ metadata: Object.keys(claims) }]), {}, claims).mutations;
    expect(Object.keys(metadata)).toEqual(['name', 'list', 'fine', 'gatehouse_rule', 'gatehouse_reason']);
    expect(metadata).toMatchObject({ name: 'a\ufffd', list: ['\ufffd'] });
  });
});

describe('a hot token (decision 13)', () => {
  const policy = aPolicy(ROUTES);
  const introspection = anActiveIntrospection();

  function judge(request: RequestWords) {
    const context = aRequest(request);
    return policy.judge(theRule(policy, context), introspection, aClient(), context, NOW) as AllowDecision;
  }

  it('gets the same mutations object from the same rule, with and without strays', () => {
    const first = judge({});
    expect(judge({ path: '/other' }).mutations).toBe(first.mutations);
    const withStray = judge({ headers: [['x_auth-subject', 'spoofed']] });
    expect(withStray.mutations).toBe(first.mutations);
    expect(withStray.strays).toEqual(['x_auth-subject']);
    expect(judge({}).strays).toEqual([]);
  });

  it('gets another one from another rule, and another token another one', () => {
    expect(judge({ path: '/keep/x' }).mutations).not.toBe(judge({}).mutations);
    expect(allowOf(policy, {}).mutations).not.toBe(judge({}).mutations);
  });

  it('is remembered for the last four rules it was used on and no more, however many there are (T-41)', () => {
    const paths = ['/a', '/b', '/c', '/d', '/e'];
    const many = aPolicy(paths.map((path) => ({ name: path, paths: [path] })));
    const made = (path: string) => {
      const context = aRequest({ path });
      const decision = many.judge(theRule(many, context), introspection, aClient(), context, NOW);
      if (decision.kind !== 'allow') throw new Error(`not allowed: ${decision.reason}`);
      return decision.mutations;
    };
    const first = paths.map(made);
    const again = paths.toReversed().map(made).toReversed();
    expect(first.map((mutations, at) => mutations === again[at])).toEqual([false, true, true, true, true]);
    expect(again[0]).toEqual(first[0]);
  });

  it('gets the same one for every request without a token', () => {
    const open = () => allowOf(policy, { path: '/public/x' }, null).mutations;
    expect(open()).toBe(open());
  });
});

describe('the marker of an anonymous request', () => {
  const policy = aPolicy([
    {
      name: 'open',
      paths: ['/open'],
      mode: 'optional',
      anonymous: 'x-anonymous',
      sets: { 'x-sub': ['sub'] },
    },
    { name: 'rest' },
  ]);
  const mutationsOf = (path: string, reason: 'anonymous' | null) => {
    const context = aRequest({ path });
    const rule = theRule(policy, context);
    if (reason !== null) return policy.admit(rule, reason, context).mutations;
    const decision = policy.judge(
      rule,
      anActiveIntrospection(),
      aClient(),
      context,
      epochMilliseconds(NOON * 1_000),
    );
    if (decision.kind !== 'allow') throw new Error(decision.reason);
    return decision.mutations;
  };

  it('is set where no token was sent, and nothing else is', () => {
    const { set, remove } = mutationsOf('/open', 'anonymous');
    expect(set).toEqual([{ name: 'x-anonymous', value: 'true' }]);
    expect(remove).toContain('x-sub');
    expect(remove).toContain('x_anonymous');
  });

  it.each(['/open', '/rest'])('is removed where a token was judged, on %s', (path) => {
    const { set, remove } = mutationsOf(path, null);
    expect(set.map(({ name }) => name)).not.toContain('x-anonymous');
    expect(remove).toContain('x-anonymous');
  });
});
