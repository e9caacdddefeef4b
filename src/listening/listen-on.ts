import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, type ListenOptions, type Server } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, formatListenAddress, type ListenAddress } from '../domain/index.ts';

/** An address cannot be listened on. The message names it, what is wrong with it and what to do; it holds no foreign text. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
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
 * Out: where the server really listens. The file of a socket whose process is gone is replaced; one that somebody
 * listens on, or that is no socket, is left alone. Its folder must exist.
 * @throws ListenError; the server is closed then.
 */
export async function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  try {
    if (address.kind === 'tcp') {
      await begin(server, { host: address.host, port: address.port });
      const bound = server.address();
      return typeof bound === 'object' && bound !== null ? { ...address, port: bound.port } : address;
    }
    await clearStaleSocket(address.path);
    await begin(server, { path: address.path });
    await chmod(address.path, UNIX_SOCKET_MODE);
    return address;
  } catch (cause) {
    server.close();
    const problem = cause instanceof Unusable ? cause.message : problemOf(codeOf(cause));
    throw new ListenError(`cannot listen on ${formatListenAddress(address)}: ${problem}`, { cause });
  }
}

class Unusable extends Error {}

function problemOf(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there';
    case 'EACCES':
      return 'this user may not; choose a port above 1023 or another folder';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'ENOTFOUND':
      return 'that host name has no address here';
    default:
      return code;
  }
}

function begin(server: Server, where: ListenOptions): Promise<void> {
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
  if (!file.isSocket()) {
    throw new Unusable('a file that is no socket is there; remove it or choose another path');
  }
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
