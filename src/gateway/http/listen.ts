import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

import { formatListenAddress, type ListenAddress } from '../../domain/index.ts';
import { codeOf } from './error-words.ts';

/**
 * Opens a listener and says where it really is (port 0 picks a free one).
 *
 * A unix socket gets mode 0660: its owner and group may connect. The file of a process that is gone is replaced;
 * one that somebody still listens on, or that is no socket, is left alone.
 * @throws Error naming the address and what is wrong with it.
 */
export async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  try {
    if (address.kind === 'tcp') {
      await begin(server, { host: address.host, port: address.port });
      const bound = server.address();
      return typeof bound === 'object' && bound !== null ? { ...address, port: bound.port } : address;
    }
    if (await isStaleSocket(address.path)) await unlink(address.path);
    await begin(server, { path: address.path });
    await chmod(address.path, 0o660);
    return address;
  } catch (cause) {
    throw new Error(`cannot listen on ${formatListenAddress(address)}: ${codeOf(cause)}`, { cause });
  }
}

function begin(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function isStaleSocket(path: string): Promise<boolean> {
  const file = await lstat(path).catch(() => null);
  if (file === null || !file.isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (cause) => resolve(codeOf(cause) === 'ECONNREFUSED'));
  });
}
