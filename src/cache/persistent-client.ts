import type { KeyvStoreAdapter } from 'keyv';
import type { Randomness } from '../domain/index.ts';
import { adapterOver, pauseBeforeAttempt } from './redis-connection.ts';

/** A client of several servers, and Keyv's adapter over it; both are others after an attempt that failed. */
export interface PersistentClient<Client> {
  readonly client: Client;
  readonly adapter: KeyvStoreAdapter;
  /** Makes no more attempts. The client in hand is the caller's to end. */
  stop(): void;
}

/**
 * Connects, however long it takes: a client of Sentinel or of a Cluster that got through to nobody has given up for
 * good, so another one tries after a pause.
 *
 * @param connect rejects when the client has given up.
 */
export function openPersistentClient<Client extends object>(
  open: () => Client,
  connect: (client: Client) => Promise<unknown>,
  randomness: Pick<Randomness, 'fraction'>,
): PersistentClient<Client> {
  let client = open();
  let adapter = adapterOver(client);
  let isStopped = false;
  let next: NodeJS.Timeout | undefined;
  attempt(0);

  return {
    get client() {
      return client;
    },
    get adapter() {
      return adapter;
    },
    stop() {
      isStopped = true;
      clearTimeout(next);
    },
  };

  function attempt(attempts: number): void {
    connect(client).catch(() => {
      if (isStopped) return;
      const pauseMs = pauseBeforeAttempt(attempts, randomness.fraction());
      next = setTimeout(() => {
        client = open();
        adapter = adapterOver(client);
        attempt(attempts + 1);
      }, pauseMs).unref();
    });
  }
}
