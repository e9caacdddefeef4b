import KeyvRedis from '@keyv/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Keyv } from 'keyv';

import { createDocumentShelf, openKeyv } from '../../src/cache/index.ts';
import {
  epochMilliseconds,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
} from '../../src/domain/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';

const clock = {
  now: () => epochMilliseconds(Date.now()),
  monotonic: () => monotonicMilliseconds(performance.now()),
};
const HOUR = milliseconds(3_600_000);
const DOCUMENT = Buffer.from('{"issuer":"https://idp.example"}');

let redis: RunningRedis;
let overRedis: Keyv<string>;
beforeAll(async () => {
  redis = await startRedis();
  overRedis = openKeyv(new KeyvRedis<string>(redis.url));
});
afterAll(async () => {
  await overRedis.disconnect();
  await redis.stop();
});

function open(store: Keyv<string>, { key = 1, former = 0 } = {}) {
  const events: HouseEvent[] = [];
  const formerSeal = former === 0 ? null : deriveKeys(Buffer.alloc(32, former)).seal;
  const { seal } = deriveKeys(Buffer.alloc(32, key));
  const shelf = createDocumentShelf({
    store,
    seal,
    formerSeal,
    clock,
    observe: (event) => void events.push(event),
  });
  return { shelf, events };
}

describe.each([
  ['a Map', () => openKeyv(new Map<string, string>())],
  ['a real Redis', () => overRedis],
])('a shelf of documents over %s', (_what, openStore) => {
  it('gives back what was kept under the same name, and only there', async () => {
    const { shelf, events } = open(openStore());
    expect(await shelf.recall('nothing')).toBeNull();
    await shelf.keep('one', DOCUMENT, HOUR);
    expect(await shelf.recall('one')).toEqual(DOCUMENT);
    expect(await shelf.recall('two')).toBeNull();
    expect(events).toEqual([]);
  });

  it('keeps nothing that can be read in the store, nor moved to another name (T-39)', async () => {
    const store = openStore();
    const { shelf, events } = open(store);
    await shelf.keep('sealed', DOCUMENT, HOUR);
    const name = 'gatehouse:1:document:sealed';
    const value = await store.get(name);
    expect(Buffer.from(String(value), 'base64').toString('latin1')).not.toContain('issuer');
    await store.set('gatehouse:1:document:moved', String(value));
    expect(await shelf.recall('moved')).toBeNull();
    expect(events).toEqual([{ event: 'cache_failed', operation: 'get', cause: 'unsealable' }]);
  });

  it('opens what the key before sealed, and nothing of another deployment', async () => {
    const store = openStore();
    await open(store, { key: 7 }).shelf.keep('rotated', DOCUMENT, HOUR);
    expect(await open(store, { key: 8, former: 7 }).shelf.recall('rotated')).toEqual(DOCUMENT);
    expect(await open(store, { key: 8 }).shelf.recall('rotated')).toBeNull();
  });

  it('forgets at the end of its time', async () => {
    const { shelf } = open(openStore());
    await shelf.keep('short', DOCUMENT, milliseconds(30));
    const until = performance.now() + 5_000;
    while ((await shelf.recall('short')) !== null && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await shelf.recall('short')).toBeNull();
  });

  it('does not keep what is too large', async () => {
    const { shelf, events } = open(openStore());
    await shelf.keep('large', Buffer.alloc(400 * 1024), HOUR);
    expect(await shelf.recall('large')).toBeNull();
    expect(events).toEqual([{ event: 'cache_failed', operation: 'put', cause: 'oversized' }]);
  });
});

describe('a shelf of documents over a store that fails', () => {
  it('has nothing, rejects nothing, and says so', async () => {
    const refuse = (): never => {
      throw new Error('of the store');
    };
    const broken = Object.assign(new Map<string, string>(), { get: refuse, set: refuse });
    const { shelf, events } = open(openKeyv(broken));
    expect(await shelf.recall('one')).toBeNull();
    await shelf.keep('one', DOCUMENT, HOUR);
    expect(events).toEqual([
      { event: 'cache_failed', operation: 'get', cause: 'error' },
      { event: 'cache_failed', operation: 'put', cause: 'error' },
    ]);
  });

  it('waits for a store that hangs a second and no longer', async () => {
    const hanging = openKeyv(new Map<string, string>());
    const never = new Promise<never>(() => undefined);
    const { shelf, events } = open(Object.assign(hanging, { get: () => never }));
    expect(await shelf.recall('one')).toBeNull();
    expect(events).toEqual([{ event: 'cache_failed', operation: 'get', cause: 'timeout' }]);
  });
});
