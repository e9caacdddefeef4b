import type { RedisConnection } from './redis-connection.ts';

/** The connection that calls go to, and how another one takes its place without a call noticing. */
export interface ConnectionInUse {
  readonly current: RedisConnection;
  /** Connects anew, beside the one in use, which serves until the new one is better. */
  renew(): void;
  close(): void;
}

export interface ReplacementSettings {
  /** Whether one of which a part is away for long is replaced: its client may wait for what has left for good. */
  readonly isReplacedWhenUnwell: boolean;
}

/** How often a connection is looked at. */
const LOOK_EVERY_MS = 250;
const PATIENCE_MS = 3_000;
/** Calls that are under way on a connection that was replaced may end there. */
const RETIRE_AFTER_MS = 1_000;

export function createConnectionInUse(
  connect: () => RedisConnection,
  { isReplacedWhenUnwell }: ReplacementSettings,
): ConnectionInUse {
  const retired = new Set<RedisConnection>();
  let current = connect();
  let successor: RedisConnection | null = null;
  let unwellSince: number | null = null;
  const watch = setInterval(look, LOOK_EVERY_MS).unref();

  return {
    get current() {
      return current;
    },
    renew,
    close() {
      clearInterval(watch);
      for (const open of [current, successor, ...retired]) open?.close();
    },
  };

  function look(): void {
    if (successor !== null && isBetter(successor, current)) {
      retire(current);
      current = successor;
      successor = null;
    }
    if (!isReplacedWhenUnwell || current.state() === 'connected') {
      unwellSince = null;
      return;
    }
    unwellSince ??= performance.now();
    if (performance.now() - unwellSince < PATIENCE_MS) return;
    unwellSince = null;
    renew();
  }

  function renew(): void {
    successor?.close();
    successor = connect();
  }

  function retire(old: RedisConnection): void {
    retired.add(old);
    setTimeout(() => {
      retired.delete(old);
      old.close();
    }, RETIRE_AFTER_MS).unref();
  }
}

/** One that is connected as a whole is as good as any, and newer. */
function isBetter(candidate: RedisConnection, inUse: RedisConnection): boolean {
  const state = candidate.state();
  return state === 'connected' || (state === 'partly' && inUse.state() === 'disconnected');
}
