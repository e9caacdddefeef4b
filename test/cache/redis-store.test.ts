import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createSharedCache } from '../../src/cache/index.ts';
import { openRedisStore, type RedisStore } from '../../src/cache/redis-store.ts';
import { milliseconds, MISS, type RedisSettings, Secret } from '../../src/domain/index.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { eventually, freePort } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { describeTokenCache } from './contract.ts';
import { aClock, aKey, anActiveRecord, anObserver, SHARED } from './records.ts';

const KIND = 'introspection';
const { seal } = deriveKeys(Buffer.alloc(32, 7));
const key = aKey('alice');
const NAME = `gatehouse:1:introspection:${key}`;

let redis: RunningRedis;
const opened: RedisStore[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(closeAll);
afterAll(() => redis.stop());

describeTokenCache('shared, over a real Redis', async (clock) => {
  await closeAll();
  await redis.command('FLUSHALL');
  const { cache, isConnected } = open({ clock });
  await isConnected();
  return cache;
});

describe('what a real Redis keeps', () => {
  it('is one entry under its own name, with an end that Redis knows', async () => {
    await redis.command('FLUSHALL');
    const { cache, isConnected } = open();
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());
    expect(await redis.command('KEYS', '*')).toBe(`*1\r\n$${NAME.length}\r\n${NAME}`);
    const [, leftMs] = /^:(\d+)$/.exec(await redis.command('PTTL', NAME)) ?? [];
    expect(Number(leftMs)).toBeGreaterThan(0);
    expect(Number(leftMs)).toBeLessThanOrEqual(60_000);
  });

  it.each<[string, string, readonly string[]]>([
    ['get unsealable', 'a forged value', ['SET', NAME, '{"active":true,"sub":"admin"}']],
    ['get oversized', 'a gigantic value', ['SET', NAME, 'A'.repeat(2 * 1024 * 1024)]],
    ['get error', 'a value of another Redis type', ['LPUSH', NAME, 'x']],
  ])('counts %s and misses when it holds %s (T-39)', async (failure, _what, command) => {
    const { cache, isConnected, failures } = open({ timeout: 2_000 });
    await isConnected();
    await redis.command('DEL', NAME);
    await redis.command(...command);
    expect([await cache.get(KIND, key), failures()]).toEqual([MISS, [failure]]);
  });

  it('is found by another replica', async () => {
    const [writer, reader] = [open(), open()];
    await Promise.all([writer.isConnected(), reader.isConnected()]);
    const record = anActiveRecord();
    await writer.cache.put(KIND, key, record);
    expect(await reader.cache.get(KIND, key)).toEqual({ kind: 'hit', record });
  });
});

describe('a Redis in trouble (T-40)', () => {
  it('frozen, is paid for by the checks that wait when the first timeout fires and by no later one; then is used again', async () => {
    const { cache, isConnected, failures } = open({ timeout: 50 });
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());

    redis.pause();
    const waiting = await Promise.all(Array.from({ length: 10 }, () => cache.get(KIND, key)));
    const paidAtFirst = failures().filter((failure) => failure === 'get timeout').length;
    for (let check = 0; check < 100; check += 1) {
      await cache.get(KIND, aKey(`check ${check}`));
      await sleep(5);
    }
    const paid = failures().filter((failure) => failure === 'get timeout').length;
    redis.resume();

    expect(waiting).toEqual(waiting.map(() => MISS));
    expect(paid - paidAtFirst).toBeLessThanOrEqual(5);
    expect(paid).toBeLessThanOrEqual(15);
    await isRemembered(cache);
  });

  it('killed, is a miss for each check, and is used again after a restart', async () => {
    const { cache, isConnected, failures } = open();
    await isConnected();
    await redis.kill();
    for (let check = 0; check < 50; check += 1) expect(await cache.get(KIND, key)).toEqual(MISS);
    expect(failures()).not.toContain('get timeout');

    await redis.restart();
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());
    await isRemembered(cache);
  });

  it('not there at start, is a miss at once, and is used as soon as it comes', async () => {
    const port = await freePort();
    const { cache, store, isConnected, failures } = open({ port });
    expect(await cache.get(KIND, key)).toEqual(MISS);
    await eventually('a failed attempt to connect', () =>
      store.status()['lastFailure'] === null ? null : true,
    );
    expect(store.status()).toEqual({
      kind: 'single',
      address: `127.0.0.1:${port}`,
      state: 'disconnected',
      lastFailure: 'ECONNREFUSED',
    });
    expect(new Set(failures())).toEqual(new Set(['get unavailable', 'connection unavailable']));

    const late = await startRedis({ port });
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());
    await isRemembered(cache);
    await closeAll();
    await late.stop();
  });

  it('full, refuses to store, which is counted as such, and still answers', async () => {
    const { cache, isConnected, failures } = open();
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await cache.put(KIND, aKey('bob'), anActiveRecord());
    expect([(await cache.get(KIND, key)).kind, failures()]).toEqual(['hit', ['put full']]);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  });

  it('behind a connection that has gone silent, is reached over a new one', async () => {
    const proxy = await aProxy(redis.port);
    const { cache, isConnected } = open({ port: proxy.port, timeout: 50 });
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());
    proxy.silenceAll();
    await isRemembered(cache);
    await closeAll();
    await proxy.close();
  });
});

