import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';

import { formatListenAddress, type ListenAddress } from '../../domain/index.ts';
import { codeOf } from './error-code.ts';

/** Accepts connections and knows each of them, so that none can outlive the door. */
export interface Listener {
  /** With the real port. */
  readonly address: ListenAddress;
  /** Accepts no more. Connections on which nothing was ever said end at once: nobody waits on them. */
  stop(): void;
  /** Cuts whatever is left. */
  destroy(): void;
}

export interface ListenerParts {
  readonly onConnection: (socket: Socket) => void;
  readonly onError: (code: string) => void;
}

/**
 * Who may use a unix socket: its owner and its group. For a gateway under another user, give both a common group
 * (the socket takes the group of the process, or of its folder when that has the setgid bit); the folder must let
 * it through too.
 */
const UNIX_SOCKET_MODE = 0o660;

/**
 * Opens a TCP port (0 picks a free one) or a unix socket.
 *
 * The file of a socket whose process is gone is replaced; one that somebody listens on, or that is no socket, is
 * left alone. Its folder must exist.
 * @throws Error naming the address and what is wrong with it.
 */
export async function openListener(address: ListenAddress, parts: ListenerParts): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Its session hears of it too; before there is one (a handshake that failed) nobody else would.
    socket.on('error', () => socket.destroy());
    parts.onConnection(socket);
  });

  const bound = await bind(server, address);
  server.on('error', (cause) => parts.onError(codeOf(cause)));

  return {
    address: bound,
    stop() {
      server.close();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function bind(server: Server, address: ListenAddress): Promise<ListenAddress> {
  try {
    if (address.kind === 'tcp') {
      await listen(server, { host: address.host, port: address.port });
      const bound = server.address();
      return typeof bound === 'object' && bound !== null ? { ...address, port: bound.port } : address;
    }
    await clearStaleSocket(address.path);
    await listen(server, { path: address.path });
    await chmod(address.path, UNIX_SOCKET_MODE);
    return address;
  } catch (cause) {
    server.close();
    const what = cause instanceof Unusable ? cause.message : codeOf(cause);
    throw new Error(`cannot listen on ${formatListenAddress(address)}: ${what}`, { cause });
  }
}

class Unusable extends Error {}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function clearStaleSocket(path: string): Promise<void> {
  const file = await lstat(path).catch(() => null);
  if (file === null) {
    await lstat(dirname(path)).catch(() => {
      throw new Unusable('its folder does not exist; create it first');
    });
    return;
  }
  if (!file.isSocket())
    throw new Unusable('a file that is no socket is there; remove it or choose another path');
  if (await isAnswered(path)) throw new Unusable('another process listens there');
  await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (cause) => resolve(codeOf(cause) !== 'ECONNREFUSED'));
  });
}
