import { createCluster } from '@redis/client';
import type { RedisNode, RedisPlace } from '../domain/index.ts';
import { clusterSlotOf } from './cluster-slot.ts';
import { openPersistentClient } from './persistent-client.ts';
import {
  answered,
  connectionOptions,
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
  const cluster = openPersistentClient(() => openCluster(nodes, parts), connect, parts.randomness);

  return {
    adapterFor: (name) => (isReachable(name) ? cluster.adapter : null),
    commandsFor: (name) => (isReachable(name) ? cluster.client : null),
    state,
    // A server that is not connected costs nobody any time.
    ping: async () => {
      await Promise.all(clients().map((client) => answered(client.ping())));
    },
    close() {
      cluster.stop();
      cluster.client.destroy();
    },
  };

  function isReachable(name: string): boolean {
    const { client } = cluster;
    const master = client.isReady ? client.slots[clusterSlotOf(name)]?.master : undefined;
    if (master === undefined) return false;
    if (master.client?.isReady === true) return true;
    connectMaster(client, master);
    return false;
  }

  function clients() {
    return cluster.client.masters.flatMap(({ client }) => (client?.isReady === true ? [client] : []));
  }

  function state(): ReturnType<RedisConnection['state']> {
    const { isReady, masters } = cluster.client;
    const ready = isReady ? clients().length : 0;
    if (ready === 0) return 'disconnected';
    return ready === masters.length ? 'connected' : 'partly';
  }
}

type Cluster = ReturnType<typeof openCluster>;

function openCluster(nodes: readonly RedisNode[], parts: RedisConnectionParts) {
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

async function connect(cluster: Cluster): Promise<void> {
  await cluster.connect();
  for (const master of cluster.masters) connectMaster(cluster, master);
}

function connectMaster(cluster: Cluster, master: Cluster['masters'][number]): void {
  void Promise.resolve(cluster.nodeClient(master)).catch(() => undefined);
}
