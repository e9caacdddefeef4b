import { describe, expect, it } from '@jest/globals';
import { aRequest } from '../support/builders.ts';
import { aPolicy, ruleOf } from './builders.ts';

describe('find: hosts', () => {
  const policy = aPolicy([
    { name: 'api', hosts: ['api.example.com'] },
    { name: 'below', hosts: ['*.example.com'] },
    { name: 'address', hosts: ['[2001:db8::1]'] },
    { name: 'rest', hosts: ['other.example'] },
  ]);

  it.each([
    ['api', 'an exact host', 'api.example.com'],
    ['api', 'T-8: another case, a port and a trailing dot', 'API.example.com.:8443'],
    ['below', 'one label in place of the star', 'www.example.com'],
    ['below', 'several labels in place of the star', 'a.b.example.com'],
    ['no_route', 'the name below which the star stands', 'example.com'],
    ['no_route', 'a name that only ends alike', 'evilexample.com'],
    ['address', 'an address in another spelling', '[2001:DB8:0::1]:80'],
    ['rest', 'a later rule', 'other.example'],
    ['no_route', 'T-8: a host of no rule', 'unknown.example'],
    ['host_malformed', 'T-8: two hosts joined', 'api.example.com,other.example'],
    ['host_malformed', 'no host', ''],
  ])('is %s for %s', (rule, _case, host) => {
    expect(ruleOf(policy, { host, path: '/' })).toBe(rule);
  });
});

describe('find: paths', () => {
  const policy = aPolicy([
    { name: 'exact', paths: ['/healthz'] },
    { name: 'star', paths: ['/users/*/orders'] },
    { name: 'last-star', paths: ['/files/*'] },
    { name: 'literal-star', paths: ['/glob/%2A'] },
    { name: 'accent', paths: ['/café'] },
    { name: 'deep', paths: ['/p/**'] },
    { name: 'root', paths: ['/'] },
  ]);

  it.each([
    ['exact', '/healthz'],
    ['exact', '/healthz/'],
    ['exact', '/healthz?verbose=1'],
    ['exact', '/%68ealthz'],
    ['no_route', '/healthz/x'],
    ['no_route', '/Healthz'],
    ['no_route', '/healthzz'],
    ['star', '/users/7/orders'],
    ['star', '/users/7/orders/'],
    ['no_route', '/users/orders'],
    ['no_route', '/users/7/8/orders'],
    ['last-star', '/files/a'],
    ['last-star', '/files/a/'],
    ['no_route', '/files/'],
    ['literal-star', '/glob/*'],
    ['no_route', '/glob/a'],
    ['accent', '/caf%C3%A9'],
    ['accent', '/caf\xc3\xa9'],
    ['deep', '/p'],
    ['deep', '/p/'],
    ['deep', '/p/a/b/c'],
    ['no_route', '/pp'],
    ['root', '/'],
    ['root', '/x/..'],
    ['path_malformed', '/..'],
    ['path_malformed', ''],
  ])('is %s for %s', (rule, path) => {
    expect(ruleOf(policy, { path })).toBe(rule);
  });

  it('puts the paths of rules into the form of requests (section 6)', () => {
    const written = aPolicy([
      { name: 'rule', paths: ['/a//%62/./c/../d%2fe'], path: { encodedSlash: 'allow' } },
    ]);
    expect(ruleOf(written, { path: '/a/b/d%2Fe' })).toBe('rule');
  });
});

describe('find: a slash before a way up (T-7)', () => {
  const policy = aPolicy([
    { name: 'admin', paths: ['/admin/**'], mode: 'deny' },
    { name: 'public', paths: ['/pub/**'], mode: 'public' },
    { name: 'rest' },
  ]);

  it.each([
    ['path_ambiguous', 'what RFC 3986 leaves below a guarded path', '/admin//../pub/x'],
    ['path_ambiguous', 'the same, spelled with escapes', '/admin//%2e%2e/pub/x'],
    ['path_ambiguous', 'a guarded path that only merging reaches', '/pub/a//../../admin/x'],
    ['public', 'a way up that both readings resolve alike', '/admin/../pub/x'],
    ['public', 'merged slashes without a way up', '//pub//x'],
    ['public', 'two readings of one rule', '/pub/a//../x'],
  ])('is %s for %s', (rule, _case, path) => {
    expect(ruleOf(policy, { path })).toBe(rule);
  });
});

