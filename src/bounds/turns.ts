/**
 * Lets a bounded number of tasks run at a time; the others wait for their turn, those that cannot wait before those
 * that can, each in the order of arrival.
 */
export interface Turns {
  /** Settles as the task does. */
  take<Value>(urgency: 'urgent' | 'patient', task: () => Promise<Value>): Promise<Value>;
  readonly running: number;
  readonly waiting: number;
}

/** @param atOnce read at every turn, so that it may change. */
export function createTurns(atOnce: () => number): Turns {
  const urgent = new Set<() => void>();
  const patient = new Set<() => void>();
  let running = 0;

  return {
    async take(urgency, task) {
      if (running >= atOnce()) {
        await new Promise<void>((resolve) => (urgency === 'urgent' ? urgent : patient).add(resolve));
      } else running += 1;
      try {
        return await task();
      } finally {
        running -= 1;
        admit();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return urgent.size + patient.size;
    },
  };

  /** Counts whoever is let in at once, before a newcomer can take the place. */
  function admit(): void {
    while (running < atOnce()) {
      const queue = urgent.size > 0 ? urgent : patient;
      const [next] = queue;
      if (next === undefined) return;
      queue.delete(next);
      running += 1;
      next();
    }
  }
}
