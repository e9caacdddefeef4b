import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem, readSettings } from '../../src/config/index.ts';
import { ANY_AGE } from '../../src/domain/index.ts';
import { aMatch, secretOf } from '../support/builders.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { ONE_CLIENT, problemsOf, settingsOf, WORLD } from './read.ts';
import { DEMANDS_NOTHING } from '../../src/domain/index.ts';
import { aWorld, CACHE_KEY, CANARY } from './worlds.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, 'fixtures', 'example.yaml'), 'utf8');

describe('readSettings', () => {
  it('finds nothing wrong in the example, reading it offline', async () => {
    const world = aWorld({ offline: true });
    const read = await readSettings({ path: 'example.yaml', text: EXAMPLE }, world);
    expect(read.ok ? [] : read.failure.map(formatProblem)).toEqual([]);
    expect(world.read).toEqual([]);
  });

  it('fills in every default of the smallest file that works', async () => {
    const settings = await settingsOf(ONE_CLIENT);
    expect(settings).toMatchObject({
      listen: {
        grpc: [{ address: { kind: 'tcp', host: '127.0.0.1', port: 9001 }, transport: 'grpc-js', tls: null }],
        http: [],
        health: null,
        admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 9003 } },
      },
      drain: 25_000,
      log: { level: 'info' },
      realm: 'gatehouse',
      wait: { max: 2_000, margin: 20 },
      scrub: [],
      cache: {
        keys: [],
        active: {
          max: 60_000,
          entries: 100_000,
          bytes: 128 * 1024 * 1024,
          jitter: 0,
          refreshAhead: true,
        },
        inactive: { max: 5_000, entries: 20_000, bytes: 16 * 1024 * 1024, shared: false },
        stale: 0,
        shared: null,
      },
    });
    expect(settings.routes).toEqual([
      {
        name: 'default',
        match: aMatch(),
        otherwise: 'deny',
        clients: [],
        tryInOrder: false,
        mode: 'required',
        enforce: true,
        credential: null,
        path: {
          encodedSlash: 'deny',
          semicolon: 'deny',
          backslash: 'deny',
          caseSensitive: true,
          trailingSlash: 'same',
        },
        require: [],
        age: ANY_AGE,
        upstream: {
          headers: [],
          anonymous: null,
          authorization: 'strip',
          metadata: ['sub', 'client_id', 'scope', 'aud', 'iss', 'exp'],
        },
      },
    ]);
    expect(settings.clients).toMatchObject([
      {
        name: 'only',
        issuer: 'https://idp.example.com',
        metadataUrl: null,
        connectTo: null,
        acceptIssuers: [],
        endpointOrigins: [],
        clientId: 'gateway',
        authentication: { method: 'automatic' },
        introspection: {
          endpoint: null,
          timeout: 5_000,
          retry: false,
          tokenTypeHint: null,
          tokenParameter: 'token',
          params: new Map(),
          headers: new Map(),
          facts: { params: new Map(), headers: new Map() },
          maxAnswer: 65_536,
          clientSelfOnly: false,
          signedAnswers: null,
        },
        tls: { ca: null, minVersion: 'TLSv1.2' },
        allowAddresses: [],
        limits: { concurrent: 64, queue: 256 },
        cache: null,
        allowHttp: false,
        required: false,
      },
    ]);
    expect(secretOf(settings.clients[0])).toBe(CANARY);
  });

  it('hands over the words of the domain for the keys of a full file', async () => {
    const door = createSelfSigned();
    const world = aWorld({
      environment: { SECRET: CANARY, DOOR_KEY: 'door-secret', ID: 'from-env' },
      files: {
        'tls.crt': door.cert,
        'tls.key': door.key,
        'ca.crt': door.cert,
        redis: 'pw\n',
        key: CACHE_KEY,
      },
    });
    const settings = await settingsOf(FULL, world);
    const { listen, clients, cache, routes } = settings;

    expect(listen.grpc.map(({ address, tls }) => ({ address, tls: tls?.clientCa ?? null }))).toEqual([
      { address: { kind: 'tcp', host: '::1', port: 0 }, tls: null },
      { address: { kind: 'unix', path: '/run/grpc.sock' }, tls: null },
      { address: { kind: 'tcp', host: '0.0.0.0', port: 9011 }, tls: door.cert },
    ]);
    expect(listen.grpc[2]?.tls?.key.reveal()).toBe(door.key);
    expect(listen.http[0]).toMatchObject({
      profile: 'envoy',
      pathPrefix: '/authz',
      trustedPeers: ['10.0.0.0/8'],
      secretHeader: { name: 'x-gatehouse-key' },
      timeout: 500,
    });
    expect(listen.http[0]?.secretHeader?.value.reveal()).toBe('door-secret');
    expect(listen.health).toEqual({ address: { kind: 'tcp', host: '0.0.0.0', port: 9004 } });
    expect(settings.scrub).toEqual(['x-auth-*', 'x-remote-user']);

    expect(clients.map(({ name }) => name)).toEqual(['orders', 'partner']);
    expect(clients[0]).toMatchObject({
      metadataUrl: 'http://idp.internal/metadata?x=1',
      connectTo: { host: 'idp.internal', port: 8443, serverName: 'idp.example.com' },
      allowAddresses: ['169.254.0.0/16'],
      endpointOrigins: ['https://mtls.example.com'],
      clientId: 'from-env',
      authentication: { method: 'client_secret_post' },
      tls: { ca: door.cert, minVersion: 'TLSv1.3' },
      introspection: {
        maxAnswer: 131_072,
        retry: true,
        clientSelfOnly: true,
        tokenTypeHint: 'access_token',
        tokenParameter: 't',
      },
      limits: { concurrent: 8, queue: 0 },
      required: true,
    });
    expect(clients[1]?.connectTo).toEqual({ host: '2001:db8::5', port: null, serverName: null });
    expect(clients[0]?.introspection.params).toEqual(
      new Map([
        ['resource', ['https://api.example.com']],
        ['tenant', ['1', '2']],
      ]),
    );
    expect(clients[0]?.introspection.facts).toEqual({
      params: new Map<string, unknown>([
        ['m', { kind: 'method' }],
        ['d', { kind: 'header', name: 'x-device' }],
      ]),
      headers: new Map([
        ['x-host', { kind: 'host' }],
        ['x-p', { kind: 'path' }],
        ['x-c', { kind: 'clientAddress' }],
      ]),
    });
    const headers = [...(clients[0]?.introspection.headers ?? [])];
    expect(headers.map(([name, value]) => [name, value.reveal()])).toEqual([
      ['x-tenant', 'blue'],
      ['x-api-key', CANARY],
    ]);

    expect(cache.keys.map((key) => key.reveal())).toEqual([CACHE_KEY]);
    expect(cache.inactive.max).toBe(0);
    expect(cache.shared).toMatchObject({
      store: {
        kind: 'redis',
        redis: {
          place: { kind: 'single', node: { host: 'redis', port: 6380 }, database: 1 },
          username: 'u',
          tls: { ca: null, certificate: null, serverName: null },
        },
      },
      timeout: 5,
    });
    const { store } = cache.shared ?? {};
    expect(store?.kind === 'redis' && store.redis.password?.reveal()).toBe('pw');

    expect(routes.map(({ require }) => require)).toEqual([
      [],
      [
        { ...DEMANDS_NOTHING, scopes: { kind: 'all', scopes: ['orders:write'], strategy: 'exact' } },
        {
          ...DEMANDS_NOTHING,
          scopes: { kind: 'any', scopes: ['a', 'b'], strategy: 'exact' },
          audience: ['https://api'],
          issuer: ['https://i'],
        },
      ],
      [{ ...DEMANDS_NOTHING, audience: ['https://api'] }],
    ]);
    expect(routes[1]?.match).toEqual({
      hosts: ['api.example.com', '*.example.net', '[2001:db8::1]'],
      paths: ['/orders/**', '/*/x'],
      methods: ['POST', 'PURGE'],
      headers: new Map([['x-api-version', ['2']]]),
      context: new Map([['tier', ['gold', 'silver']]]),
      serverNames: ['api.example.com', '*.example.net'],
      routeMetadata: new Map([['com.example', new Map([['tier', ['gold', 'silver']]])]]),
      filterMetadata: new Map(),
      clientAddresses: [],
      peerPrincipals: [],
    });
    expect(routes[1]?.upstream).toEqual({
      headers: [
        { name: 'x-auth-subject', claim: ['sub'], join: ',' },
        { name: 'x-auth-groups', claim: ['realm_access', 'roles'], join: ' ' },
      ],
      anonymous: null,
      authorization: 'keep',
      metadata: 'none',
    });
    expect(routes.map(({ upstream }) => upstream.authorization)).toEqual(['keep', 'keep', 'strip']);
  });

  it('keeps claim names with dots as one name', async () => {
    const settings = await settingsOf(
      `${ONE_CLIENT}routes: [{ name: a, upstream: { headers: { x-a: https://claims.example/role.name } } }]`,
    );
    expect(settings.routes[0]?.upstream.headers[0]?.claim).toEqual(['https://claims.example/role.name']);
  });

  it('freezes the settings all the way down, maps included', async () => {
    const settings = await settingsOf(`${ONE_CLIENT}routes: [{ name: a, match: { headers: { x-a: "1" } } }]`);
    const headers = settings.routes[0]?.match.headers as Map<string, string[]>;
    expect(() => headers.set('x-b', [])).toThrow(TypeError);
    expect(() => headers.get('x-a')?.push('2')).toThrow(TypeError);
    expect(() => (settings.clients as unknown[]).push(1)).toThrow(TypeError);
    expect(thawed(settings)).toEqual([]);
  });

  it('takes one line break off the end of a secret file, and no more', async () => {
    const text = ONE_CLIENT.replace('{ env: SECRET }', '{ file: secrets/one }');
    const secretIn = async (content: string): Promise<string | null> =>
      secretOf((await settingsOf(text, aWorld({ files: { one: content } }))).clients[0]);
    expect(await secretIn(`${CANARY}\n`)).toBe(CANARY);
    expect(await secretIn(`${CANARY}\r\n`)).toBe(CANARY);
    expect(await secretIn(` ${CANARY} `)).toBe(` ${CANARY} `);
    expect(await problemsOf(text, aWorld({ files: { one: `${CANARY}\n\n` } }))).toEqual([
      'clients.only.clientSecret: the file that is named here holds a control character, perhaps a line break in its middle',
    ]);
  });

  it('names every file to watch once, from the folder of the settings file', async () => {
    const text = `clients:
  a: { issuer: https://a.example, clientId: { file: id }, clientSecret: { file: ../secret } }
  b: { issuer: https://b.example, clientId: { file: ./id }, clientSecret: { file: /run/secret } }
routes: [{ name: all, client: a }]
`;
    const world = aWorld({ files: { id: 'gateway', secret: CANARY } });
    const settings = await settingsOf(text, world);
    expect(settings.files).toEqual(['/settings/gatehouse.yaml', '/settings/id', '/secret', '/run/secret']);
    expect(world.read).toHaveLength(3);
  });

  it('reads nothing outside of the file offline, and still checks what is in it', async () => {
    const world = aWorld({ offline: true });
    const text = `${ONE_CLIENT}cache: { keys: [too-short], shared: { redis: { url: "redis://r:1", password: { file: absent } } } }\n`;
    expect(await problemsOf(text, world)).toEqual([
      'cache.keys[0]: the value must be 32 bytes in base64, as `openssl rand -base64 32` makes them',
    ]);
    expect(world.read).toEqual([]);
  });

  it('accepts keys of later versions where they say what happens anyway', async () => {
    const text = `listen: { grpc: { transport: grpc-js } }
workers: 1
clients:
  only:
    issuer: https://idp.example.com
    clientId: gateway
    clientSecret: { env: SECRET }
    introspection: { response: json }
cache: { inactive: { shared: false }, keys: [{ env: KEY }], shared: { redis: { url: "redis://r:1" }, coalesce: false } }
routes: [{ name: a, enforce: true, credential: { from: [header] }, stale: 0s }]
`;
    await settingsOf(text, aWorld({ environment: { SECRET: CANARY, KEY: CACHE_KEY } }));
  });

  it('needs no client where no route asks anybody', async () => {
    expect((await settingsOf('routes: [{ name: open, mode: public }]')).clients).toEqual([]);
  });

  it('reads anchors and aliases as what they stand for', async () => {
    const settings = await settingsOf(
      `${ONE_CLIENT}requirements: { writer: &writer { scopes: [w] } }\nroutes: [{ name: a, require: *writer }]`,
    );
    expect(settings.routes[0]?.require).toEqual([
      { ...DEMANDS_NOTHING, scopes: { kind: 'all', scopes: ['w'], strategy: 'exact' } },
    ]);
  });

  it('keeps a problem in one key from hiding those in others', async () => {
    expect(await problemsOf('drain: soon\nclients: []\nroutes: [{ name: a, mode: maybe }, 5]')).toEqual([
      'drain: "soon" is not a duration; write a whole number and its unit, as in 250ms, 10s, 5m or 1h',
      'clients: must be a map with names of your choice; found an empty list',
      'routes[0].mode: "maybe" is not one of required, optional, public, deny',
      'routes[1]: must be a map; found the number 5',
    ]);
  });

  it('loads three thousand routes', async () => {
    const routes = Array.from(
      { length: 3_000 },
      (_, index) => `  - { name: r${index}, match: { paths: [/r/${index}/**] } }`,
    );
    expect((await settingsOf(`${ONE_CLIENT}routes:\n${routes.join('\n')}\n`)).routes).toHaveLength(3_000);
  });

  it('reads Windows line ends and a byte order mark', async () => {
    await settingsOf(`\uFEFF${ONE_CLIENT}realm: x\n`.replaceAll('\n', '\r\n'), WORLD);
  });
});