describe('find: methods', () => {
  const policy = aPolicy([
    { name: 'read', paths: ['/a'], methods: ['GET'] },
    { name: 'head', paths: ['/b'], methods: ['HEAD'] },
    { name: 'any', paths: ['/c'] },
  ]);

  it.each([
    ['read', 'GET', '/a'],
    ['read', 'HEAD', '/a'],
    ['route_guarded', 'get', '/a'],
    ['route_guarded', 'POST', '/a'],
    ['head', 'HEAD', '/b'],
    ['route_guarded', 'GET', '/b'],
    ['any', 'PROPFIND', '/c'],
    ['method_denied', 'TRACE', '/c'],
    ['method_denied', 'CONNECT', '/c'],
    ['method_denied', 'trace', '/c'],
    ['request_malformed', '', '/c'],
    ['request_malformed', 'GE T', '/c'],
  ])('is %s for %s %s (T-13, HTTP-12)', (rule, method, path) => {
    expect(ruleOf(policy, { method, path })).toBe(rule);
  });
});

describe('find: headers and context', () => {
  const policy = aPolicy([
    { name: 'versioned', headers: { 'x-api-version': ['2', '3'], 'x-kind': ['é'] } },
    { name: 'gold', context: { tier: ['gold'] } },
  ]);
  const kind = ['x-kind', '\xc3\xa9'] as const;

  it.each([
    ['versioned', 'one of the values', [['X-Api-Version', '2'], kind]],
    ['versioned', 'another of the values', [['x-api-version', '3'], kind]],
    ['route_guarded', 'a value of no rule', [['x-api-version', '4'], kind]],
    ['route_guarded', 'one header missing', [['x-api-version', '2']]],
    ['route_guarded', 'two values', [['x-api-version', '2'], ['x-api-version', '2'], kind]],
    ['route_guarded', 'two values joined', [['x-api-version', '2,2'], kind]],
    [
      'route_guarded',
      'another case',
      [
        ['x-api-version', '2'],
        ['x-kind', '\xc3\x89'],
      ],
    ],
  ] as const)('is %s for %s', (rule, _case, headers) => {
    expect(ruleOf(policy, { headers })).toBe(rule);
  });

  it('is the rule whose context fits', () => {
    const open = aPolicy([
      { name: 'gold', context: { tier: ['gold'] }, otherwise: 'next' },
      { name: 'rest' },
    ]);
    expect(ruleOf(open, { contextExtensions: new Map([['tier', 'gold']]) })).toBe('gold');
    expect(ruleOf(open, { contextExtensions: new Map([['tier', 'lead']]) })).toBe('rest');
    expect(ruleOf(open, {})).toBe('rest');
  });

  it('is the rule whose context fits, beyond ASCII too: a request carries bytes', () => {
    const closed = aPolicy([
      { name: 'closed', context: { größe: ['groß', 'größer'] }, mode: 'deny', otherwise: 'next' },
      { name: 'rest', mode: 'public' },
    ]);
    const sent = (name: string, value: string) =>
      new Map([[Buffer.from(name).toString('latin1'), Buffer.from(value).toString('latin1')]]);
    expect(ruleOf(closed, { contextExtensions: sent('größe', 'größer') })).toBe('closed');
    expect(ruleOf(closed, { contextExtensions: sent('größe', 'klein') })).toBe('rest');
  });
});

