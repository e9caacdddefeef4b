import { withinBudget } from '../bounds/index.ts';
import { type Clock, milliseconds, monotonicMilliseconds } from '../domain/index.ts';

const WITHIN = milliseconds(1_000);

/** Has a stranger's code close what it holds: it may throw, and it may never come back. */
export async function letGo(close: () => unknown, clock: Pick<Clock, 'monotonic'>): Promise<void> {
  const until = monotonicMilliseconds(clock.monotonic() + WITHIN);
  await withinBudget(settled(close), until, clock);
}

async function settled(close: () => unknown): Promise<void> {
  try {
    await close();
  } catch {
    // Nothing is left to be done about it.
  }
}
