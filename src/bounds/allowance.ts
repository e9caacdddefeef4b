import type { Clock } from '../domain/index.ts';

/** So many at once, and so many more each second. */
export interface Allowance {
  /** False when there is nothing left. */
  take(): boolean;
  /** What was taken was not used up. */
  giveBack(): void;
}

export interface AllowanceSettings {
  /** At least 1. */
  readonly burst: number;
  readonly perSecond: number;
}

export function createAllowance(
  clock: Pick<Clock, 'monotonic'>,
  { burst, perSecond }: AllowanceSettings,
): Allowance {
  let left = burst;
  let countedAt: number = clock.monotonic();

  return {
    take() {
      const now = clock.monotonic();
      left = Math.min(burst, left + ((now - countedAt) / 1000) * perSecond);
      countedAt = now;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    giveBack() {
      left = Math.min(burst, left + 1);
    },
  };
}