describe('find: guards (decision 14)', () => {
  it('denies a method that no rule of the path takes, although a later rule is open', () => {
    const policy = aPolicy([
      { name: 'admin', paths: ['/admin/**'], methods: ['GET'] },
      { name: 'open', mode: 'public' },
    ]);
    expect(ruleOf(policy, { path: '/admin/x' })).toBe('admin');
    expect(ruleOf(policy, { path: '/admin/x', method: 'DELETE' })).toBe('route_guarded');
    expect(ruleOf(policy, { path: '/admin', method: 'DELETE' })).toBe('route_guarded');
    expect(ruleOf(policy, { path: '/other', method: 'DELETE' })).toBe('open');
  });

  it('names the guard in the detail of the denial, and nothing of the request', () => {
    const policy = aPolicy([{ name: 'admin', paths: ['/admin/**'], methods: ['GET'] }, { name: 'rest' }]);
    const found = policy.find(aRequest({ path: '/admin/canary', method: 'DELETE' }));
    const detail = found.kind === 'refused' ? found.decision.detail : null;
    expect(detail).toContain('"admin"');
    expect(detail).not.toMatch(/canary|DELETE/);
    expect(found).toMatchObject({ decision: { kind: 'deny', route: null, scopes: [] } });
  });

  it('tries a later rule of the same paths, and one inside them', () => {
    const policy = aPolicy([
      { name: 'write', paths: ['/orders/**'], methods: ['POST'] },
      { name: 'read', paths: ['/orders/**'], methods: ['GET'] },
      { name: 'purge', paths: ['/orders/purge'], methods: ['DELETE'] },
      { name: 'rest' },
    ]);
    expect(ruleOf(policy, { path: '/orders/1' })).toBe('read');
    expect(ruleOf(policy, { path: '/orders/purge', method: 'DELETE' })).toBe('purge');
    expect(ruleOf(policy, { path: '/orders/1', method: 'DELETE' })).toBe('route_guarded');
  });

  it('lets later rules be tried after otherwise: next', () => {
    const policy = aPolicy([
      { name: 'admin', paths: ['/admin/**'], methods: ['GET'], otherwise: 'next' },
      { name: 'rest' },
    ]);
    expect(ruleOf(policy, { path: '/admin/x', method: 'POST' })).toBe('rest');
  });

  it('is not loosened by a later rule with otherwise: next', () => {
    const policy = aPolicy([
      { name: 'admin', paths: ['/admin/**'], methods: ['GET'] },
      { name: 'reports', paths: ['/admin/reports'], methods: ['PUT'], otherwise: 'next' },
      { name: 'rest' },
    ]);
    expect(ruleOf(policy, { path: '/admin/reports', method: 'POST' })).toBe('route_guarded');
  });

  it('guards by a rule that a context was missing for', () => {
    const policy = aPolicy([
      { name: 'gold', paths: ['/vault/**'], context: { tier: ['gold'] } },
      { name: 'rest', mode: 'public' },
    ]);
    expect(ruleOf(policy, { path: '/vault/x' })).toBe('route_guarded');
    expect(ruleOf(policy, { path: '/x' })).toBe('rest');
  });

  it('makes no guard of a rule that another guard passes over', () => {
    const policy = aPolicy([
      { name: 'inner', paths: ['/a/b'], methods: ['GET'] },
      { name: 'outer', paths: ['/a/**'], methods: ['PUT'] },
      { name: 'same', paths: ['/a/b'], methods: ['POST'] },
    ]);
    // `outer` is broader than `inner` and passed over, so it does not become a guard beside it.
    expect(ruleOf(policy, { path: '/a/b', method: 'PUT' })).toBe('route_guarded');
    expect(ruleOf(policy, { path: '/a/b', method: 'POST' })).toBe('same');
    expect(ruleOf(policy, { path: '/a/c', method: 'PUT' })).toBe('outer');
  });

  it('wants a rule inside every guard, not inside one', () => {
    const policy = aPolicy([
      { name: 'wide', paths: ['/a/**'], methods: ['GET'] },
      { name: 'narrow', paths: ['/a/*/c'], methods: ['PUT'] },
      { name: 'other', paths: ['/a/b/**'] },
      { name: 'exact', paths: ['/a/b/c'] },
    ]);
    expect(ruleOf(policy, { path: '/a/b/c', method: 'POST' })).toBe('exact');
    expect(ruleOf(policy, { path: '/a/b/x', method: 'POST' })).toBe('other');
  });

  it('looks at the matching patterns of a rule only', () => {
    const policy = aPolicy([
      { name: 'admin', paths: ['/admin/**'], methods: ['GET'] },
      { name: 'several', paths: ['/admin/jobs', '/jobs/**'], hosts: ['a.example', 'b.example'] },
    ]);
    expect(ruleOf(policy, { host: 'a.example', path: '/admin/jobs', method: 'POST' })).toBe('several');
    expect(ruleOf(policy, { host: 'b.example', path: '/jobs/1', method: 'POST' })).toBe('several');
  });

  it('passes a rule over when one of its matching patterns is broader than the guard', () => {
    const policy = aPolicy([
      { name: 'admin', paths: ['/admin/**'], methods: ['GET'] },
      { name: 'several', paths: ['/admin/jobs', '/**'] },
    ]);
    expect(ruleOf(policy, { path: '/admin/jobs', method: 'POST' })).toBe('route_guarded');
  });

  it('accepts any of the patterns of a guard as the broader one', () => {
    const policy = aPolicy([
      { name: 'guard', paths: ['/x', '/admin/**'], hosts: ['*.b.example', '*.example'], methods: ['GET'] },
      { name: 'inside', paths: ['/admin/*'], hosts: ['*.b.example'] },
    ]);
    expect(ruleOf(policy, { host: 'a.b.example', path: '/admin/1', method: 'PUT' })).toBe('inside');
  });

  it.each([
    [
      'inside',
      'the guard holds for all names below, the rule for one of them',
      ['*.example.com'],
      ['a.example.com'],
    ],
    ['inside', 'both hold for the same names', ['*.example.com'], ['*.example.com']],
    ['inside', 'the guard holds for any host', [], ['*.example.com']],
    ['inside', 'the rule holds for names below those of the guard', ['*.com'], ['*.example.com']],
    ['route_guarded', 'the guard holds for one name, the rule for all', ['a.example.com'], ['*.example.com']],
    ['route_guarded', 'the rule holds for any host', ['*.example.com'], []],
    ['route_guarded', 'the rule holds for more names', ['*.example.com'], ['*.com']],
  ])('is %s when %s', (rule, _case, guardHosts, ruleHosts) => {
    const policy = aPolicy([
      { name: 'guard', hosts: guardHosts, methods: ['GET'] },
      { name: 'inside', hosts: ruleHosts },
    ]);
    expect(ruleOf(policy, { host: 'a.example.com', method: 'PUT' })).toBe(rule);
  });

  it.each([
    ['inside', '/a/**', '/a/**'],
    ['inside', '/a/**', '/a'],
    ['inside', '/a/**', '/a/b/**'],
    ['inside', '/a/**', '/a/*/c'],
    ['inside', '/a/*/c', '/a/b/c'],
    ['inside', '/*/**', '/a/**'],
    ['inside', '/a/b/c', '/a/b/c/'],
    ['route_guarded', '/a/b/c', '/a/*/c'],
    ['route_guarded', '/a/b/c', '/a/**'],
    ['route_guarded', '/a/*/c', '/a/b/*'],
    ['route_guarded', '/a/*/c', '/a/b/**'],
    ['route_guarded', '/a/b/c', '/a/b/c/**'],
    ['route_guarded', '/a/b/**', '/**'],
  ])('is %s with the guard %s before the rule %s', (rule, guardPath, rulePath) => {
    const policy = aPolicy([
      { name: 'guard', paths: [guardPath], methods: ['GET'] },
      { name: 'inside', paths: [rulePath] },
    ]);
    const path = rulePath === '/a' ? '/a' : '/a/b/c';
    expect(ruleOf(policy, { path, method: 'PUT' })).toBe(rule);
  });

  it('lets a public rule behind a guarded one open nothing of it', () => {
    const policy = aPolicy([
      { name: 'admin', hosts: ['api.example.com'], paths: ['/admin/**'], headers: { 'x-staff': ['yes'] } },
      { name: 'assets', hosts: ['*.example.com'], mode: 'public' },
    ]);
    const spellings = [
      '/admin',
      '/admin/',
      '//admin/x',
      '/%61dmin/x',
      '/x/../admin',
      '/admin/./x',
      '/./admin',
    ];
    for (const path of spellings) expect(ruleOf(policy, { path })).toBe('route_guarded');
    expect(ruleOf(policy, { path: '/admin', host: 'www.example.com' })).toBe('assets');
  });

  it('denies with route_guarded and with no_route by 403 alike, whatever the credential (R21)', () => {
    const policy = aPolicy([{ name: 'a', paths: ['/a'], methods: ['GET'] }]);
    expect(ruleOf(policy, { path: '/a', method: 'PUT' })).toBe('route_guarded');
    expect(ruleOf(policy, { path: '/b' })).toBe('no_route');
  });
});
