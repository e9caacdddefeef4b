import { createClient } from '@redis/client';
import type { RedisPlace } from '../domain/index.ts';
import {
  adapterOver,
  answered,
  connectionOptions,
  type RedisConnection,
  type RedisConnectionParts,
} from './redis-connection.ts';

/** One server. The client itself reconnects, for ever. */
export function connectSingle(
  { node, database }: Extract<RedisPlace, { kind: 'single' }>,
  parts: RedisConnectionParts,
): RedisConnection {
  const client = createClient({ ...connectionOptions(parts, parts.credentials, node), database });
  const adapter = adapterOver(client);
  client.on('error', parts.failed);
  // Not awaited: the first attempt is one of many, and each failed one arrives as an error event.
  client.connect().catch(() => undefined);

  return {
    adapterFor: () => (client.isReady ? adapter : null),
    commandsFor: () => (client.isReady ? client : null),
    state: () => (client.isReady ? 'connected' : 'disconnected'),
    ping: () => answered(client.ping()),
    close: () => client.destroy(),
  };
}
