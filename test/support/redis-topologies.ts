/**
 * Real groups of Redis servers for a test: a master with a replica behind three sentinels, and a Cluster.
 *
 * In: nothing. Out: running servers on free ports that keep nothing on disk.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventually, freePorts, readyWhen, startProcess, temporaryFolder } from './processes.ts';
import { askRedis, REDIS_SERVER, type RunningRedis, startRedis } from './redis.ts';

export interface RedisNodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface SentinelScene {
  /** Of the group, as the sentinels call it. */
  readonly name: string;
  /** The sentinels. */
  readonly nodes: readonly RedisNodeAddress[];
  /** Both servers; either may be the master. */
  readonly servers: readonly [RunningRedis, RunningRedis];
  /** The one the sentinels call master now. */
  readonly master: () => Promise<RunningRedis>;
  readonly flush: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SentinelOptions {
  /** More words for the command lines of the servers, and more lines for the sentinels. */
  readonly serverArguments?: readonly string[];
  readonly sentinelLines?: readonly string[];
}

/** Sentinels that promote the replica about a second after the master fell silent. */
export async function startSentinelScene(options: SentinelOptions = {}): Promise<SentinelScene> {
  const { serverArguments = [], sentinelLines = [] } = options;
  const name = 'orders';
  const first = await startRedis({ arguments: serverArguments });
  const replicaOf = ['--replicaof', '127.0.0.1', String(first.port), '--repl-diskless-sync-delay', '0'];
  const second = await startRedis({ arguments: [...replicaOf, ...serverArguments] });
  const servers = [first, second] as const;
  await eventually('the replica to follow', async () =>
    (await second.command('INFO', 'replication')).includes('master_link_status:up') ? true : null,
  );

  const folder = temporaryFolder('sentinels');
  const ports = await freePorts(3);
  const sentinels = await Promise.all(
    ports.map(async (port) => {
      const file = join(folder.path, `${port}.conf`);
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder.path}`,
        `sentinel monitor ${name} 127.0.0.1 ${first.port} 2`,
        `sentinel down-after-milliseconds ${name} 1000`,
        `sentinel failover-timeout ${name} 4000`,
        ...sentinelLines,
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      const started = await startProcess(REDIS_SERVER, [file, '--sentinel'], { name: 'redis-sentinel' });
      await readyWhen(started, async () => (await askRedis(port, ['PING'])) || null);
      return started;
    }),
  );
  await eventually('the sentinels to know each other', async () => {
    const known = await Promise.all(ports.map((port) => askRedis(port, ['SENTINEL', 'CKQUORUM', name])));
    const replicas = await Promise.all(ports.map((port) => askRedis(port, ['SENTINEL', 'REPLICAS', name])));
    return known.every((reply) => reply.startsWith('+OK 3')) && replicas.every((reply) => reply !== '*0')
      ? true
      : null;
  });

  return {
    name,
    nodes: ports.map((port) => ({ host: '127.0.0.1', port })),
    servers,
    async master() {
      const reply = await askRedis(ports[0] ?? 0, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
      return reply.includes(String(second.port)) ? second : first;
    },
    async flush() {
      // The replica refuses.
      await Promise.all(servers.map((server) => server.command('FLUSHALL').catch(() => '')));
    },
    async stop() {
      await Promise.all([
        ...sentinels.map((sentinel) => sentinel.stop('SIGKILL')),
        first.stop(),
        second.stop(),
      ]);
      folder.remove();
    },
  };
}

export interface ClusterScene {
  readonly nodes: readonly RedisNodeAddress[];
  /** The masters first, then a replica of each, in the same order. */
  readonly servers: readonly RunningRedis[];
  /** Moves so many slots from the first master to the second, with what is in them. */
  readonly reshard: (slots: number) => Promise<void>;
  /** Sum over all masters. */
  readonly size: () => Promise<number>;
  readonly flush: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const SLOTS = 16_384;
const MASTERS = 3;

/** Three masters with a replica each, which promotes itself about a second after its master fell silent. */
export async function startClusterScene({
  serverArguments = [],
}: Pick<SentinelOptions, 'serverArguments'> = {}): Promise<ClusterScene> {
  const own = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--repl-diskless-sync-delay',
    '0',
    ...serverArguments,
  ];
  const ports = await freePorts(4 * MASTERS);
  const busPorts = ports.slice(2 * MASTERS).map(String);
  const servers = await Promise.all(
    ports
      .slice(0, 2 * MASTERS)
      .map((port, index) =>
        startRedis({ port, arguments: [...own, '--cluster-port', busPorts[index] ?? ''] }),
      ),
  );
  const masters = servers.slice(0, MASTERS);
  const replicas = servers.slice(MASTERS);
  const ids = await Promise.all(servers.map(idOf));

  await Promise.all(
    masters.map((master, index) => {
      const [from, to] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / MASTERS));
      return master.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String((to ?? SLOTS) - 1));
    }),
  );
  await Promise.all(
    masters.map((master, index) => master.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))),
  );
  for (const [index, { port }] of servers.entries())
    if (index > 0)
      await servers[0]?.command('CLUSTER', 'MEET', '127.0.0.1', String(port), busPorts[index] ?? '');
  await eventually('the cluster to know all its servers', async () => {
    const lines = await Promise.all(servers.map((server) => server.command('CLUSTER', 'NODES')));
    return lines.every(
      (reply) => reply.split('\n').filter((line) => line.includes(' connected')).length === 2 * MASTERS,
    )
      ? true
      : null;
  });
  await Promise.all(
    replicas.map((replica, index) => replica.command('CLUSTER', 'REPLICATE', ids[index] ?? '')),
  );
  await eventually('the cluster to be whole', async () => {
    const states = await Promise.all(servers.map((server) => server.command('CLUSTER', 'INFO')));
    const links = await Promise.all(replicas.map((replica) => replica.command('INFO', 'replication')));
    return states.every((reply) => reply.includes('cluster_state:ok')) &&
      links.every((reply) => reply.includes('master_link_status:up'))
      ? true
      : null;
  });

  return {
    nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    servers,
    async reshard(slots) {
      const [from, to] = masters;
      if (from === undefined || to === undefined) return;
      const [fromId, toId] = await Promise.all([idOf(from), idOf(to)]);
      for (let slot = 0; slot < slots; slot += 1) await moveSlot(slot, { from, fromId, to, toId }, masters);
    },
    async size() {
      const sizes = await Promise.all(masters.map((master) => master.command('DBSIZE')));
      return sizes.reduce((sum, reply) => sum + Number(reply.slice(1)), 0);
    },
    async flush() {
      await Promise.all(servers.map((server) => server.command('FLUSHALL').catch(() => '')));
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

interface Move {
  readonly from: RunningRedis;
  readonly fromId: string;
  readonly to: RunningRedis;
  readonly toId: string;
}

/** As `redis-cli --cluster reshard` does it (Redis Cluster specification, "live reconfiguration"). */
async function moveSlot(slot: number, move: Move, masters: readonly RunningRedis[]): Promise<void> {
  const { from, fromId, to, toId } = move;
  await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
  await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
  for (;;) {
    const reply = await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '100');
    const names = reply.split('\r\n').filter((line) => !/^[*$]/.test(line));
    if (names.length === 0) break;
    await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...names);
  }
  // The new owner first, so that nobody is sent in a circle.
  for (const server of [to, from, ...masters])
    await server.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', toId);
}

async function idOf(server: RunningRedis): Promise<string> {
  const reply = await server.command('CLUSTER', 'MYID');
  return reply.split('\r\n').at(-1) ?? '';
}
