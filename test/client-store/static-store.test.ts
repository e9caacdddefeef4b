import { describe, expect, it } from '@jest/globals';
import { createStaticStore, inspectMatches, type StaticStore } from '../../src/client-store/index.ts';
import {
  type ClientContext,
  type ClientMatches,
  monotonicMilliseconds,
  type RouteMatch,
  Secret,
} from '../../src/domain/index.ts';
import { aClient, aMatch, aRequest } from '../support/builders.ts';
import { isSame } from '../../src/client-store/same-client.ts';
import { describeClientStore } from './contract.ts';

/** Time stands still. */
const openStore = (clients: readonly ClientContext[], matches: ClientMatches): StaticStore =>
  createStaticStore(clients, matches, { clock: { monotonic: () => monotonicMilliseconds(0) } });

describeClientStore('static', (clients) => {
  const matchesOf = (all: readonly ClientContext[]) =>
    new Map(all.map(({ name }) => [name, aMatch({ hosts: [`${name}.example.com`] })]));
  const store = openStore(clients, matchesOf(clients));
  return {
    store,
    replace: (next) => store.replace(next, matchesOf(next)),
    requestFor: (name) => aRequest({ host: `${name}.example.com` }),
  };
});

describe('createStaticStore', () => {
  const withSecret = (secret: string) =>
    aClient({ authentication: { method: 'client_secret_basic', secret: new Secret(secret) } });
  const withParam = (value: string) =>
    aClient({ introspection: { ...aClient().introspection, params: new Map([['resource', [value]]]) } });
  const inForce = (store: ReturnType<typeof createStaticStore>) => {
    const answer = store.get(null, aRequest());
    return !(answer instanceof Promise) && answer.ok ? answer.value : null;
  };

  it('gives the only client where the rule names none, and nobody where there are several', async () => {
    const other = aClient({ name: 'other' });
    expect(await openStore([other], new Map()).get(null, aRequest())).toMatchObject({
      value: { name: 'other' },
    });
    expect(await openStore([other, aClient()], new Map()).get(null, aRequest())).toMatchObject({
      failure: { reason: 'no_client' },
    });
  });

  it('answers at once, without a promise', () => {
    expect(openStore([aClient()], new Map()).get('main', aRequest())).not.toBeInstanceOf(Promise);
  });

  it('keeps the identity of a client whose settings did not change over a reload', () => {
    const before = withParam('https://a.example');
    const store = openStore([before], new Map());
    store.replace([withParam('https://a.example')], new Map());
    expect(inForce(store)).toBe(before);
  });

  it.each([
    ['the secret', withSecret('old'), withSecret('new')],
    ['an introspection parameter', withParam('https://a.example'), withParam('https://b.example')],
    ['the client id', aClient(), aClient({ clientId: 'other' })],
  ])('puts a client in force anew when %s changed', (what, before, after) => {
    const store = openStore([before], new Map());
    store.replace([after], new Map());
    const { previous, ...now } = inForce(store) ?? {};
    expect(isSame(now, after)).toBe(true);
    // A secret that was replaced is kept for a while.
    expect(previous?.authentication).toBe(what === 'the secret' ? before.authentication : undefined);
  });

  it('puts another match in force without making the client anew', async () => {
    const store = openStore([aClient()], new Map([['main', aMatch({ hosts: ['a.example'] })]]));
    const before = await store.get(null, aRequest({ host: 'a.example' }));
    store.replace([aClient()], new Map([['main', aMatch({ hosts: ['b.example'] })]]));
    const after = await store.get(null, aRequest({ host: 'b.example' }));
    expect(before.ok && after.ok && before.value === after.value).toBe(true);
    expect(await store.get(null, aRequest({ host: 'a.example' }))).toMatchObject({ ok: false });
  });
});

