import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { eventually, freePort } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// Houses that share one real Redis, and what becomes of them when it is in trouble.
const KEY = randomBytes(32).toString('base64');
const CANARY = 'canary-of-the-shared-tier';
let idp: Idp;
let redis: RunningRedis;
const houses: OpenedHouse[] = [];

beforeAll(async () => {
  [idp, redis] = await Promise.all([startIdp(), startRedis()]);
});
beforeEach(async () => {
  idp.tokens.clear();
  await redis.command('FLUSHALL');
});
afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()));
});
afterAll(async () => {
  await redis?.stop();
  await idp?.stop();
});

/** A house with cold memory. */
async function openHouseAt(url: string, { key = KEY, timeout = '500ms' } = {}): Promise<OpenedHouse> {
  const house = await openAHouse(
    `${EVERY_DOOR}
clients: { main: ${clientAt(idp.endpoint)} }
cache: { keys: [{ env: CACHE_KEY }], shared: { redis: { url: "${url}" }, timeout: ${timeout} } }
`,
    { environment: { CACHE_KEY: key } },
  );
  houses.push(house);
  idp.forget();
  return house;
}

async function openConnectedHouse(
  differing: { readonly key?: string; readonly timeout?: string } = {},
): Promise<OpenedHouse> {
  const house = await openHouseAt(redis.url, differing);
  await connected(house);
  return house;
}

const connected = (house: OpenedHouse): Promise<true> =>
  eventually('the shared store to be connected', async () =>
    (await house.metric('gatehouse_shared_cache_connected')) === 1 ? true : null,
  );
const stored = (count: number): Promise<true> =>
  eventually(`${count} entries in Redis`, async () =>
    (await redis.command('DBSIZE')) === `:${count}` ? true : null,
  );
const failures = (house: OpenedHouse, labels: Readonly<Record<string, string>> = {}): Promise<number> =>
  house.metric('gatehouse_cache_failures_total', labels);

describe('houses over one Redis', () => {
  it('serve a token that another one asked about, without an enquiry of their own (CACHE-12)', async () => {
    idp.tokens.set('warm', { sub: 'alice' });
    const first = await openConnectedHouse();
    expect(await askForStatus(first, withToken('warm'))).toBe(200);
    await stored(1);
    const second = await openConnectedHouse();
    expect(await askForStatus(second, withToken('warm'))).toBe(200);
    expect(idp.asked()).toEqual([]);
    expect(await second.metric('gatehouse_cache_lookups_total', { tier: 'shared', outcome: 'active' })).toBe(
      1,
    );
  });

  it('with another key ask for themselves', async () => {
    idp.tokens.set('warm', { sub: 'alice' });
    expect(await askForStatus(await openConnectedHouse(), withToken('warm'))).toBe(200);
    await stored(1);
    const stranger = await openConnectedHouse({ key: randomBytes(32).toString('base64') });
    expect(await askForStatus(stranger, withToken('warm'))).toBe(200);
    expect(idp.asked()).toEqual(['warm']);
  });

  it('judge what they find there by their own routes and clock (CACHE-2, CACHE-7)', async () => {
    idp.tokens.set('brief', { exp: Math.floor(Date.now() / 1000) + 2 });
    expect(await askForStatus(await openConnectedHouse(), withToken('brief'))).toBe(200);
    await stored(1);
    // Redis itself lets go of it at its end.
    await stored(0);
    expect(await askForStatus(await openConnectedHouse(), withToken('brief'))).toBe(401);
  });

  it('keep bad tokens out of it (CACHE-5, T-34)', async () => {
    const house = await openConnectedHouse();
    for (let count = 0; count < 20; count += 1)
      expect(await askForStatus(house, withToken(`bad-${count}`))).toBe(401);
    idp.tokens.set('good', {});
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    await stored(1);
  });

  it('write neither the token nor a claim there in any readable form (INT-24, CACHE-1, CACHE-12, T-39)', async () => {
    const token = `${CANARY}-token`;
    idp.tokens.set(token, {
      sub: `${CANARY}-subject`,
      email: `${CANARY}@example.com`,
      scope: 'canary:scope',
    });
    expect(await askForStatus(await openConnectedHouse(), withToken(token))).toBe(200);
    await stored(1);
    const [name] = await names();
    const dump = `${name!}\n${await redis.command('GET', name!)}`;
    const sha = createHash('sha256').update(token).digest();
    const traces = [
      ...[CANARY, 'canary', 'example.com', 'active', 'gateway', idp.endpoint],
      ...[sha.toString('hex'), sha.toString('base64'), sha.toString('base64url')],
      ...[0, 1, 2].map((shift) => Buffer.from(CANARY).subarray(shift).toString('base64').slice(0, 16)),
      Buffer.from(CANARY).toString('hex'),
    ];
    expect(traces.filter((trace) => dump.toLowerCase().includes(trace.toLowerCase()))).toEqual([]);
    const opened = Buffer.from(dump.split('\n').at(-1)!, 'base64').toString('latin1');
    expect(opened).not.toContain(CANARY);
  });
});

