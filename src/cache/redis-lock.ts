import {
  type CacheKey,
  type Clock,
  type EnquiryLock,
  type Milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type Randomness,
} from '../domain/index.ts';
import { lockName } from './entry-name.ts';
import type { RedisCommands } from './redis-connection.ts';
import type { StoreCalls } from './store-calls.ts';

export interface RedisLockParts {
  /** Rejects when there is no connection to what keeps the entry. */
  readonly command: <Value>(
    name: string,
    call: (commands: RedisCommands) => Promise<Value>,
  ) => Promise<Value>;
  /** Of the shared tier: a store that has stopped answering is not asked for locks either. */
  readonly calls: Pick<StoreCalls, 'ask'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'bytes'>;
}

export interface RedisLockSettings {
  /** Of one call. */
  readonly timeout: Milliseconds;
}

/** Deletes the lock while it is ours: another may have taken it when our time was over. */
const RELEASE =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/** A lock that ends by itself: one entry, made only where there is none (`SET NX PX`). */
export function createRedisLock(parts: RedisLockParts, { timeout }: RedisLockSettings): EnquiryLock {
  const { command, calls, clock, randomness } = parts;

  return {
    async take(key, forMs) {
      const name = lockName(key);
      const fence = randomness.bytes(16).toString('base64url');
      const options = { condition: 'NX', expiration: { type: 'PX', value: Math.ceil(forMs) } } as const;
      const made = await calls.ask(
        'put',
        () => command(name, (redis) => redis.set(name, fence, options)),
        soon(),
      );
      if (!made.ok) return { kind: 'unavailable' };
      return made.value === null ? { kind: 'held' } : { kind: 'taken', fence };
    },

    async isHeld(key: CacheKey) {
      const name = lockName(key);
      const found = await calls.ask('get', () => command(name, (redis) => redis.get(name)), soon());
      return found.ok && found.value !== null;
    },

    async release(key, fence) {
      const name = lockName(key);
      const script = { keys: [name], arguments: [fence] };
      await calls.ask('put', () => command(name, (redis) => redis.eval(RELEASE, script)), soon());
    },
  };

  function soon(): MonotonicMilliseconds {
    return monotonicMilliseconds(clock.monotonic() + timeout);
  }
}
