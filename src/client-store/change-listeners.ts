import type { ClientContext } from '../domain/index.ts';

type Listener = (clients: readonly ClientContext[]) => void;

/** Who wants to hear which clients are in memory. */
export interface ChangeListeners {
  add(listener: Listener): () => void;
  /** Others are in memory than before: tells soon, of many changes at once. */
  changed(): void;
  close(): void;
}

const PAUSE_MS = 50;
/** Whoever listens goes through all of them, so the pause grows with their number. */
const TENANTS_FOR_EACH_MS_MORE = 100;

export function createChangeListeners(
  clients: () => readonly ClientContext[],
  count: () => number,
): ChangeListeners {
  const listeners = new Set<Listener>();
  let telling: NodeJS.Timeout | null = null;

  return {
    add(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changed() {
      telling ??= setTimeout(tell, PAUSE_MS + count() / TENANTS_FOR_EACH_MS_MORE).unref();
    },
    close() {
      listeners.clear();
      if (telling !== null) clearTimeout(telling);
    },
  };

  function tell(): void {
    telling = null;
    const inMemory = clients();
    for (const listener of listeners) listener(inMemory);
  }
}