describe('a Redis that lies (T-39, CACHE-12)', () => {
  it('is never believed: forged, swapped, cut and foreign values are misses, counted, and the server is asked', async () => {
    idp.tokens.set('alice', { sub: 'alice' }).set('bob', { sub: 'bob' });
    const first = await openConnectedHouse();
    expect(await askForStatus(first, withToken('alice'))).toBe(200);
    await stored(1);
    const [aliceEntry] = await names();
    expect(await askForStatus(first, withToken('bob'))).toBe(200);
    await stored(2);
    const bobEntry = (await names()).find((name) => name !== aliceEntry);
    const aliceValue = bulk(await redis.command('GET', aliceEntry!));
    const bobValue = bulk(await redis.command('GET', bobEntry!));

    // By now the server thinks otherwise of Alice.
    idp.tokens.delete('alice');
    const forged = Buffer.from('{"version":1,"introspection":{"kind":"active"}}').toString('base64');
    const poisons = [
      ['a value of our own under another name', bobValue],
      ['a value of our own, one bit turned', flipped(aliceValue)],
      ['a value of our own, cut', aliceValue.slice(0, -8)],
      ['an answer in clear', '{"active":true,"sub":"admin"}'],
      ["an entry in Keyv's own form", '{"value":{"active":true,"sub":"admin"}}'],
      ['an answer in base64', forged],
      ['nothing', ''],
      ['noise', randomBytes(200).toString('latin1')],
      ['a value of our own in an older format', reformatted(aliceValue)],
      ['four million bytes', 'A'.repeat(4 * 1024 * 1024)],
    ] as const;
    for (const [what, value] of poisons) {
      await redis.command('SET', aliceEntry!, value);
      const house = await openConnectedHouse();
      expect({ what, status: await askForStatus(house, withToken('alice')) }).toEqual({ what, status: 401 });
      expect({ what, asked: idp.asked() }).toEqual({ what, asked: ['alice'] });
      if (value !== '')
        expect({ what, failures: await failures(house, { operation: 'get' }) }).toEqual({
          what,
          failures: 1,
        });
      expect(await house.metric('gatehouse_crashes_total')).toBe(0);
      await house.close();
    }
    // The value itself is good still where it belongs: this is what the others were not.
    await redis.command('SET', aliceEntry!, aliceValue);
    expect(await askForStatus(await openConnectedHouse(), withToken('alice'))).toBe(200);
  });
});

