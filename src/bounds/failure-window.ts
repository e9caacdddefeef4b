import type { Clock, Milliseconds } from '../domain/index.ts';

/**
 * How calls went of late, by who was called for: only the latest outcome of each counts, so that one who always fails
 * counts once however often they come.
 */
export interface FailureWindow {
  record(name: string, hasFailed: boolean): void;
  /** Whether enough distinct names were seen, and so large a share of them failed. */
  readonly isFailing: boolean;
  clear(): void;
}

export interface WindowSettings {
  readonly length: Milliseconds;
  /** Distinct names without which nothing is said. */
  readonly least: number;
  /** Names that are remembered at most, the latest ones. */
  readonly most: number;
  /** Of the names in the window, from 0 to 1. */
  readonly share: number;
}

export function createFailureWindow(
  clock: Pick<Clock, 'monotonic'>,
  { length, least, most, share }: WindowSettings,
): FailureWindow {
  // In the order of their latest outcome.
  const outcomes = new Map<string, { readonly at: number; readonly hasFailed: boolean }>();

  return {
    record(name, hasFailed) {
      outcomes.delete(name);
      outcomes.set(name, { at: clock.monotonic(), hasFailed });
      forget();
    },
    get isFailing() {
      forget();
      const failed = Array.from(outcomes.values()).filter(({ hasFailed }) => hasFailed).length;
      return outcomes.size >= least && failed >= outcomes.size * share;
    },
    clear: () => outcomes.clear(),
  };

  function forget(): void {
    const since = clock.monotonic() - length;
    for (const [name, { at }] of outcomes) {
      if (at >= since && outcomes.size <= most) return;
      outcomes.delete(name);
    }
  }
}
