import type { Milliseconds } from '../domain/index.ts';

/** One task at a time for each key; whoever comes meanwhile waits for the same outcome (decision 7). */
export interface SingleFlight<Key, Value> {
  /** The outcome that is under way or held for this key; `undefined` when there is none. */
  join(key: Key): Promise<Value> | undefined;
  /** Starts the task for a key that nobody else is at. The task must settle with a value. */
  start(key: Key, task: () => Promise<Value>): Promise<Value>;
  /** How many wait for this key, the one who started it included; 0: nothing is under way. */
  waiting(key: Key): number;
  /** Keys under way or held. */
  readonly size: number;
}

/**
 * @param holdFor how long a settled outcome is still handed to newcomers; 0 for not at all.
 */
export function createSingleFlight<Key, Value>(
  holdFor: (value: Value) => Milliseconds,
): SingleFlight<Key, Value> {
  const flights = new Map<Key, Promise<Value>>();
  // Only of keys that somebody has joined.
  const joined = new Map<Key, number>();

  return {
    join(key) {
      const flight = flights.get(key);
      if (flight !== undefined) joined.set(key, (joined.get(key) ?? 0) + 1);
      return flight;
    },
    waiting: (key) => (flights.has(key) ? 1 + (joined.get(key) ?? 0) : 0),
    start,
    get size() {
      return flights.size;
    },
  };

  function start(key: Key, task: () => Promise<Value>): Promise<Value> {
    const flight = task().then(
      (value) => {
        const holdMs = holdFor(value);
        if (holdMs > 0) setTimeout(() => land(key, flight), holdMs).unref();
        else land(key, flight);
        return value;
      },
      (cause: unknown) => {
        land(key, flight);
        throw cause;
      },
    );
    flights.set(key, flight);
    return flight;
  }

  function land(key: Key, flight: Promise<Value>): void {
    if (flights.get(key) !== flight) return;
    flights.delete(key);
    joined.delete(key);
  }
}