describe('a client chosen by its match', () => {
  const clientFor = async (
    matches: Readonly<Record<string, Partial<RouteMatch>>>,
    request: Parameters<typeof aRequest>[0],
    others: readonly string[] = [],
  ): Promise<string> => {
    const names = [...Object.keys(matches), ...others];
    const store = openStore(
      names.map((name) => aClient({ name })),
      new Map(Object.entries(matches).map(([name, match]) => [name, aMatch(match)])),
    );
    const answer = await store.get(null, aRequest(request));
    if (answer.ok) return answer.value.name;
    return answer.failure.kind === 'deny' ? answer.failure.reason : 'fault';
  };

  it.each<[string, Parameters<typeof aRequest>[0], string]>([
    ['an exact host, whatever its case and port', { host: 'ORDERS.example.com.:8443' }, 'exact'],
    ['a family of hosts', { host: 'x.y.example.com' }, 'family'],
    ['a path', { host: 'other.example.net', path: '/partner/x?y=1' }, 'path'],
    [
      'a path in any spelling of its bytes',
      { host: 'other.example.net', path: '/a/../%70artner//x' },
      'path',
    ],
    ['a header', { host: 'other.example.net', headers: [['X-Tenant', 'blue']] }, 'header'],
    [
      'a context extension',
      { host: 'other.example.net', contextExtensions: new Map([['tenant', 'red']]) },
      'context',
    ],
    ['a server name', { host: 'other.example.net', serverName: 'tls.example.net' }, 'serverName'],
    [
      'metadata of the route',
      { host: 'other.example.net', routeMetadata: { 'com.example': { tenant: 'green' } } },
      'routeMetadata',
    ],
    ['a method', { host: 'other.example.net', path: '/method', method: 'HEAD' }, 'method'],
    ['nothing', { host: 'example.com' }, 'no_client'],
    [
      'a header that is there twice',
      {
        host: 'x',
        headers: [
          ['x-tenant', 'blue'],
          ['x-tenant', 'red'],
        ],
      },
      'no_client',
    ],
  ])('is the one meant by %s', async (_what, request, expected) => {
    const matches = {
      family: { hosts: ['*.example.com'] },
      exact: { hosts: ['orders.example.com'] },
      path: { paths: ['/partner/**'] },
      header: { headers: new Map([['x-tenant', ['blue']]]) },
      context: { context: new Map([['tenant', ['red']]]) },
      serverName: { serverNames: ['tls.example.net'] },
      routeMetadata: { routeMetadata: new Map([['com.example', new Map([['tenant', ['green']]])]]) },
      method: { paths: ['/method'], methods: ['GET'] },
    };
    expect(await clientFor(matches, request)).toBe(expected);
  });

  it('is never a client without a match, nor the only one where its match does not fit', async () => {
    expect(await clientFor({ a: { hosts: ['a.example'] } }, { host: 'b.example' }, ['plain'])).toBe(
      'no_client',
    );
    expect(await clientFor({ a: { hosts: ['a.example'] } }, { host: 'b.example' })).toBe('no_client');
  });

  it('is the one of an empty match where no other fits', async () => {
    const matches = { rest: {}, a: { hosts: ['a.example'] } };
    expect(await clientFor(matches, { host: 'b.example' })).toBe('rest');
    expect(await clientFor(matches, { host: 'a.example' })).toBe('a');
  });

  it('is the one of a host even where the caller sends what another asks for (G6)', async () => {
    const matches = {
      header: { headers: new Map([['x-tenant', ['blue']]]) },
      host: { hosts: ['a.example'] },
    };
    expect(await clientFor(matches, { host: 'a.example', headers: [['x-tenant', 'blue']] })).toBe('host');
  });

  it('is nobody where an opaque character leads servers to different clients (G6)', async () => {
    const matches = { a: { paths: ['/a/**'] }, b: { paths: ['/b/**'] } };
    expect(await clientFor(matches, { path: '/a/..%2F..%2Fb/x' })).toBe('no_client');
    expect(await clientFor(matches, { path: '/a/x%2Fy' })).toBe('a');
    expect(await clientFor({ a: { paths: ['/a/*'] } }, { path: '/a/x%2Fy' })).toBe('a');
  });

  it('is nobody where a slash that servers merge or not leads them to different clients (G6)', async () => {
    const matches = { a: { paths: ['/a/**'] }, b: { paths: ['/b/**'] } };
    expect(await clientFor(matches, { path: '/a//../b/x' })).toBe('no_client');
    expect(await clientFor(matches, { path: '/a//b/../x' })).toBe('a');
  });

  it('is looked for only where the rule names none', async () => {
    const store = openStore(
      [aClient({ name: 'a' }), aClient({ name: 'b' })],
      new Map([['a', aMatch({ hosts: ['a.example'] })]]),
    );
    expect(await store.get('b', aRequest({ host: 'a.example' }))).toMatchObject({ value: { name: 'b' } });
  });
});

describe('the candidates of a static store', () => {
  const names = (clients: readonly ClientContext[] | null): readonly string[] | null =>
    clients?.map(({ name }) => name) ?? null;
  const all = ['a', 'b', 'c'].map((name) => aClient({ name }));
  const shared = { hosts: ['shared.example'] };
  const store = openStore(
    all,
    new Map([
      ['a', aMatch({ ...shared, headers: new Map([['x-t', ['1', '2']]]) })],
      ['b', aMatch({ ...shared, headers: new Map([['x-t', ['2', '3']]]) })],
      ['c', aMatch({ hosts: ['*.example'] })],
    ]),
  );
  const asking = (value: string) => aRequest({ host: 'shared.example', headers: [['x-t', value]] });

  it('are those that a rule names, in its order, if they are there', () => {
    expect(names(store.candidates(['c', 'a', 'nobody'], asking('1')))).toEqual(['c', 'a']);
  });

  it('are those whose match fits equally well, in the order of the file', () => {
    expect(names(store.candidates([], asking('2')))).toEqual(['a', 'b']);
  });

  it.each([
    ['one fits', asking('1')],
    ['one is more specific', aRequest({ host: 'other.example' })],
    ['none fits', aRequest({ host: 'other.test' })],
  ])('are not looked for where %s', (_what, request) => {
    expect(store.candidates([], request)).toBeNull();
  });

  it('are not looked for where a rule names one', () => {
    expect(store.candidates(['a'], asking('2'))).toBeNull();
  });

  it('are none where an opaque character leads servers to different ones (G6)', () => {
    const paths = openStore(
      all,
      new Map([
        ['a', aMatch({ paths: ['/p/**'] })],
        ['b', aMatch({ paths: ['/p/**'] })],
        ['c', aMatch({ paths: ['/q/**'] })],
      ]),
    );
    expect(names(paths.candidates([], aRequest({ path: '/p/x%2Fy' })))).toEqual(['a', 'b']);
    expect(paths.candidates([], aRequest({ path: '/p/..%2Fq/x' }))).toBeNull();
  });

  it('are those of new settings after a change', () => {
    const changing = openStore(all, new Map());
    expect(changing.candidates([], asking('2'))).toBeNull();
    changing.replace(all, new Map(all.map(({ name }) => [name, aMatch()])));
    expect(names(changing.candidates([], asking('2')))).toEqual(['a', 'b', 'c']);
  });
});

describe('inspectMatches', () => {
  it('names every pattern without a meaning', () => {
    expect(inspectMatches(new Map([['a', aMatch({ hosts: ['a b'], paths: ['x', '/ok'] })]]))).toMatchObject([
      { client: 'a', place: 'match.hosts', pattern: 'a b' },
      { client: 'a', place: 'match.paths', pattern: 'x' },
    ]);
  });
});
