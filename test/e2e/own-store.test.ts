import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyvStoreAdapter } from 'keyv';

import { runGatehouse } from '../support/gatehouse.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, type HouseDiffering, openAHouse, type OpenedHouse } from './support-house.ts';

// Stores that users bring along: as a module named in the settings, or from code.
const KEY = randomBytes(32).toString('base64');
const folder = temporaryFolder('own-store');
const houses: OpenedHouse[] = [];
let idp: Idp;

beforeAll(async () => {
  idp = await startIdp();
});
afterEach(async () => {
  idp.tokens.clear();
  await Promise.all(houses.splice(0).map((house) => house.close()));
});
afterAll(async () => {
  folder.remove();
  await idp?.stop();
});

const STORE = `const kept = new Map();
export default {
  get: async (name) => kept.get(name),
  set: async (name, value, ttl) => { if (!(ttl > 0)) throw new Error('no end'); kept.set(name, value); return true; },
  delete: async (name) => kept.delete(name),
  clear: async () => kept.clear(),
};
`;

describe("a store of the user's own", () => {
  it('as a module beside the settings file is shared by replicas', async () => {
    writeFileSync(join(folder.path, 'store.mjs'), STORE);
    await isShared(() => openHouse('module: ./store.mjs', { folder: folder.path }));
  });

  it('from code is shared by replicas, and is left open when they end', async () => {
    const kept = new Map<string, string>();
    const calls: string[] = [];
    const store = anAdapter(kept, calls);
    await isShared(() => openHouse(null, { cacheStore: store }));
    await Promise.all(houses.splice(0).map((house) => house.close()));
    expect(calls).not.toContain('disconnect');
    expect([...kept.values()].join()).not.toContain('alice');
  });

  it('that hangs is left alone, and the status page says so (T-40)', async () => {
    const hanging = { ...anAdapter(new Map(), []), get: () => new Promise<never>(() => undefined) };
    const house = await openHouse(null, { cacheStore: hanging });
    idp.tokens.set('good', {});
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    expect(await askForStatus(house, withToken('bad'))).toBe(401);
    expect(await house.metric('gatehouse_shared_cache_resting')).toBe(1);
    expect(await house.status()).toMatchObject({
      cache: { shared: { kind: 'from code', use: { state: 'resting' } } },
    });
  });

  it('needs a key that replicas share', async () => {
    const text = `${EVERY_DOOR}\nclients: { main: ${clientAt(idp.endpoint)} }\n`;
    await expect(openAHouse(text, { cacheStore: anAdapter(new Map(), []) })).rejects.toThrow('cache.keys');
  });
});

describe('a module that gives no store', () => {
  it.each([
    ['check', 'is not there', './absent.mjs', 'cache.shared.module: names a file that is not there'],
    ['serve', 'exports nothing', './empty.mjs', 'must export a Keyv store adapter'],
  ])('makes %s exit with 2 and say why, when it %s', async (command, _what, module, words) => {
    writeFileSync(join(folder.path, 'empty.mjs'), 'export {};\n');
    const file = join(folder.path, 'gatehouse.yaml');
    writeFileSync(
      file,
      `${EVERY_DOOR}\nclients: { main: ${clientAt(idp.endpoint)} }\ncache: { keys: [{ env: CACHE_KEY }], shared: { module: ${module} } }\n`,
    );
    const environment = { CACHE_KEY: KEY, CLIENT_SECRET: 'secret' };
    const { code, output } = await runGatehouse([command, '--config', file], { environment });
    expect(code).toBe(2);
    expect(output).toContain(words);
  });
});

async function openHouse(shared: string | null, differing: HouseDiffering): Promise<OpenedHouse> {
  const cache = `keys: [{ env: CACHE_KEY }]${shared === null ? '' : `, shared: { ${shared}, timeout: 500ms }`}`;
  const house = await openAHouse(
    `${EVERY_DOOR}\nclients: { main: ${clientAt(idp.endpoint)} }\ncache: { ${cache} }\n`,
    { ...differing, environment: { CACHE_KEY: KEY } },
  );
  houses.push(house);
  return house;
}

async function isShared(open: () => Promise<OpenedHouse>): Promise<void> {
  idp.tokens.set('warm', { sub: 'alice' });
  const first = await open();
  expect(await askForStatus(first, withToken('warm'))).toBe(200);
  await eventually('the answer in the store', async () =>
    (await first.metric('gatehouse_shared_cache_duration_seconds_count', { operation: 'put' })) > 0
      ? true
      : null,
  );
  const second = await open();
  idp.forget();
  expect(await askForStatus(second, withToken('warm'))).toBe(200);
  expect(idp.asked()).toEqual([]);
  const hits = await second.metric('gatehouse_cache_lookups_total', { tier: 'shared', outcome: 'active' });
  expect(hits).toBe(1);
}

function anAdapter(kept: Map<string, string>, calls: string[]): KeyvStoreAdapter {
  const adapter: KeyvStoreAdapter = {
    opts: undefined,
    on: () => adapter,
    get: async (name: string) => kept.get(name) as never,
    set: async (name: string, value: string) => kept.set(name, value),
    delete: async (name: string) => kept.delete(name),
    clear: async () => kept.clear(),
    disconnect: async () => void calls.push('disconnect'),
  };
  return adapter;
}
