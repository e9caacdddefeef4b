import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { printSettings, type Settings } from '../../src/config/index.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { ONE_CLIENT, settingsOf } from './read.ts';
import { aWorld, CACHE_KEY, CANARY } from './worlds.ts';

const door = createSelfSigned();
const WORLD = aWorld({
  environment: { SECRET: CANARY, KEY: CACHE_KEY, DOOR_KEY: `${CANARY}-door` },
  files: { crt: door.cert, key: door.key, redis: `${CANARY}-redis` },
});

const SECRETIVE = `
listen:
  grpc: { tls: { cert: crt, key: key } }
  http: [{ address: 127.0.0.1:9002, profile: nginx, secretHeader: { name: x-key, value: { env: DOOR_KEY } } }]
clients:
  named: { issuer: https://a.example, clientId: a, clientSecret: { env: SECRET } }
  literal: { issuer: https://b.example, clientId: b, clientSecret: ${CANARY}, introspection: { headers: { x-a: ${CANARY} } } }
cache: { keys: [{ env: KEY }], shared: { redis: { url: "redis://r:1", password: { file: redis } } } }
routes:
  - { name: open, mode: public, match: { paths: [/open] } }
  - { name: rest, client: named }
`;

describe('printSettings', () => {
  it('shows every default and nothing that is not a setting', async () => {
    const printed: unknown = parse(printSettings(await settingsOf(ONE_CLIENT)));
    expect(printed).toMatchObject({
      version: 1,
      listen: { grpc: { address: '127.0.0.1:9001' }, admin: { address: '127.0.0.1:9003' } },
      wait: { max: '2s', margin: '20ms' },
      clients: { only: { clientSecret: '[set]', limits: { concurrent: 64, queue: 256 } } },
      routes: [{ name: 'default', mode: 'required', upstream: { authorization: 'strip' } }],
    });
  });

  it('shows what `authorization` is where its default depends on the mode', async () => {
    const printed = parse(printSettings(await settingsOf(SECRETIVE, WORLD))) as {
      routes: { upstream: { authorization: string } }[];
    };
    expect(printed.routes.map(({ upstream }) => upstream.authorization)).toEqual(['keep', 'strip']);
  });

  it('shows no secret, wherever it came from (T-51)', async () => {
    const settings = await settingsOf(SECRETIVE, WORLD);
    const printed = printSettings(settings);
    expect(printed.match(/\[set\]/g)).toHaveLength(6);
    for (const text of [printed, JSON.stringify(settings), inspect(settings, { depth: 20 })]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(CACHE_KEY);
      expect(text).not.toContain(door.key.split('\n')[1]);
    }
  });

  it('prints a file that reads as the same settings', async () => {
    const settings = await settingsOf(SECRETIVE, WORLD);
    const again = await settingsOf(printSettings(settings).replaceAll(/"\[set\]"/g, CACHE_KEY), WORLD);
    expect(withoutSecrets(again)).toEqual(withoutSecrets(settings));
  });
});

function withoutSecrets({ listen, clients, routes, wait, drain, cache }: Settings): unknown {
  return JSON.parse(JSON.stringify({ listen, clients, routes, wait, drain, cache }));
}
