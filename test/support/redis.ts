/**
 * A real Redis of its own for a test, and the ways it can go wrong.
 *
 * In: nothing. Out: a running server on a free port that keeps nothing on disk.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { freePort, readyWhen, startProcess, temporaryFolder, type RunningProcess } from './processes.ts';

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  /** SIGSTOP: connections stay, nothing is answered any more. */
  readonly pause: () => void;
  /** SIGCONT. */
  readonly resume: () => void;
  /** SIGKILL. Its data is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, empty. */
  readonly restart: () => Promise<void>;
  /** One command by its words over a connection of its own, answered with the raw reply. */
  readonly command: (...words: readonly string[]) => Promise<string>;
  /** Ends it whatever state it is in, and takes its folder away. */
  readonly stop: () => Promise<void>;
}

export interface RedisOptions {
  /** More words for the command line of `redis-server`. */
  readonly arguments?: readonly string[];
  /** Left out: a free one. */
  readonly port?: number;
  /** It speaks TLS on `port`, and demands a client certificate of this authority. All PEM. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

export const REDIS_SERVER = '/usr/bin/redis-server';

export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  if (!existsSync(REDIS_SERVER)) {
    throw new Error(
      `${REDIS_SERVER} is missing: install the apt package redis-server (it need not run as a service)`,
    );
  }
  const port = options.port ?? (await freePort());
  // Commands of a test need no certificate.
  const plainPort = options.tls === undefined ? port : await freePort();
  const folder = temporaryFolder('redis');
  let server = await start();

  return {
    url: `${options.tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    port,
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    async kill() {
      await server.stop('SIGKILL');
    },
    async restart() {
      await server.stop('SIGKILL');
      server = await start();
    },
    command: (...words) => askRedis(plainPort, words),
    async stop() {
      // A stopped process would not hear anything milder.
      await server.stop('SIGKILL');
      folder.remove();
    },
  };

  async function start(): Promise<RunningProcess> {
    const own = ['--port', String(plainPort), '--bind', '127.0.0.1', '--dir', folder.path];
    const words = [...own, '--save', '', '--appendonly', 'no', ...tlsWords(), ...(options.arguments ?? [])];
    const started = await startProcess(REDIS_SERVER, words, { name: 'redis-server' });
    // Any reply will do: a server that wants a password refuses the question.
    await readyWhen(started, async () => (await askRedis(plainPort, ['PING'])) || null);
    return started;
  }

  function tlsWords(): readonly string[] {
    if (options.tls === undefined) return [];
    const files = Object.entries(options.tls).map(([name, pem]) => {
      const file = join(folder.path, `${name}.pem`);
      writeFileSync(file, pem, { mode: 0o600 });
      return [`--tls-${name === 'ca' ? 'ca-cert' : name}-file`, file];
    });
    return ['--tls-port', String(port), '--tls-auth-clients', 'yes', ...files.flat()];
  }
}

/** The wire form of a command (RESP arrays of bulk strings), so that tests need no client of the product's. */
export function askRedis(port: number, words: readonly string[]): Promise<string> {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`*${words.length}\r\n${bulk.join('')}`));
    socket.setTimeout(5_000, () => socket.destroy(new Error('redis-server does not answer')));
    socket.once('data', (reply) => {
      resolve(reply.toString('utf8').trim());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
