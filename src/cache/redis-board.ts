/**
 * Where replicas that share a Redis tell each other what was forgotten: a stream for those who cannot hear, and a
 * channel for those who can.
 *
 * In: texts. Out: the same, in every replica, once or more often.
 * Never: a rejection, a wait beyond the budget, a stream without bounds.
 */
import { withinBudget } from '../bounds/index.ts';
import {
  type BoardFailure,
  type BoardPage,
  type Clock,
  fail,
  type MarkBoard,
  type Milliseconds,
  milliseconds,
  monotonicMilliseconds,
  type Result,
  succeed,
} from '../domain/index.ts';
import { MARKS_CHANNEL, MARKS_NAME } from './entry-name.ts';
import type { RedisCommands } from './redis-connection.ts';
import { storeFailureOf } from './store-failure.ts';

export interface RedisBoardParts {
  /** Where it is, for people. */
  readonly place: string;
  /** Rejects when there is no connection to what keeps the entry. */
  readonly command: <Value>(
    name: string,
    call: (commands: RedisCommands) => Promise<Value>,
  ) => Promise<Value>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Nobody waits for it but an operator. */
const BUDGET: Milliseconds = milliseconds(1_000);
/** Read again each time: after a failover ids may go back a little. By the clock of Redis. */
const OVERLAP_MS = 10_000;
const FIELD = 'mark';
/** Twice what a replica remembers, for each of two keys. */
const BOUND = { strategy: 'MAXLEN', strategyModifier: '~', threshold: 200_000 } as const;

export function createRedisBoard({ place, command, clock }: RedisBoardParts): MarkBoard {
  const listeners = new Set<(text: string) => void>();
  let isSubscribing = false;

  return {
    place,
    onText: (listener) => void listeners.add(listener),
    publish: (texts, keepFor) => within(() => command(MARKS_NAME, (redis) => tell(redis, texts, keepFor))),
    load: (since) => within(() => command(MARKS_NAME, (redis) => read(redis, since))),
  };

  async function tell(redis: RedisCommands, texts: readonly string[], keepFor: Milliseconds): Promise<null> {
    // Whoever cannot hear reads it before long: what counts is that it is kept.
    const told = texts.map((text) => redis.publish(MARKS_CHANNEL, text).catch(() => 0));
    const ids = await Promise.all(
      texts.map((text) => redis.xAdd(MARKS_NAME, '*', { [FIELD]: text }, { TRIM: BOUND })),
    );
    await Promise.all(told);
    const newest = Math.max(...ids.map(timeOf));
    // Room alone: servers before Redis 6.2 know no MINID.
    const oldest = Math.max(0, Math.floor(newest - keepFor));
    await redis.xTrim(MARKS_NAME, 'MINID', oldest).catch(() => undefined);
    await redis.pExpire(MARKS_NAME, Math.ceil(keepFor)).catch(() => undefined);
    return null;
  }

  async function read(redis: RedisCommands, since: string | null): Promise<BoardPage> {
    subscribe(redis);
    const start = since === null ? '-' : String(Math.max(0, timeOf(since) - OVERLAP_MS));
    const entries = (await redis.xRange(MARKS_NAME, start, '+')) ?? [];
    return {
      texts: entries.flatMap(({ message }) => message[FIELD] ?? []),
      until: entries.at(-1)?.id ?? since,
      isWhole: since === null,
    };
  }

  /** Each time: it does nothing where it is done, and mends what was lost. Where it cannot be, texts are read all the same. */
  function subscribe(redis: RedisCommands): void {
    if (isSubscribing) return;
    isSubscribing = true;
    void redis
      .subscribe(MARKS_CHANNEL, hear)
      .catch(() => undefined)
      .then(() => (isSubscribing = false));
  }

  function hear(text: string): void {
    for (const listener of listeners) listener(text);
  }

  async function within<Value>(call: () => Promise<Value>): Promise<Result<Value, BoardFailure>> {
    const until = monotonicMilliseconds(clock.monotonic() + BUDGET);
    const outcome = await withinBudget(settled(call), until, clock);
    return outcome.ok ? outcome.value : fail('unavailable');
  }
}

async function settled<Value>(call: () => Promise<Value>): Promise<Result<Value, BoardFailure>> {
  try {
    return succeed(await call());
  } catch (cause) {
    return fail(storeFailureOf(cause) === 'unavailable' ? 'unavailable' : 'refused');
  }
}

/** An id of a stream begins with the time of Redis in milliseconds. */
function timeOf(id: string): number {
  return Number(id.split('-')[0]);
}
