import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Keyv } from 'keyv';
import { openKeyv } from '../../src/cache/index.ts';
import {
  createKeyvSource,
  entryNameOf,
  type RecordReader,
  sealRecord,
} from '../../src/client-store/index.ts';
import type { Seal } from '../../src/domain/index.ts';
import { createRecordSeal, deriveKeys } from '../../src/sealing/index.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { eventually } from '../support/processes.ts';
import { describeRecordStore } from './contract-of-records.ts';
import { openRedis } from './redis.ts';
import { answerFor, aRecord, aRecordScene, closeScenes } from './record-scene.ts';

const secret = randomBytes(32);
const seal = createRecordSeal([secret]);

function placeOf(store: Keyv<string>, reader: RecordReader, sealOf: () => Seal = () => seal) {
  let isAway = false;
  const entries = {
    get: async (name: string) => {
      if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
      return store.get(name);
    },
  };
  return {
    source: createKeyvSource({ reader, entries, seal: sealOf }),
    put: async (name: string, record: string) => {
      await store.set(entryNameOf(name), sealRecord(seal, name, Buffer.from(record)));
    },
    async remove(name: string) {
      await store.delete(entryNameOf(name));
    },
    away: () => void (isAway = true),
    back: () => void (isAway = false),
    close: () => undefined,
  };
}

describeRecordStore('keyv', { hasFamilies: true }, ({ reader }) => placeOf(openKeyv(new Map()), reader));

describe('over a real Redis', () => {
  let redis: RunningRedis;
  let isDead = false;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await closeScenes();
    await redis?.stop();
  });

  describeRecordStore('Redis', { hasFamilies: true }, async ({ reader }) => {
    if (isDead) await redis.restart();
    isDead = false;
    const opened = await openRedis(redis.url);
    await redis.command('FLUSHALL');
    const entries = { get: (name: string) => opened.store.get(name) };
    return {
      ...placeOf(opened.store, reader),
      source: createKeyvSource({ reader, entries, seal: () => seal }),
      async away() {
        isDead = true;
        await redis.kill();
      },
      async back() {
        await redis.restart();
        isDead = false;
        await eventually('Redis to be connected', () => (opened.isConnected() ? true : null));
      },
      close: async () => opened.close(),
    };
  });
});

describe('a record in a store that others can write to', () => {
  const aScene = async (sealOf: () => Seal = () => seal) => {
    const keyv = openKeyv(new Map());
    const scene = await aRecordScene(({ reader }) => placeOf(keyv, reader, sealOf));
    return { ...scene, keyv };
  };
  afterAll(closeScenes);

  it('is not readable there', async () => {
    const { keyv, place } = await aScene();
    await place.put('a', aRecord({ clientId: 'canary' }));
    const stored = String(await keyv.get(entryNameOf('a')));
    expect(stored).not.toContain('canary');
    expect(Buffer.from(stored, 'base64').toString('latin1')).not.toContain('canary');
  });

  it.each<[string, (name: string) => unknown]>([
    ['not sealed', () => aRecord()],
    [
      'sealed with another key',
      (name) => sealRecord(createRecordSeal([randomBytes(32)]), name, Buffer.from(aRecord())),
    ],
    ['sealed for another tenant', () => sealRecord(seal, 'b', Buffer.from(aRecord()))],
    [
      'sealed as an entry of the cache with the same key',
      (name) => deriveKeys(secret).seal.seal(entryNameOf(name), Buffer.from(aRecord())).toString('base64'),
    ],
    ['cut short', (name) => sealRecord(seal, name, Buffer.from(aRecord())).slice(0, -8)],
    ['empty', () => ''],
    ['a number', () => 7],
    ['endless', () => 'A'.repeat(2_000_000)],
  ])('is refused and counted when it is %s', async (_what, forged) => {
    const { keyv, ...scene } = await aScene();
    await keyv.set(entryNameOf('a'), forged('a') as string);
    expect(await answerFor(scene, 'a')).toMatch(/^client_store_failed: the record "a" is not sealed/);
    expect(scene.events).toContainEqual({ event: 'client_record_read', outcome: 'unsealed' });
  });

  it('keeps the version before it when a forged one takes its place', async () => {
    const { keyv, ...scene } = await aScene();
    await scene.place.put('a', aRecord({ clientId: 'good' }));
    expect(await answerFor(scene, 'a')).toBe('good');
    await keyv.set(entryNameOf('a'), sealRecord(seal, 'b', Buffer.from(aRecord({ clientId: 'theirs' }))));
    scene.later();
    expect(await answerFor(scene, 'a')).toBe('good');
    expect(scene.store.status()).toMatchObject({ broken: 1, trouble: null });
  });

  it('is opened after a change of keys, by the former one, until that is gone', async () => {
    const next = randomBytes(32);
    let current = createRecordSeal([next, secret]);
    const scene = await aScene(() => current);
    await scene.place.put('a', aRecord({ clientId: 'a' }));
    expect(await answerFor(scene, 'a')).toBe('a');
    current = createRecordSeal([next]);
    expect(await answerFor(scene, 'b')).toBe('no_client');
    await scene.place.put('c', aRecord());
    expect(await answerFor(scene, 'c')).toMatch(/is not sealed/);
  });
});
