import type { EnquiryLimits } from '../domain/index.ts';

/** Lets a bounded number in at once and a bounded number wait, first come first served among their like. */
export interface Gate {
  /**
   * Asks to be let in. `'full'` at once when the queue is; otherwise the way out, to be called exactly once,
   * or `'expired'` when `signal` aborts while waiting. Whoever is `preferred` goes before all who are not, and takes the
   * place of the last of them in a full queue, who is then told `'full'`.
   */
  enter(signal: AbortSignal, preference?: Preference): Promise<Leave | 'full' | 'expired'>;
  readonly inside: number;
  readonly waiting: number;
}

export type Leave = () => void;

export type Preference = 'preferred' | 'usual';

type Answer = (answer: Leave | 'full') => void;

export function createGate({ concurrent, queue }: EnquiryLimits): Gate {
  // A Set keeps the order of arrival and forgets one in the middle in constant time.
  const waiters = { preferred: new Set<Answer>(), usual: new Set<Answer>() };
  let inside = 0;

  return {
    enter,
    get inside() {
      return inside;
    },
    get waiting() {
      return waiting();
    },
  };

  async function enter(
    signal: AbortSignal,
    preference: Preference = 'usual',
  ): Promise<Leave | 'full' | 'expired'> {
    if (signal.aborted) return 'expired';
    if (inside < concurrent) {
      inside += 1;
      return createLeave();
    }
    if (waiting() >= queue && !(preference === 'preferred' && makesRoom())) return 'full';

    return new Promise((resolve) => {
      const answer: Answer = (given) => {
        signal.removeEventListener('abort', expire);
        resolve(given);
      };
      const expire = (): void => {
        waiters[preference].delete(answer);
        resolve('expired');
      };
      waiters[preference].add(answer);
      signal.addEventListener('abort', expire, { once: true });
    });
  }

  function waiting(): number {
    return waiters.preferred.size + waiters.usual.size;
  }

  /** Whoever came last has waited least. */
  function makesRoom(): boolean {
    const last = [...waiters.usual].at(-1);
    if (last === undefined) return false;
    waiters.usual.delete(last);
    last('full');
    return true;
  }

  function createLeave(): Leave {
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      const queued = waiters.preferred.size > 0 ? waiters.preferred : waiters.usual;
      const [next] = queued;
      if (next === undefined) {
        inside -= 1;
        return;
      }
      queued.delete(next);
      next(createLeave());
    };
  }
}
