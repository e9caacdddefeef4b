import { createCluster } from '@redis/client';
import type { KeyvStoreAdapter } from 'keyv';
import type { RedisPlace } from '../domain/index.ts';
import { clusterSlotOf } from './cluster-slot.ts';
import {
  adapterOver,
  answered,
  connectionOptions,
  pauseBeforeAttempt,
  type RedisConnection,
  type RedisConnectionParts,
} from './redis-connection.ts';

/** How long a master may be away before the others are asked who has its slots now. */
const AWAY_MS = 1_000;

/** The masters of a Cluster, each with a connection of its own. */
export function connectCluster(
  { nodes }: Extract<RedisPlace, { kind: 'cluster' }>,
  parts: RedisConnectionParts,
): RedisConnection {
  let cluster = open();
  let adapter: KeyvStoreAdapter = adapterOver(cluster);
  let isClosed = false;
  let next: NodeJS.Timeout | undefined;
  connect(0);

  return {
    adapterFor: (name) => (isReachable(name) ? adapter : null),
    commandsFor: (name) => (isReachable(name) ? cluster : null),
    state,
    // A server that is not connected costs nobody any time.
    ping: async () => {
      await Promise.all(clients().map((client) => answered(client.ping())));
    },
    close() {
      isClosed = true;
      clearTimeout(next);
      cluster.destroy();
    },
  };

  function isReachable(name: string): boolean {
    const master = cluster.isReady ? cluster.slots[clusterSlotOf(name)]?.master : undefined;
    if (master === undefined) return false;
    if (master.client?.isReady === true) return true;
    connectMaster(master);
    return false;
  }

  function open() {
    const made = createCluster({
      rootNodes: nodes.map(({ host, port }) => ({ socket: { host, port } })),
      defaults: connectionOptions(parts, parts.credentials),
      // Otherwise one master that is away keeps the client from learning who has its slots now.
      minimizeConnections: true,
      topologyRefreshOnReconnectionAttemptStrategy: AWAY_MS,
    });
    made.on('error', parts.failed);
    made.on('node-error', parts.failed);
    return made;
  }

  /** A client that found none of its servers has given up for good: another one tries. */
  function connect(attempts: number): void {
    cluster.connect().then(
      () => cluster.masters.forEach(connectMaster),
      () => {
        if (isClosed) return;
        const pauseMs = pauseBeforeAttempt(attempts, parts.randomness.fraction());
        next = setTimeout(() => {
          cluster = open();
          adapter = adapterOver(cluster);
          connect(attempts + 1);
        }, pauseMs).unref();
      },
    );
  }

  function connectMaster(master: (typeof cluster.masters)[number]): void {
    void Promise.resolve(cluster.nodeClient(master)).catch(() => undefined);
  }

  function clients() {
    return cluster.masters.flatMap(({ client }) => (client?.isReady === true ? [client] : []));
  }

  function state(): ReturnType<RedisConnection['state']> {
    const ready = cluster.isReady ? clients().length : 0;
    if (ready === 0) return 'disconnected';
    return ready === cluster.masters.length ? 'connected' : 'partly';
  }
}
