import { createSentinel } from '@redis/client';
import type { RedisPlace } from '../domain/index.ts';
import { openPersistentClient } from './persistent-client.ts';
import {
  answered,
  connectionOptions,
  type RedisConnection,
  type RedisConnectionParts,
} from './redis-connection.ts';

/** How often the sentinels are asked who the master is, besides what they tell by themselves. */
const LOOK_EVERY_MS = 2_000;
/** Attempts, a second apart, before the client gives up and we begin anew; and repeats of a call by itself. */
const ATTEMPTS = 3;

/** The master of a group of servers that sentinels watch. */
export function connectSentinel(
  place: Extract<RedisPlace, { kind: 'sentinel' }>,
  parts: RedisConnectionParts,
): RedisConnection {
  const sentinel = openPersistentClient(open, (client) => client.connect(), parts.randomness);

  return {
    adapterFor: () => (hasMaster() ? sentinel.adapter : null),
    commandsFor: () => (hasMaster() ? sentinel.client : null),
    state: () => (hasMaster() ? 'connected' : 'disconnected'),
    ping: () => (hasMaster() ? answered(sentinel.client.ping()) : Promise.resolve()),
    close() {
      sentinel.stop();
      void answered(sentinel.client.destroy());
    },
  };

  function open() {
    const made = createSentinel({
      name: place.name,
      sentinelRootNodes: [...place.nodes],
      sentinelClientOptions: connectionOptions(parts, parts.sentinelCredentials),
      nodeClientOptions: connectionOptions(parts, parts.credentials),
      scanInterval: LOOK_EVERY_MS,
      maxCommandRediscovers: ATTEMPTS,
      passthroughClientErrorEvents: true,
    });
    made.on('error', (cause: unknown) => {
      // The client tells of some failures twice, once in words only, and of those of its parts as a cause.
      if (typeof cause === 'object') parts.failed(causeOf(cause));
    });
    return made;
  }

  /** `isReady` of the client stays true when its master is lost; whether it knows a master that is connected does not. */
  function hasMaster(): boolean {
    const { client } = sentinel;
    return client.isReady && client.getMasterNode() !== undefined;
  }
}

function causeOf(error: object | null): unknown {
  return error !== null && 'cause' in error && error.cause !== undefined ? error.cause : error;
}
