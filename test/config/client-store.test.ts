import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { printSettings } from '../../src/config/index.ts';
import { settingsOf } from './read.ts';
import { aWorld, CANARY } from './worlds.ts';

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