describe('who we are to Redis', () => {
  it('is an ACL user that may do nothing but what the cache needs', async () => {
    const rights = ['on', '>pass word', '~gatehouse:*', '+get', '+set', '+ping'];
    await redis.command('ACL', 'SETUSER', 'gatehouse', ...rights);
    const { cache, isConnected, failures } = open({
      username: 'gatehouse',
      password: new Secret('pass word'),
    });
    await isConnected();
    await cache.put(KIND, key, anActiveRecord());
    expect([(await cache.get(KIND, key)).kind, failures()]).toEqual(['hit', []]);
  });

  it('is told as a refusal when it is wrong, without the password', async () => {
    const { store, failures } = open({ username: 'gatehouse', password: new Secret('wrong-password') });
    await eventually('a refusal', () => (failures().length === 0 ? null : true));
    expect(failures()[0]).toBe('connection error');
    expect(store.status()).toMatchObject({ state: 'disconnected', lastFailure: 'WRONGPASS' });
  });
});

describe('a rotated password', () => {
  it('is used from the next connection on, without a restart', async () => {
    const rights = ['on', 'resetpass', '>first', '~gatehouse:*', '+get', '+set', '+ping'];
    await redis.command('ACL', 'SETUSER', 'rotating', ...rights);
    const { store, isConnected } = open({ username: 'rotating', password: new Secret('first') });
    await isConnected();

    store.renew(aRedis({ username: 'rotating', password: new Secret('second') }));
    await redis.command('ACL', 'SETUSER', 'rotating', 'resetpass', '>second');
    await redis.command('CLIENT', 'KILL', 'USER', 'rotating');
    await eventually('the loss', () => (store.status()['lastFailure'] === null ? null : true));
    await isConnected();
    expect(store.status()['state']).toBe('connected');
  });
});

describe('a closed store', () => {
  it('fails at once, and opens no connection again', async () => {
    const { cache, store, isConnected, failures } = open();
    await isConnected();
    await store.close();
    await store.close();
    await cache.put(KIND, key, anActiveRecord());
    expect(await cache.get(KIND, key)).toEqual(MISS);
    expect(store.status()['state']).toBe('closed');
    expect(failures()).toEqual(['put unavailable', 'get unavailable']);
  });
});

interface Differing extends Partial<RedisSettings> {
  readonly clock?: ReturnType<typeof aClock>;
  readonly port?: number;
  readonly timeout?: number;
}

function aRedis({ port = redis.port, ...differing }: Differing): RedisSettings {
  const place = { kind: 'single', node: { host: '127.0.0.1', port }, database: 0 } as const;
  return { place, username: null, password: null, tls: null, ...differing };
}

function open(differing: Differing = {}) {
  const { clock = aClock(), timeout = SHARED.timeout } = differing;
  const { observe, failures } = anObserver();
  const store = openRedisStore(aRedis(differing), { observe, randomness: { fraction: () => 0.5 } });
  opened.push(store);
  const cache = createSharedCache(
    { store: store.store, ping: store.ping, seal, clock, observe, readIntrospection },
    { ...SHARED, timeout: milliseconds(timeout) },
  );
  const isConnected = () =>
    eventually('a connection to Redis', () => (store.status()['state'] === 'connected' ? true : null));
  return { cache, store, failures, isConnected };
}

async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((store) => store.close()));
}

/** Fails the test when the record of `key` is not found within the patience of `eventually`. */
async function isRemembered(cache: ReturnType<typeof open>['cache']): Promise<void> {
  await eventually('the record', async () => ((await cache.get(KIND, key)).kind === 'hit' ? true : null));
}

/** Passes bytes on in both directions until it is told to swallow those of every open connection. */
async function aProxy(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silenceAll() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
