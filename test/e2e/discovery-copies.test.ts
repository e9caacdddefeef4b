import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type FaultServer, json, startFaultServer, status } from '../support/fault-server.ts';
import { eventually } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// A restart while the metadata cannot be had, with a copy of it in a real Redis.
const PLACE = '/.well-known/oauth-authorization-server';
const KEY = randomBytes(32).toString('base64');
let redis: RunningRedis;
let server: FaultServer;
const houses: OpenedHouse[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.command('FLUSHALL');
  server = await startFaultServer();
  server.on('/introspect', json({ active: true, sub: 'alice' }));
  server.on(PLACE, json({ issuer: server.origin, introspection_endpoint: server.url('/introspect') }));
});
afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()));
  await server.stop();
});
afterAll(() => redis?.stop());

async function openHouse(discovery: string, key = KEY): Promise<OpenedHouse> {
  const house = await openAHouse(
    `${EVERY_DOOR}
clients:
  main: { issuer: "${server.origin}", allowHttp: true, clientId: gateway, clientSecret: { env: CLIENT_SECRET } }
discovery: ${discovery}
cache: { keys: [{ env: CACHE_KEY }], shared: { redis: { url: "${redis.url}" }, timeout: 500ms } }
`,
    { environment: { CACHE_KEY: key, CLIENT_SECRET: 's3cret' } },
  );
  houses.push(house);
  return house;
}

const documents = () => redis.command('KEYS', 'gatehouse:1:document:*');
const asked = (house: OpenedHouse, token: string) => askForStatus(house, withToken(token));

describe('a restart while the metadata cannot be had', () => {
  it('goes on where the houses before kept a copy in Redis, sealed', async () => {
    const before = await openHouse('{ sharedCopies: true }');
    expect(await asked(before, 'first')).toBe(200);
    await eventually('the copy to be in Redis', async () =>
      (await documents()).includes('gatehouse:1:document:') ? true : null,
    );
    const [, name = ''] = /(gatehouse:1:document:[\w-]+)/.exec(await documents()) ?? [];
    expect(await redis.command('GET', name)).not.toContain('introspect');
    await before.close();

    server.on(PLACE, status(503));
    const after = await openHouse('{ sharedCopies: true }');
    await eventually('a token to pass', async () => ((await asked(after, 'second')) === 200 ? true : null));
    expect(JSON.parse((await after.page('/status')).text)).toMatchObject({
      clients: {
        main: {
          endpoint: server.url('/introspect'),
          metadata: {
            ageMs: null,
            lastFault: {
              reason: 'metadata_unavailable',
              detail: expect.stringContaining('a copy from the shared store'),
            },
          },
        },
      },
    });
  });

  it.each([
    ['nobody asked for copies', '{}', KEY],
    ['the copy is of another deployment', '{ sharedCopies: true }', randomBytes(32).toString('base64')],
  ])('answers 503 where %s', async (_what, discovery, key) => {
    const before = await openHouse('{ sharedCopies: true }');
    expect(await asked(before, 'first')).toBe(200);
    await eventually('the copy to be in Redis', async () =>
      (await documents()).includes('gatehouse:1:document:') ? true : null,
    );
    await before.close();

    server.on(PLACE, status(503));
    const after = await openHouse(discovery, key);
    await eventually('the shared store to be connected', async () =>
      (await after.metric('gatehouse_shared_cache_connected')) === 1 ? true : null,
    );
    await eventually('two attempts', async () =>
      server.requests.filter(({ path }) => path === PLACE).length > 3 ? true : null,
    );
    expect(await asked(after, 'second')).toBe(503);
  });
});