/** What is not frozen, by its path. */
function thawed(value: unknown, path = 'settings'): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  return [
    ...(Object.isFrozen(value) ? [] : [path]),
    ...inner.flatMap(([key, child]) => thawed(child, `${path}.${key}`)),
  ];
}

const FULL = `
version: 1
listen:
  grpc:
    - address: "[::1]:0"
    - address: unix:/run/grpc.sock
    - { address: 0.0.0.0:9011, tls: { cert: tls.crt, key: tls.key, clientCa: ca.crt } }
  http:
    - address: 10.0.0.5:9005
      plaintext: true
      profile: envoy
      pathPrefix: /authz
      trustedPeers: [10.0.0.0/8]
      secretHeader: { name: X-Gatehouse-Key, value: { env: DOOR_KEY } }
      timeout: 500ms
  health: { address: 0.0.0.0:9004 }
scrub: [X-Auth-*, x-remote-user]
clients:
  orders:
    issuer: https://idp.example.com
    metadataUrl: http://idp.internal/metadata?x=1
    connectTo: { host: IDP.internal, port: 8443, serverName: Idp.example.com }
    allowAddresses: [169.254.0.0/16]
    endpointOrigins: ["https://mtls.example.com:443"]
    clientId: { env: ID }
    clientSecret: { env: SECRET }
    auth: client_secret_post
    introspection:
      tokenTypeHint: access_token
      tokenParameter: t
      params: { resource: https://api.example.com, tenant: ["1", "2"] }
      headers: { X-Tenant: blue, x-api-key: { env: SECRET } }
      facts: { params: { m: method, d: { header: X-Device } }, headers: { X-Host: host, x-p: path, x-c: clientAddress } }
      maxAnswer: 128KiB
      retry: true
      clientSelfOnly: true
    tls: { ca: ca.crt, minVersion: TLSv1.3 }
    limits: { concurrent: 8, queue: 0 }
    allowHttp: true
    required: true
    match:
      hosts: [Orders.example.com.]
      paths: [/o/**]
      methods: [GET]
      headers: { X-Tenant: blue }
      context: { tier: [gold, silver] }
  partner:
    introspection: { endpoint: "https://login.example.net/introspect?tenant=1" }
    connectTo: { host: "2001:db8::5" }
    clientId: gateway
    clientSecret: { env: SECRET }
cache:
  keys: [{ file: key }]
  inactive: { max: 0s }
  shared:
    redis: { url: "rediss://redis:6380/1", username: u, password: { file: redis } }
    timeout: 5ms
requirements:
  writer: { scopes: [orders:write] }
routes:
  - { name: health, mode: public, match: { paths: [/healthz] } }
  - name: orders
    match:
      hosts: [API.example.com., "*.Example.net", "[2001:db8::1]"]
      paths: [/orders/**, /*/x]
      methods: [POST, PURGE]
      headers: { X-Api-Version: "2" }
      context: { tier: [gold, silver] }
      serverNames: [API.example.com., "*.example.net"]
      routeMetadata: { com.example: { tier: [gold, silver] } }
    otherwise: next
    client: orders
    require: [writer, { scopes: { any: [a, b] }, audience: [https://api], issuer: [https://i] }]
    upstream:
      headers: { X-Auth-Subject: sub, x-auth-groups: { claim: [realm_access, roles], join: " " } }
      authorization: keep
      metadata: none
  - { name: rest, mode: optional, client: partner, require: { audience: [https://api] } }
`;
