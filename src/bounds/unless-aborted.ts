import { fail, type Result, succeed } from '../domain/index.ts';

/**
 * Waits for a task until a signal aborts and no longer; the task goes on.
 * Never: a rejection of its own; a rejected task rejects here too, so hand over tasks that settle with a value.
 */
export async function unlessAborted<Value>(
  task: Promise<Value>,
  signal: AbortSignal,
): Promise<Result<Value, 'aborted'>> {
  if (signal.aborted) return fail('aborted');
  let give: (() => void) | undefined;
  const aborted = new Promise<Result<never, 'aborted'>>((resolve) => {
    give = () => resolve(fail('aborted'));
    signal.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([task.then(succeed), aborted]);
  } finally {
    if (give !== undefined) signal.removeEventListener('abort', give);
  }
}
