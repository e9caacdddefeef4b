/**
 * One Redis behind Keyv.
 *
 * In: where it is and who we are there. Out: a store whose every call answers or fails at once while there is no
 * connection, and the way to close it.
 * Never: a wait for Redis at start, a queue of calls for when it comes back, an error event nobody hears.
 */
import { URL } from 'node:url';
import KeyvRedis, { type RedisClientConnectionType } from '@keyv/redis';
import { ClientClosedError, createClient, ErrorReply } from '@redis/client';
import type { Keyv, KeyvStoreAdapter } from 'keyv';
import type { JsonObject, Observe, Randomness, Secret } from '../domain/index.ts';
import { openKeyv } from './open-keyv.ts';
import { storeFailureOf } from './store-failure.ts';

export interface RedisStoreSettings {
  /** `redis://host:port/database`, or `rediss://` for TLS. Checked when the settings are read. */
  readonly url: string;
  /** Of an ACL user; `null`: the default user. */
  readonly username: string | null;
  /** `null`: none is sent. */
  readonly password: Secret | null;
}

export interface RedisStoreParts {
  readonly observe: Observe;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export interface RedisStore {
  readonly store: Keyv<string>;
  /** Used from the next connection on: a rotated password needs no restart. */
  replacePassword(password: Secret | null): void;
  /** For the operator's status page: address, state, and the code of the last failure. */
  status(): JsonObject;
  /** Lets go of the connection. Every call from then on fails. */
  close(): Promise<void>;
}

/** Silence of the server after which a connection is given up, and how often a quiet one is asked to speak. */
const SILENCE_MS = 1_500;
const PING_EVERY_MS = 500;
const CONNECT_WITHIN_MS = 2_000;
const LONGEST_PAUSE_MS = 2_000;
/** Calls that may wait for Redis's reply; the timeout of the shared cache keeps them far fewer. */
const MOST_WAITING = 10_000;

export function openRedisStore(settings: RedisStoreSettings, parts: RedisStoreParts): RedisStore {
  const { observe, randomness } = parts;
  const client = createClient({
    url: settings.url,
    // Asked at each connection.
    credentialsProvider: { type: 'async-credentials-provider', credentials: async () => credentials() },
    // Otherwise calls would wait, without end, for a connection that may never come.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    pingInterval: PING_EVERY_MS,
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (attempts) => pauseBeforeAttempt(attempts, randomness.fraction()),
    },
  });
  let password = settings.password;
  let isClosed = false;
  let lastFailure: string | null = null;

  client.on('error', (cause: unknown) => {
    lastFailure = failureCodeOf(cause);
    if (!isClosed) observe({ event: 'cache_failed', operation: 'connection', cause: storeFailureOf(cause) });
  });
  // Not awaited: the first attempt is one of many, and each failed one arrives as an error event.
  client.connect().catch(() => undefined);

  // The adapter is typed for the client it brings along, which loses keys after a Cluster failover; this one is
  // of the next version and behaves alike in everything the adapter calls.
  const adapter = new KeyvRedis<string>(client as unknown as RedisClientConnectionType, {
    throwOnErrors: true,
  });
  const store = openKeyv(adapter);

  return {
    store,
    replacePassword(next) {
      password = next;
    },
    status: () => ({
      address: addressOf(settings.url),
      state: isClosed ? 'closed' : client.isReady ? 'connected' : 'disconnected',
      lastFailure,
    }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      // The adapter would open a closed client again at its next call.
      store.store = CLOSED_STORE;
      client.destroy();
    },
  };

  function credentials(): { readonly username?: string; readonly password?: string } {
    return {
      ...(settings.username === null ? {} : { username: settings.username }),
      ...(password === null ? {} : { password: password.reveal() }),
    };
  }
}

const CLOSED_STORE: KeyvStoreAdapter = {
  opts: undefined,
  on: () => CLOSED_STORE,
  get: refuse,
  set: refuse,
  delete: refuse,
  clear: refuse,
};

async function refuse(): Promise<never> {
  throw new ClientClosedError();
}

/** Doubles up to a bound, with jitter, so that replicas do not come back all at once. */
function pauseBeforeAttempt(attempts: number, fraction: number): number {
  const pauseMs = Math.min(50 * 2 ** attempts, LONGEST_PAUSE_MS);
  return Math.round(pauseMs * (0.75 + fraction * 0.25));
}

/** Codes only (`ECONNREFUSED`, `WRONGPASS`): the text of a foreign error may quote what we sent. */
function failureCodeOf(cause: unknown): string {
  if (cause instanceof ErrorReply) return /^[A-Z]+\b/.exec(cause.message)?.[0] ?? 'ErrorReply';
  if (typeof cause !== 'object' || cause === null) return 'unknown';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.constructor.name;
}

function addressOf(url: string): string {
  return new URL(url).host;
}
