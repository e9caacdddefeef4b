/**
 * One of several replicas of a test, in a process of its own. Node runs this file as it is.
 *
 * In: its arguments, then tokens, each for a herd of requests. Out: how many of them were found active.
 */
import { createMemoryCache, createRedisLock, createSharedCache } from '../../src/cache/index.ts';
import { openRedisStore } from '../../src/cache/redis-store.ts';
import { systemClock, systemRandomness, systemResolveName } from '../../src/cli/system.ts';
import {
  AccessToken,
  ANY_AGE,
  bytes,
  milliseconds,
  monotonicMilliseconds,
  NOTHING_FORGOTTEN,
  type Observe,
} from '../../src/domain/index.ts';
import { createIntrospector, readIntrospection } from '../../src/introspection/index.ts';
import { createResolve } from '../../src/resolver/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { aClient, aRequest } from '../support/builders.ts';

const [redisPort, endpoint = '', coalesces, herdSize] = process.argv.slice(2);
const TIMEOUT = { timeout: milliseconds(5_000) };
const clock = systemClock;
const randomness = systemRandomness;
const observe: Observe = () => undefined;
const { names, seal } = deriveKeys(Buffer.alloc(32, 7));

const place = { kind: 'single', node: { host: '127.0.0.1', port: Number(redisPort) }, database: 0 } as const;
const store = openRedisStore({ place, username: null, password: null, tls: null }, { observe, randomness });
const maxAge = { active: milliseconds(60_000), inactive: milliseconds(5_000) };
const shared = createSharedCache(
  { store: store.store, ping: store.ping, seal, clock, observe, readIntrospection },
  { ...TIMEOUT, maxAge },
);
const lock =
  coalesces === 'true'
    ? createRedisLock({ command: store.command, calls: shared.calls, clock, randomness }, TIMEOUT)
    : null;
const bounds = { entries: 1_000, bytes: bytes(10_000_000) };
const introspector = createIntrospector({
  clock,
  randomness,
  observe,
  resolveName: systemResolveName,
  discoveriesAtOnce: () => 1,
});
const resolve = createResolve(
  {
    introspector,
    memory: createMemoryCache({ clock, observe }, { active: bounds, inactive: bounds }),
    shared,
    names,
    lock,
    forgotten: NOTHING_FORGOTTEN,
    clock,
    randomness,
    observe,
  },
  {
    active: { max: maxAge.active, jitter: milliseconds(0), refreshAhead: true },
    inactive: { max: maxAge.inactive, shared: false },
  },
);
const client = aClient({
  issuer: null,
  allowHttp: true,
  introspection: { ...aClient().introspection, endpoint },
});

process.on('message', (token: string) => void answer(token));
process.on('disconnect', () => process.exit(0));
const connected = setInterval(() => {
  if (!store.isConnected()) return;
  clearInterval(connected);
  process.send?.('ready');
}, 10);

async function answer(token: string): Promise<void> {
  const context = aRequest({ waitUntil: monotonicMilliseconds(clock.monotonic() + 30_000) });
  const answers = await Promise.all(
    Array.from({ length: Number(herdSize) }, async () =>
      resolve(client, new AccessToken(token), context, ANY_AGE),
    ),
  );
  process.send?.(answers.filter(({ ok }) => ok).length);
}
