import { createProbingPause } from '../../bounds/index.ts';
import { type Clock, milliseconds, type Milliseconds, type Seconds } from '../../domain/index.ts';

/**
 * Waits as long as a server asks us to (`Retry-After`), within a bound: who asks for more is probed by a few tokens at
 * that pace, for a server that is back early must not be left waiting.
 */
export interface Throttle {
  readonly isOn: boolean;
  /** Until a token is let through. */
  readonly left: Milliseconds;
  admits(token: string): boolean;
  enter(token: string): boolean;
  wait(time: Seconds): void;
  /** The server answers as if nothing had been. */
  release(): void;
}

export function createThrottle(clock: Pick<Clock, 'monotonic'>): Throttle {
  const insisting = createProbingPause(clock, { first: LONGEST_WAIT, longest: LONGEST_WAIT, probes: 2 });
  let waitUntil = 0;

  return {
    get isOn() {
      return insisting.isOn || leftToWait() > 0;
    },
    get left() {
      return milliseconds(Math.max(leftToWait(), insisting.left));
    },
    admits: (token) => leftToWait() === 0 && insisting.admits(token),
    enter: (token) => leftToWait() === 0 && insisting.enter(token),
    wait(time) {
      const timeMs = time * 1_000;
      if (timeMs > LONGEST_WAIT) insisting.begin();
      else waitUntil = Math.max(waitUntil, clock.monotonic() + timeMs);
    },
    release: () => insisting.end(),
  };

  function leftToWait(): number {
    return Math.max(0, waitUntil - clock.monotonic());
  }
}

const LONGEST_WAIT = milliseconds(8_000);
