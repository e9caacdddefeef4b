/**
 * What an answer takes, in memory and in Redis: the figures that docs/cache.md quotes.
 *
 *     node --expose-gc test/bench/cache-sizes.ts
 *
 * In: nothing but a redis-server on this host. Out: one `figure <name> <value> <unit>` line for each result.
 */
import process from 'node:process';

import { createMemoryCache, createSharedCache } from '../../src/cache/index.ts';
import { openRedisStore } from '../../src/cache/redis-store.ts';
import { systemClock, systemRandomness } from '../../src/cli/system.ts';
import {
  AccessToken,
  bytes,
  type CacheRecord,
  epochMilliseconds,
  INACTIVE,
  type Introspection,
  milliseconds,
} from '../../src/domain/index.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { eventually } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';

const ENTRIES = 50_000;
const HOUR = milliseconds(3_600_000);
const identity = Buffer.from('a question of two hundred bytes or so'.padEnd(200, '.'));
const { names, seal } = deriveKeys(Buffer.alloc(32, 7));
const keyOf = (index: number) => names.name('introspection', identity, new AccessToken(`token-${index}`));

/** As authorization servers send them: a few members, the usual dozen, and one with the roles of Keycloak. */
const ANSWERS: Readonly<Record<string, (index: number) => Introspection>> = {
  small: (index) => active(index, {}),
  usual: (index) =>
    active(index, {
      iss: 'https://idp.example.com/realms/orders',
      aud: ['https://api.example.com', 'account'],
      username: `user-${index}@example.com`,
      token_type: 'Bearer',
      iat: 1_795_000_000,
      nbf: 1_795_000_000,
      jti: `5d0a6a9e-3b76-4b1f-9d1c-${String(index).padStart(12, '0')}`,
    }),
  rich: (index) =>
    active(index, {
      iss: 'https://idp.example.com/realms/orders',
      aud: ['https://api.example.com', 'account', 'realm-management'],
      realm_access: { roles: Array.from({ length: 20 }, (_, role) => `role-number-${role}-of-the-realm`) },
      resource_access: Object.fromEntries(
        Array.from({ length: 5 }, (_, client) => [
          `client-${client}`,
          { roles: Array.from({ length: 6 }, (_role, role) => `client-role-${role}`) },
        ]),
      ),
      name: `Somebody Number ${index}`,
      email: `user-${index}@example.com`,
      email_verified: true,
      preferred_username: `user-${index}`,
    }),
  inactive: () => INACTIVE,
};

for (const [name, answerOf] of Object.entries(ANSWERS)) {
  const answer = answerOf(0);
  if (answer.kind === 'active') say(`${name}-answer-json`, JSON.stringify(answer.claims).length);
  await measureMemory(name, answerOf);
}
await measureRedis();

/** Grows the heap by many entries, and divides. */
async function measureMemory(name: string, answerOf: (index: number) => Introspection): Promise<void> {
  const roomy = { entries: 2 * ENTRIES, bytes: bytes(4 * 1024 ** 3) };
  const cache = createMemoryCache(
    { clock: systemClock, observe: () => undefined },
    { active: roomy, inactive: roomy },
  );
  // What is made once for all is made.
  for (let index = 0; index < 1_000; index += 1)
    cache.put('introspection', keyOf(index), recordOf(answerOf(index)));
  const before = await heapInUse();
  for (let index = 1_000; index < 1_000 + ENTRIES; index += 1)
    cache.put('introspection', keyOf(index), recordOf(answerOf(index)));
  const grown = (await heapInUse()) - before;
  const { active: good, inactive: bad } = cache.stats();
  say(`${name}-entry-heap`, grown / ENTRIES);
  say(`${name}-entry-counted`, (good.bytes + bad.bytes) / (good.entries + bad.entries));
}

async function measureRedis(): Promise<void> {
  const redis = await startRedis();
  const place = { kind: 'single', node: { host: '127.0.0.1', port: redis.port }, database: 0 } as const;
  const store = openRedisStore(
    { place, username: null, password: null, tls: null },
    { observe: () => undefined, randomness: systemRandomness },
  );
  try {
    await eventually('a connection', () => (store.isConnected() ? true : null));
    const cache = createSharedCache(
      {
        store: store.store,
        ping: store.ping,
        seal,
        clock: systemClock,
        observe: () => undefined,
        readIntrospection,
      },
      { timeout: milliseconds(5_000), maxAge: { active: HOUR, inactive: HOUR } },
    );
    for (const [name, answerOf] of Object.entries(ANSWERS)) {
      await redis.command('FLUSHALL');
      const before = await usedMemory(redis);
      for (let from = 0; from < ENTRIES; from += 500)
        await Promise.all(
          Array.from({ length: 500 }, (_, index) =>
            cache.put('introspection', keyOf(from + index), recordOf(answerOf(from + index))),
          ),
        );
      const stored = Number((await redis.command('DBSIZE')).slice(1));
      say(`${name}-entry-redis`, ((await usedMemory(redis)) - before) / stored);
    }
  } finally {
    await store.close();
    await redis.stop();
  }
}

async function usedMemory(redis: {
  command: (...words: readonly string[]) => Promise<string>;
}): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.command('INFO', 'memory'))?.[1]);
}

async function heapInUse(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run it with: node --expose-gc');
  for (let round = 0; round < 3; round += 1) {
    await globalThis.gc({ execution: 'async' });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}

function active(index: number, more: Readonly<Record<string, unknown>>): Introspection {
  const claims = {
    active: true,
    sub: `f:9a1d4f0e:${index}`,
    client_id: 'web-frontend',
    scope: 'openid profile orders:read orders:write',
    exp: Math.floor(Date.now() / 1000) + 7_200,
    ...more,
  };
  const read = readIntrospection(withoutPrototypes(claims) as never);
  if (!read.ok) throw new Error(read.failure);
  return read.value;
}

/** As the parser of answers makes them. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (typeof value !== 'object' || value === null) return value;
  const object = Object.create(null) as Record<string, unknown>;
  // Each text a copy of its own, as it is when it was read from the wire.
  for (const [name, member] of Object.entries(value)) object[name] = withoutPrototypes(member);
  return object;
}

function recordOf(introspection: Introspection): CacheRecord {
  const storedAt = epochMilliseconds(Date.now());
  const keepUntil = epochMilliseconds(storedAt + HOUR);
  const exp = introspection.kind === 'active' ? introspection.expiresAt : null;
  return { version: 1, introspection, storedAt, softUntil: keepUntil, keepUntil, exp, generation: 0 };
}

function say(name: string, value: number): void {
  process.stdout.write(`figure ${name} ${Math.round(value)} bytes\n`);
}
