import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Keyv } from 'keyv';
import { createKeyvBoard, createRedisBoard, openKeyv } from '../../src/cache/index.ts';
import { openRedisStore, type RedisStore } from '../../src/cache/redis-store.ts';
import { systemClock } from '../../src/cli/system.ts';
import { type MarkBoard, milliseconds, type RedisPlace, Secret } from '../../src/domain/index.ts';
import { eventually } from '../support/processes.ts';
import {
  type ClusterScene,
  type SentinelScene,
  startClusterScene,
  startSentinelScene,
} from '../support/redis-topologies.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';

// Whatever the store is, what one replica says there reaches the others, those that come later included.
const LIFE = milliseconds(60_000);
const RIGHTS =
  '~gatehouse:* &gatehouse:* +get +set +ping +asking +cluster|slots +xadd +xrange +xtrim +pexpire +publish +subscribe';
const opened: RedisStore[] = [];
let plain: RunningRedis;
let sentinel: SentinelScene;
let cluster: ClusterScene;

beforeAll(async () => {
  const user = ['--user', ...`gatehouse on >pass ${RIGHTS}`.split(' ')];
  const poor = ['--user', ...'poor on >pass ~gatehouse:* +get +set +ping'.split(' ')];
  [plain, sentinel, cluster] = await Promise.all([
    startRedis({ arguments: [...user, ...poor] }),
    startSentinelScene({
      serverArguments: user,
      sentinelLines: ['user gatehouse on >watch allchannels +ping +sentinel +psubscribe'],
    }),
    startClusterScene({ serverArguments: user }),
  ]);
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await Promise.all([plain, sentinel, cluster].map((scene) => scene?.stop()));
});

async function openBoard(place: RedisPlace, username = 'gatehouse'): Promise<MarkBoard> {
  const store = openRedisStore(
    { place, username, password: new Secret('pass'), tls: null },
    { observe: () => undefined, randomness: { fraction: () => 0.5 } },
  );
  opened.push(store);
  await eventually('a connection', () => (store.isConnected() ? true : null));
  return createRedisBoard({ place: 'test', command: store.command, clock: systemClock });
}

const single = (): RedisPlace => ({
  kind: 'single',
  node: { host: '127.0.0.1', port: plain.port },
  database: 0,
});
const behindSentinel = (): RedisPlace => ({
  kind: 'sentinel',
  name: sentinel.name,
  nodes: sentinel.nodes,
  username: 'gatehouse',
  password: new Secret('watch'),
});
const ofCluster = (): RedisPlace => ({ kind: 'cluster', nodes: cluster.nodes.slice(0, 3) });

const textsIn = async (board: MarkBoard): Promise<readonly string[] | null> => {
  const page = await board.load(null);
  return page.ok ? page.value.texts : null;
};

describe.each([
  ['one Redis', single],
  ['Redis behind Sentinel', behindSentinel],
  ['a Redis Cluster', ofCluster],
])('a board over %s', (_what, place) => {
  it('tells at once who hears, and keeps it for who comes later (INV-2)', async () => {
    const [first, second] = [await openBoard(place()), await openBoard(place())];
    const heard: string[] = [];
    second.onText((text) => void heard.push(text));
    await second.load(null);
    // From here on it is not read again: what comes was told.
    let said = 0;
    await eventually('a text to be heard', async () => {
      expect((await first.publish([`text ${(said += 1)}`], LIFE)).ok).toBe(true);
      return heard.length > 0 ? true : null;
    });
    const late = await openBoard(place());
    expect(await textsIn(late)).toEqual(Array.from({ length: said }, (_, index) => `text ${index + 1}`));
  });
});

describe('a board over one Redis', () => {
  it('reads from where it was, and tells when that is all', async () => {
    await plain.command('FLUSHALL');
    const board = await openBoard(single());
    await board.publish(['one', 'two'], LIFE);
    const all = await board.load(null);
    expect(all).toMatchObject({ ok: true, value: { texts: ['one', 'two'], isWhole: true } });
    await board.publish(['three'], LIFE);
    const more = await board.load(all.ok ? all.value.until : null);
    expect(more).toMatchObject({ value: { isWhole: false } });
    expect(more.ok && more.value.texts).toContain('three');
  });

  it('lets go of what is older than answers become, and of all when nothing comes', async () => {
    await plain.command('FLUSHALL');
    const board = await openBoard(single());
    await board.publish(['old'], LIFE);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await board.publish(['new'], milliseconds(5));
    expect(await plain.command('XLEN', 'gatehouse:1:marks')).toMatch(/^:[01]$/);
    await eventually('the stream to be gone', async () =>
      (await plain.command('EXISTS', 'gatehouse:1:marks')) === ':0' ? true : null,
    );
  });

  it('says who may not, and who is not there', async () => {
    const poor = await openBoard(single(), 'poor');
    expect([await poor.publish(['text'], LIFE), await poor.load(null)]).toEqual([
      { ok: false, failure: 'refused' },
      { ok: false, failure: 'refused' },
    ]);
    const absent = openRedisStore(
      {
        place: { ...single(), node: { host: '127.0.0.1', port: 1 } } as RedisPlace,
        username: null,
        password: null,
        tls: null,
      },
      { observe: () => undefined, randomness: { fraction: () => 0.5 } },
    );
    opened.push(absent);
    const nowhere = createRedisBoard({ place: 'nowhere', command: absent.command, clock: systemClock });
    expect(await nowhere.publish(['text'], LIFE)).toEqual({ ok: false, failure: 'unavailable' });
  });
});

describe('a board over a Keyv store', () => {
  const boards = (store = new Map<string, string>()) =>
    [0, 1].map(() => createKeyvBoard({ place: 'test', store: openKeyv(store), clock: systemClock })) as [
      MarkBoard,
      MarkBoard,
    ];

  it('shows what others have left there, all of it each time', async () => {
    const [first, second] = boards();
    expect((await first.publish(['one'], LIFE)).ok).toBe(true);
    await second.publish(['two', 'one'], LIFE);
    expect(await second.load(null)).toEqual({
      ok: true,
      value: { texts: ['two', 'one'], until: null, isWhole: true },
    });
    expect(await textsIn(first)).toEqual(['two', 'one']);
  });

  it('forgets what is older than answers become', async () => {
    const [board] = boards();
    await board.publish(['old'], milliseconds(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await board.publish(['new'], LIFE);
    expect(await textsIn(board)).toEqual(['new']);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['a list of other things', '[1,null,{"text":7},{"text":"a"},"b"]'],
    ['an object', '{"texts":["a"]}'],
  ])('takes %s in its place for nothing', async (_what, value) => {
    const [board] = boards(new Map([['gatehouse:1:marks', value]]));
    expect(await textsIn(board)).toEqual([]);
  });

  it('that throws, or never answers, is not there', async () => {
    const [no, never] = [() => Promise.reject(new Error('no')), () => new Promise(() => undefined)];
    const [throwing, silent] = [no, never].map((verb) =>
      openKeyv({ get: verb, set: verb, delete: verb, clear: verb } as never),
    ) as [Keyv<string>, Keyv<string>];
    for (const store of [throwing, silent]) {
      const board = createKeyvBoard({ place: 'test', store, clock: systemClock });
      expect(await board.load(null)).toEqual({ ok: false, failure: 'unavailable' });
      expect(await board.load(null)).toEqual({ ok: false, failure: 'unavailable' });
    }
  });
});
