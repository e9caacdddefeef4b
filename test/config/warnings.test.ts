import { describe, expect, it } from '@jest/globals';
import { aWorld } from './worlds.ts';
import { keyed, ONE_CLIENT, settingsOf } from './read.ts';

async function warningsOf(text: string): Promise<readonly string[]> {
  return (await settingsOf(text)).warnings.map(keyed);
}

const STRICT = 'require: { audience: [https://api.example.com] }';
const QUIET = `${ONE_CLIENT}routes: [{ name: all, ${STRICT} }]\n`;

describe('the warnings of settings', () => {
  it('are none where every route asks for an audience', async () => {
    expect(await warningsOf(QUIET)).toEqual([]);
  });

  it('tell of a secret in the file itself, with its place and without the secret', async () => {
    const settings = await settingsOf(QUIET.replace('{ env: SECRET }', 'hunter2'));
    expect(settings.warnings).toMatchObject([{ line: 1, column: 86, key: 'clients.only.clientSecret' }]);
    expect(JSON.stringify(settings.warnings)).not.toContain('hunter2');
  });

  it('tell of a header in the file that is a secret by its name, and of no other', async () => {
    const headers = 'introspection: { headers: { x-tenant: hunter2, x-api-key: hunter2 } }, clientId';
    const settings = await settingsOf(QUIET.replace('clientId', headers));
    expect(settings.warnings).toMatchObject([
      { column: expect.any(Number), key: 'clients.only.introspection.headers' },
    ]);
    expect(JSON.stringify(settings.warnings)).not.toContain('hunter2');
  });

  it.each([
    ['a bearer secret to a plain door that others reach', '0.0.0.0:9003', 1],
    ['none to one that stays on this host', '127.0.0.1:9003', 0],
  ])('tell of %s', async (_what, address, count) => {
    const admin = `listen: { admin: { address: "${address}", auth: { bearer: { env: OPERATOR } } } }\n`;
    const environment = { SECRET: 's3cret', OPERATOR: 'sixteen-or-more-characters' };
    const { warnings } = await settingsOf(QUIET + admin, aWorld({ environment }));
    expect(warnings.map(({ key }) => key)).toEqual(
      Array.from({ length: count }, () => 'listen.admin.auth.bearer'),
    );
  });

  it('do not tell of a client id in the file, which is no secret', async () => {
    expect(await warningsOf(QUIET)).toEqual([]);
  });

  it('tell of a client whose tokens pass whomever they were issued for', async () => {
    expect(await warningsOf(ONE_CLIENT)).toEqual([
      'clients.only: any active token of its issuer passes on route "default", whomever it was issued for; ' +
        'require an `audience` or `clientIds` there, or set `introspection.clientSelfOnly`',
    ]);
  });

  it.each([
    ['a route without one beside one with it', `[{ name: a, ${STRICT} }, { name: b, mode: optional }]`, 1],
    ['scopes without an audience', '[{ name: a, require: { scopes: [s] } }]', 1],
    [
      'an audience in one of several requirements',
      `[{ name: a, require: [{ scopes: [s] }, { audience: [x] }] }]`,
      0,
    ],
    ['public and deny routes only', '[{ name: a, mode: public, client: only }, { name: b, mode: deny }]', 0],
  ])('count %s', async (_, routes, count) => {
    expect(await warningsOf(`${ONE_CLIENT}routes: ${routes}\n`)).toHaveLength(count);
  });

  it('do not tell of a client that takes only tokens of its own', async () => {
    const own = ONE_CLIENT.replace('clientId', 'introspection: { clientSelfOnly: true }, clientId');
    expect(await warningsOf(own)).toEqual([]);
  });

  it.each([
    ['0.0.0.0/0', 1],
    ['10.0.0.0/7', 1],
    ['10.0.0.0/8', 0],
    ['192.0.2.1/32', 0],
    ['::/0', 1],
    ['fc00::/7', 0],
  ])('take trustedPeers %s as wide: %i', async (range, count) => {
    const listen = `listen: { http: [{ address: 127.0.0.1:9002, profile: nginx, trustedPeers: ["${range}"] }] }\n`;
    expect(await warningsOf(QUIET + listen)).toHaveLength(count);
  });

  describe('about a context rule', () => {
    const rules = (gold: string, rest: string): string =>
      `${ONE_CLIENT}routes:
  - { name: gold, match: { ${gold} context: { tier: gold } }, ${STRICT} }
  - { name: rest, match: { ${rest} }, ${STRICT} }
`;
    const HTTP = 'listen: { http: [{ address: 127.0.0.1:9002, profile: nginx }] }\n';

    it.each([
      ['the same paths', 'paths: [/a/**],', 'paths: [/a/**]'],
      ['no paths at all', 'paths: [/a/**],', ''],
      ['everything', '', 'paths: [/**]'],
      ['a longer pattern', 'paths: [/a/b/*],', 'paths: [/a/**]'],
      ['a segment instead of a word', 'paths: [/a/b],', 'paths: [/a/*]'],
      ['a family of hosts', 'hosts: [a.example.com],', 'hosts: ["*.example.com"]'],
    ])('tell of one before a rule with %s while an HTTP door is open', async (_, gold, rest) => {
      expect(await warningsOf(rules(gold, rest) + HTTP)).toEqual([
        'routes[0].match.context: never fits at an HTTP door, which has no context; ' +
          'requests there are denied instead of going on to "rest"',
      ]);
    });

    it.each([
      ['other paths', 'paths: [/a/**],', 'paths: [/b/**]'],
      ['fewer paths', 'paths: [/a/**],', 'paths: [/a/*]'],
      ['a shorter pattern', 'paths: [/a/b],', 'paths: [/a]'],
      ['a host of its own', '', 'hosts: [a.example.com]'],
      ['the host that a family is named after', 'hosts: [example.com],', 'hosts: ["*.example.com"]'],
    ])('do not tell of one before a rule with %s', async (_, gold, rest) => {
      expect(await warningsOf(rules(gold, rest) + HTTP)).toEqual([]);
    });

    it.each([
      ['serverNames', '[a.example.com]', 'server name'],
      ['routeMetadata', '{ com.example: { tier: gold } }', 'route metadata'],
    ])('tell of one that asks for %s alike', async (key, value, what) => {
      const text = rules('', '').replace('context: { tier: gold }', `${key}: ${value}`) + HTTP;
      expect(await warningsOf(text)).toEqual([
        `routes[0].match.${key}: never fits at an HTTP door, which has no ${what}; ` +
          'requests there are denied instead of going on to "rest"',
      ]);
    });

    it('do not tell of one while only gRPC doors are open', async () => {
      expect(await warningsOf(rules('', ''))).toEqual([]);
    });

    it('say where requests go with otherwise: next', async () => {
      const next = rules('', '').replace('name: gold,', 'name: gold, otherwise: next,');
      expect(await warningsOf(next + HTTP)).toEqual([
        'routes[0].match.context: never fits at an HTTP door, which has no context; requests there go on to "rest"',
      ]);
    });
  });

  describe('about the matches of clients', () => {
    const clients = (a: string, b: string): string =>
      `clients:
  a: { issuer: https://a.example, clientId: g, clientSecret: { env: SECRET }, match: ${a} }
  b: { issuer: https://b.example, clientId: g, clientSecret: { env: SECRET }, match: ${b} }
`;

    it('tell of two that fit the same requests and that only their issuers tell apart', async () => {
      const text = `${clients('{ hosts: [x.example] }', '{ hosts: [y.example, X.example] }')}routes: [{ name: all, ${STRICT} }]\n`;
      expect(await warningsOf(text)).toEqual([
        'clients.b.match: and that of "a" fit the same requests: a JWT goes to the client whose issuer it claims, ' +
          'every other token is refused',
      ]);
    });

    it.each([
      [
        'their forms tell apart',
        'match: { hosts: [x.example] }',
        ', token: { prefix: x }, match: { hosts: [x.example] }',
        '',
      ],
      ['are tried in order', 'match: {}', ', match: {}', ', tryInOrder: true'],
    ])('do not tell of two that %s', async (_what, a, b, route) => {
      const text = clients('X', 'X').replace('match: X', a).replace(', match: X', b);
      expect(await warningsOf(`${text}routes: [{ name: all, ${STRICT}${route} }]\n`)).toEqual([]);
    });

    it.each([
      ['one is more specific', '{ hosts: [x.example] }', '{ hosts: ["*.example"] }'],
      ['a header tells them apart', '{ headers: { x-t: "1" } }', '{ headers: { x-t: "2" } }'],
      ['one is for everything else', '{ hosts: [x.example] }', '{}'],
    ])('do not tell of two where %s', async (_, a, b) => {
      expect(await warningsOf(`${clients(a, b)}routes: [{ name: all, ${STRICT} }]\n`)).toEqual([]);
    });

    it('tell of one that is never looked at', async () => {
      const text = `${clients('{ hosts: [x.example] }', '{}')}routes: [{ name: all, client: a, ${STRICT} }]\n`;
      expect(await warningsOf(text)).toEqual([
        'clients.a.match: is never looked at: every route that asks names its client',
        'clients.b.match: is never looked at: every route that asks names its client',
      ]);
    });

    it('count a client whose match may choose it as one whose tokens pass', async () => {
      const warnings = await warningsOf(clients('{ hosts: [x.example] }', '{}'));
      expect(warnings.map((warning) => warning.split(':')[0])).toEqual(['clients.a', 'clients.b']);
    });
  });
});
