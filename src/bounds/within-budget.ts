import { type Clock, fail, type MonotonicMilliseconds, type Result, succeed } from '../domain/index.ts';

// A longer delay would make setTimeout fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for a task until a moment and no longer. Running out is an ordinary answer; the task goes on.
 * Never: a rejection of its own; a rejected task rejects here too, so hand over tasks that settle with a value.
 */
export async function withinBudget<Value>(
  task: Promise<Value>,
  until: MonotonicMilliseconds,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Result<Value, 'elapsed'>> {
  const leftMs = until - clock.monotonic();
  if (leftMs <= 0) return fail('elapsed');

  let timer: NodeJS.Timeout | undefined;
  let lastTurn: NodeJS.Immediate | undefined;
  const expiry = new Promise<Result<never, 'elapsed'>>((resolve) => {
    // One turn more: when this process itself was late, the answer may have arrived and only not been read yet.
    const expire = (): void => {
      lastTurn = setImmediate(() => resolve(fail('elapsed')));
    };
    timer = setTimeout(expire, Math.min(leftMs, LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([task.then(succeed), expiry]);
  } finally {
    clearTimeout(timer);
    clearImmediate(lastTurn);
  }
}
