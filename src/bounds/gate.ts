import type { EnquiryLimits } from '../domain/index.ts';

/** Lets a bounded number in at once and a bounded number wait, first come first served. */
export interface Gate {
  /**
   * Asks to be let in. `'full'` at once when the queue is; otherwise the way out, to be called exactly once,
   * or `'expired'` when `signal` aborts while waiting.
   */
  enter(signal: AbortSignal): Promise<Leave | 'full' | 'expired'>;
  readonly inside: number;
  readonly waiting: number;
}

export type Leave = () => void;

export function createGate({ concurrent, queue }: EnquiryLimits): Gate {
  // A Set keeps the order of arrival and forgets one in the middle in constant time.
  const waiters = new Set<(leave: Leave) => void>();
  let inside = 0;

  return {
    enter,
    get inside() {
      return inside;
    },
    get waiting() {
      return waiters.size;
    },
  };

  async function enter(signal: AbortSignal): Promise<Leave | 'full' | 'expired'> {
    if (signal.aborted) return 'expired';
    if (inside < concurrent) {
      inside += 1;
      return createLeave();
    }
    if (waiters.size >= queue) return 'full';

    return new Promise((resolve) => {
      const admit = (leave: Leave): void => {
        signal.removeEventListener('abort', expire);
        resolve(leave);
      };
      const expire = (): void => {
        waiters.delete(admit);
        resolve('expired');
      };
      waiters.add(admit);
      signal.addEventListener('abort', expire, { once: true });
    });
  }

  function createLeave(): Leave {
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      const [next] = waiters;
      if (next === undefined) {
        inside -= 1;
        return;
      }
      waiters.delete(next);
      next(createLeave());
    };
  }
}
