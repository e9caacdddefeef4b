/**
 * A Redis behind Keyv.
 *
 * In: where it is and who we are there. Out: a store whose every call answers or fails at once while there is no
 * connection to what keeps the entry, and the way to close it.
 * Never: a wait for Redis at start, a queue of calls for when it comes back, an error event nobody hears.
 */
import { ClientClosedError, ClientOfflineError, ErrorReply } from '@redis/client';
import type { Keyv, KeyvStoreAdapter } from 'keyv';
import {
  type JsonObject,
  type Observe,
  type Randomness,
  type RedisSettings,
  unreachable,
} from '../domain/index.ts';
import { connectCluster } from './connect-cluster.ts';
import { connectSentinel } from './connect-sentinel.ts';
import { connectSingle } from './connect-single.ts';
import { createConnectionInUse } from './connection-in-use.ts';
import { openKeyv } from './open-keyv.ts';
import {
  addressOf,
  type RedisCommands,
  type RedisConnection,
  type RedisConnectionParts,
} from './redis-connection.ts';
import { isSameTls } from './same-tls.ts';
import { storeFailureOf } from './store-failure.ts';

export interface RedisStoreParts {
  readonly observe: Observe;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export interface RedisStore {
  /** Where it is, for people. */
  readonly place: string;
  readonly store: Keyv<string>;
  /** A command besides, to where this entry is kept. Rejects when there is no connection. */
  readonly command: <Value>(
    name: string,
    call: (commands: RedisCommands) => Promise<Value>,
  ) => Promise<Value>;
  /** Settles when every server that is connected has answered. */
  readonly ping: () => Promise<void>;
  /**
   * Puts rotated passwords and certificates in force: passwords from the next connection on, certificates at once over
   * connections that are made anew. The place stays: another one needs a restart.
   */
  readonly renew: (settings: RedisSettings) => void;
  /** For the operator's status page: address, state, and the code of the last failure. */
  readonly status: () => JsonObject;
  readonly isConnected: () => boolean;
  /** Lets go of the connection. Every call from then on fails. */
  readonly close: () => Promise<void>;
}

export function openRedisStore(initial: RedisSettings, { observe, randomness }: RedisStoreParts): RedisStore {
  let settings = initial;
  let isClosed = false;
  let lastFailure: string | null = null;
  const isReplacedWhenUnwell = initial.place.kind === 'cluster';
  const connection = createConnectionInUse(connect, { isReplacedWhenUnwell });

  return {
    place: `redis at ${addressOf(initial)}`,
    store: openKeyv(guarded(adapterFor)),
    command: async (name, call) => call(commandsFor(name)),
    ping: () => connection.current.ping(),
    renew(next) {
      const isTlsNew = !isSameTls(settings.tls, next.tls);
      settings = next;
      if (isTlsNew && !isClosed) connection.renew();
    },
    status: () => ({
      kind: settings.place.kind,
      address: addressOf(settings),
      state: isClosed ? 'closed' : STATES[connection.current.state()],
      lastFailure,
    }),
    isConnected: () => !isClosed && connection.current.state() === 'connected',
    async close() {
      isClosed = true;
      connection.close();
    },
  };

  function adapterFor(name: string): KeyvStoreAdapter {
    if (isClosed) throw new ClientClosedError();
    const adapter = connection.current.adapterFor(name);
    if (adapter === null) throw new ClientOfflineError();
    return adapter;
  }

  function commandsFor(name: string): RedisCommands {
    if (isClosed) throw new ClientClosedError();
    const commands = connection.current.commandsFor(name);
    if (commands === null) throw new ClientOfflineError();
    return commands;
  }

  function connect(): RedisConnection {
    let isGone = false;
    const made = openConnection(settings, {
      credentials: () => settings,
      sentinelCredentials: () => (settings.place.kind === 'sentinel' ? settings.place : NOBODY),
      tls: settings.tls,
      // What goes wrong while one is let go of is nothing that went wrong.
      failed: (cause) => (isGone ? undefined : failed(cause)),
      randomness,
    });
    return {
      ...made,
      close() {
        if (isGone) return;
        isGone = true;
        made.close();
      },
    };
  }

  function failed(cause: unknown): void {
    lastFailure = failureCodeOf(cause);
    observe({ event: 'cache_failed', operation: 'connection', cause: storeFailureOf(cause) });
  }
}

function openConnection({ place }: RedisSettings, parts: RedisConnectionParts): RedisConnection {
  switch (place.kind) {
    case 'single':
      return connectSingle(place, parts);
    case 'sentinel':
      return connectSentinel(place, parts);
    case 'cluster':
      return connectCluster(place, parts);
    default:
      return unreachable(place);
  }
}

const NOBODY = { username: null, password: null };

const STATES = {
  connected: 'connected',
  partly: 'partly connected',
  disconnected: 'disconnected',
} as const satisfies Record<ReturnType<RedisConnection['state']>, string>;

/** An adapter whose calls go to whatever keeps the entry just then. */
function guarded(adapterFor: (name: string) => KeyvStoreAdapter): KeyvStoreAdapter {
  const adapter: KeyvStoreAdapter = {
    opts: undefined,
    on: () => adapter,
    get: async <Value>(name: string) => adapterFor(name).get<Value>(name),
    set: async (name, value, ttl): Promise<unknown> => adapterFor(name).set(name, value, ttl),
    delete: async (name) => adapterFor(name).delete(name),
    clear: async () => {
      throw new TypeError('a store that others use, too, is never emptied');
    },
  };
  return adapter;
}

/** Codes only (`ECONNREFUSED`, `WRONGPASS`): the text of a foreign error may quote what we sent. */
function failureCodeOf(cause: unknown): string {
  if (cause instanceof ErrorReply) return /^[A-Z]+\b/.exec(cause.message)?.[0] ?? 'ErrorReply';
  if (typeof cause !== 'object' || cause === null) return 'unknown';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.constructor.name;
}
