import { describe, expect, it } from '@jest/globals';
import { compareForReload } from '../../src/config/index.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { settingsOf } from './read.ts';
import { aWorld, CACHE_KEY, CANARY } from './worlds.ts';

const [door, renewed] = [createSelfSigned(), createSelfSigned()];

const BASE = `
listen:
  grpc: [{ address: 127.0.0.1:9001, tls: { cert: crt, key: key, clientCa: crt } }]
  http: [{ address: 127.0.0.1:9002, profile: envoy, pathPrefix: /a, secretHeader: { name: x-key, value: { env: DOOR } } }]
  health: { address: 127.0.0.1:9004 }
clients: { only: { issuer: https://a.example, clientId: a, clientSecret: { env: SECRET } } }
cache: { keys: [{ env: KEY }], shared: { redis: { url: "redis://r:1", password: { env: REDIS } } } }
`;

const ENVIRONMENT = {
  SECRET: CANARY,
  DOOR: 'door-secret',
  KEY: CACHE_KEY,
  REDIS: 'redis-secret',
  OPERATOR: 'secret-of-operators',
};

async function needingRestart(
  change: (text: string) => string,
  {
    environment = {},
    certificate = door,
  }: { environment?: Record<string, string>; certificate?: typeof door } = {},
): Promise<readonly string[]> {
  const files = (pair: typeof door) => ({ crt: pair.cert, key: pair.key });
  const before = await settingsOf(BASE, aWorld({ environment: ENVIRONMENT, files: files(door) }));
  const after = await settingsOf(
    change(BASE),
    aWorld({ environment: { ...ENVIRONMENT, ...environment }, files: files(certificate) }),
  );
  return compareForReload(before, after);
}

const same = (text: string): string => text;

describe('compareForReload', () => {
  it.each([
    ['nothing changed', same, {}],
    ['a client secret changed', same, { environment: { SECRET: 'other' } }],
    ['a certificate, its key and the client authorities were renewed', same, { certificate: renewed }],
    [
      'clients, routes, times and memory changed',
      (text: string) => `${text}drain: 5s\nrealm: other\nroutes: [{ name: a }]\n`,
      {},
    ],
    [
      'the memory tier changed',
      (text: string) => text.replace('cache: {', 'cache: { active: { max: 1s },'),
      {},
    ],
  ])('asks for no restart when %s', async (_, change, differing) => {
    expect(await needingRestart(change, differing)).toEqual([]);
  });

  it.each([
    ['listen.grpc[0].address', '127.0.0.1:9001', '127.0.0.1:9009'],
    ['listen.grpc[0].tls', ', tls: { cert: crt, key: key, clientCa: crt }', ''],
    ['listen.grpc[0].tls', ', clientCa: crt', ''],
    ['listen.grpc[0].tls', ', clientCa: crt', ', clientCa: crt, allowedPeers: [envoy]'],
    ['listen.grpc', 'grpc: [', 'grpc: [{ address: 127.0.0.1:9100 }, '],
    ['listen.http[0].profile', 'envoy, pathPrefix: /a', 'nginx'],
    ['listen.http[0].pathPrefix', '/a,', '/b,'],
    ['listen.http[0].secretHeader', 'x-key', 'x-other'],
    ['listen.http[0].timeout', 'profile: envoy', 'profile: envoy, timeout: 1s'],
    ['listen.http[0].trustedPeers', 'profile: envoy', 'profile: envoy, trustedPeers: [10.0.0.0/8]'],
    ['listen.health', '127.0.0.1:9004', '127.0.0.1:9014'],
    ['listen.health', '  health: { address: 127.0.0.1:9004 }\n', ''],
    ['listen.admin', '  health:', '  admin: { address: 127.0.0.1:9013 }\n  health:'],
    ['listen.admin', '  health:', '  admin: { auth: { bearer: { env: OPERATOR } } }\n  health:'],
    ['listen.admin', '  health:', '  admin: { tls: { cert: crt, key: key } }\n  health:'],
    ['cache.shared', 'redis://r:1', 'redis://r:2'],
    ['cache.shared', ', shared: { redis: { url: "redis://r:1", password: { env: REDIS } } }', ''],
  ])('names %s when %j becomes %j', async (key, from, to) => {
    expect(await needingRestart((text) => text.replace(from, to))).toContain(key);
  });

  it('asks for no restart when the secret and the certificate of operators were renewed', async () => {
    const admin = 'admin: { auth: { bearer: { env: OPERATOR } }, tls: { cert: crt, key: key } }';
    const text = BASE.replace('  health:', `  ${admin}\n  health:`);
    const files = (pair: typeof door) => ({ crt: pair.cert, key: pair.key });
    const before = await settingsOf(text, aWorld({ environment: ENVIRONMENT, files: files(door) }));
    const environment = { ...ENVIRONMENT, OPERATOR: 'another-of-operators' };
    const after = await settingsOf(text, aWorld({ environment, files: files(renewed) }));
    expect(compareForReload(before, after)).toEqual([]);
    expect(before.generation).not.toBe(after.generation);
  });

  it('asks for no restart when certificates and passwords on the way to Sentinel were renewed', async () => {
    const sentinel = (more: string) =>
      BASE.replace(
        'url: "redis://r:1"',
        `sentinel: { name: main, nodes: ["s:1"], password: { env: DOOR } }, tls: { ca: crt, cert: crt, key: key${more} }`,
      );
    const environment = { REDIS: 'another-secret', DOOR: 'another-secret' };
    const before = await settingsOf(
      sentinel(''),
      aWorld({ environment: ENVIRONMENT, files: { crt: door.cert, key: door.key } }),
    );
    const after = await settingsOf(
      sentinel(', serverName: redis.internal'),
      aWorld({
        environment: { ...ENVIRONMENT, ...environment },
        files: { crt: renewed.cert, key: renewed.key },
      }),
    );
    expect(compareForReload(before, after)).toEqual([]);
  });

  it.each([
    ["a door's secret", { DOOR: 'another-secret' }],
    ['the password of Redis', { REDIS: 'another-secret' }],
    ['a cache key', { KEY: Buffer.alloc(32, 9).toString('base64') }],
  ])('asks for no restart when %s was rotated', async (_what, environment) => {
    expect(await needingRestart(same, { environment })).toEqual([]);
  });
});
