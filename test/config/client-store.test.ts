import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { compareForReload, printSettings } from '../../src/config/index.ts';
import { settingsOf } from './read.ts';
import { aWorld, CACHE_KEY, CANARY } from './worlds.ts';

const OTHER_KEY = Buffer.alloc(32, 7).toString('base64');

const WORLD = aWorld({ environment: { TOKEN: CANARY }, files: { region: 'eu\n' } });

describe('the settings of a client store', () => {
  it('of a folder: relative paths start at the folder of the file', async () => {
    const { clientStore } = await settingsOf(
      'clientStore: { directory: { path: tenants, secrets: ./secrets, issuers: ["https://*.idp.example.com"] } }',
    );
    expect(clientStore).toMatchObject({
      source: {
        kind: 'directory',
        path: expect.stringMatching(/^\/.*\/tenants$/),
        secrets: expect.stringMatching(/^\/.*\/secrets$/),
        issuers: ['https://*.idp.example.com'],
      },
      by: { kind: 'host' },
      recheck: 5_000,
      missing: 5_000,
      timeout: 2_000,
      entries: 10_000,
      limits: { concurrent: 64, queue: 1_024 },
    });
  });

  const SERVICE = `
clientStore:
  http:
    url: https://tenants.internal/v1/{tenant}?x=1
    bearer: { env: TOKEN }
    headers: { X-Region: { file: region }, x-plain: yes-it-is }
    issuers: [https://idp.example.com]
  by: { header: X-Tenant }
`;

  it('of a service: secrets are read, and none is shown', async () => {
    const settings = await settingsOf(SERVICE, WORLD);
    const source = settings.clientStore?.source;
    if (source?.kind !== 'http') throw new Error('no service');
    expect(source).toMatchObject({
      url: 'https://tenants.internal/v1/{tenant}?x=1',
      maxAge: 300_000,
      secrets: null,
    });
    expect(source.headers.map(({ name, value }) => `${name}: ${value.reveal()}`)).toEqual([
      `authorization: Bearer ${CANARY}`,
      'x-region: eu',
      'x-plain: yes-it-is',
    ]);
    expect(settings.clientStore?.by).toEqual({ kind: 'header', name: 'x-tenant' });
    expect(settings.files.some((file) => file.endsWith('/region'))).toBe(true);
    const printed = printSettings(settings);
    expect(printed).not.toContain(CANARY);
    expect(parse(printed)).toMatchObject({
      clientStore: { http: { bearer: '[set]', headers: { 'X-Region': '[set]', 'x-plain': '[set]' } } },
    });
  });

  const KEYV = 'redis: { url: "redis://r:6379" }, issuers: [https://idp.example.com]';
  const withKeys = aWorld({ environment: { KEY: CACHE_KEY, OTHER: OTHER_KEY } });
  const keysOf = async (text: string) => {
    const { clientStore } = await settingsOf(text, withKeys);
    if (clientStore?.source.kind !== 'keyv') throw new Error('no Keyv store');
    return clientStore.source.keys.map((key) => key.reveal());
  };

  it('of a Keyv store: its own keys, else those of the cache', async () => {
    expect(await keysOf(`clientStore: { keyv: { ${KEYV}, keys: [{ env: OTHER }, { env: KEY }] } }`)).toEqual([
      OTHER_KEY,
      CACHE_KEY,
    ]);
    expect(await keysOf(`clientStore: { keyv: { ${KEYV} } }\ncache: { keys: [{ env: KEY }] }`)).toEqual([
      CACHE_KEY,
    ]);
    const settings = await settingsOf(`clientStore: { keyv: { ${KEYV}, keys: [{ env: OTHER }] } }`, withKeys);
    expect(parse(printSettings(settings))).toMatchObject({ clientStore: { keyv: { keys: ['[set]'] } } });
  });

  it('of a module: a path, and what its records may do beside it', async () => {
    const { clientStore } = await settingsOf(
      'clientStore: { module: ./my-store.js, secrets: s, issuers: [https://idp.example.com] }',
    );
    expect(clientStore?.source).toEqual({
      kind: 'module',
      path: expect.stringMatching(/^\/.*\/my-store\.js$/),
      secrets: expect.stringMatching(/\/s$/),
      issuers: ['https://idp.example.com'],
    });
  });

  it('that name other code need a restart; other keys, secrets and issuers do not', async () => {
    const module = (path: string, issuer = 'https://idp.example.com') =>
      settingsOf(`clientStore: { module: ${path}, issuers: [${issuer}] }`);
    const [one, same, other] = [
      await module('a.js'),
      await module('a.js', 'https://b.example.com'),
      await module('b.js'),
    ];
    const none = await settingsOf(
      'clientStore: { directory: { path: t, issuers: [https://idp.example.com] } }',
    );
    expect(compareForReload(one, same)).toEqual([]);
    expect(compareForReload(one, other)).toEqual(['clientStore.module']);
    expect(compareForReload(none, one)).toEqual(['clientStore.module']);
    expect(compareForReload(one, none)).toEqual([]);
  });

  it.each([
    ['serverName', { kind: 'serverName' }],
    ['{ context: tenant }', { kind: 'context', name: 'tenant' }],
    ['{ segment: 2 }', { kind: 'segment', position: 2 }],
    [
      '{ metadata: { namespace: tenants, key: name } }',
      { kind: 'metadata', namespace: 'tenants', key: 'name' },
    ],
  ])('name the tenant of a request by %s', async (by, expected) => {
    const { clientStore } = await settingsOf(
      `clientStore: { directory: { path: t, issuers: [https://idp.example.com] }, by: ${by} }`,
    );
    expect(clientStore?.by).toEqual(expected);
  });
});