describe('a Redis in trouble (G7, T-40)', () => {
  it('that is not there changes no verdict, and is counted (G7, R17)', async () => {
    const house = await openHouseAt(`redis://127.0.0.1:${await freePort()}`);
    idp.tokens.set('good', {});
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    expect(await askForStatus(house, withToken('bad'))).toBe(401);
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    expect(idp.asked()).toEqual(['good', 'bad']);
    expect(await failures(house, { cause: 'unavailable' })).toBeGreaterThan(0);
    expect(await house.metric('gatehouse_shared_cache_connected')).toBe(0);
    expect(await house.page('/readyz')).toMatchObject({ status: 200 });
  });

  it('that answers nonsense to every question changes no verdict (G7)', async () => {
    const babble = await listening(
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', () => socket.write('-ERR what?\r\n$-7\r\n:x\r\n'));
      }),
    );
    try {
      const house = await openHouseAt(`redis://127.0.0.1:${babble.port}`);
      idp.tokens.set('good', {});
      expect(await askForStatus(house, withToken('good'))).toBe(200);
      expect(await askForStatus(house, withToken('bad'))).toBe(401);
      expect(await failures(house)).toBeGreaterThan(0);
      expect(await house.metric('gatehouse_crashes_total')).toBe(0);
      await house.close();
    } finally {
      babble.server.close();
    }
  });

  it('that is frozen costs its timeout to the first checks and to five more at most; known tokens pay nothing', async () => {
    const house = await openConnectedHouse({ timeout: '100ms' });
    for (const name of ['known', 'other']) idp.tokens.set(name, {});
    expect(await askForStatus(house, withToken('known'))).toBe(200);
    await stored(1);
    redis.pause();
    try {
      const first = await Promise.all(
        Array.from({ length: 10 }, (_, index) => askForStatus(house, withToken(`waiting-${index}`))),
      );
      expect(first).toEqual(first.map(() => 401));
      const paid = await failures(house, { cause: 'timeout' });
      expect(paid).toBeLessThanOrEqual(10);
      for (let count = 0; count < 60; count += 1) {
        expect(await askForStatus(house, withToken(`later-${count}`))).toBe(401);
      }
      expect(await askForStatus(house, withToken('known'))).toBe(200);
      expect((await failures(house, { cause: 'timeout' })) - paid).toBeLessThanOrEqual(5);
      expect(await failures(house, { cause: 'unavailable' })).toBeGreaterThanOrEqual(55);
    } finally {
      redis.resume();
    }
    await isSharedAgain(house);
  });

  it('that is killed changes no verdict, and is used again when it comes back', async () => {
    const house = await openConnectedHouse();
    idp.tokens.set('good', {});
    await redis.kill();
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    expect(await askForStatus(house, withToken('bad'))).toBe(401);
    await eventually('the loss to show', async () =>
      (await house.metric('gatehouse_shared_cache_connected')) === 0 ? true : null,
    );
    await redis.restart();
    await connected(house);
    await isSharedAgain(house);
  });
});

/** New answers are written to it again. */
async function isSharedAgain(house: OpenedHouse): Promise<void> {
  let count = 0;
  await eventually('new answers to be shared', async () => {
    const token = `recovered-${(count += 1)}`;
    idp.tokens.set(token, {});
    expect(await askForStatus(house, withToken(token))).toBe(200);
    return (await redis.command('DBSIZE')) === ':0' ? null : true;
  });
}

async function names(): Promise<readonly string[]> {
  return (await redis.command('KEYS', '*')).split('\r\n').filter((line) => line.startsWith('gatehouse'));
}

/** What is in a bulk reply. */
function bulk(reply: string): string {
  return reply.slice(reply.indexOf('\r\n') + 2);
}

function flipped(value: string): string {
  const bytes = Buffer.from(value, 'base64');
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  return bytes.toString('base64');
}

/** The first byte tells the format. */
function reformatted(value: string): string {
  const bytes = Buffer.from(value, 'base64');
  bytes.writeUInt8(0, 0);
  return bytes.toString('base64');
}

function listening(server: Server): Promise<{ readonly server: Server; readonly port: number }> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}
