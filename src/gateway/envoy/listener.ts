import { createServer, type Socket } from 'node:net';

import { codeOf, type ListenAddress } from '../../domain/index.ts';
import { listenOn } from '../../listening/index.ts';

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

/** @throws ListenError when the address cannot be listened on. */
export async function openListener(address: ListenAddress, parts: ListenerParts): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Its session hears of it too; before there is one (a handshake that failed) nobody else would.
    socket.on('error', () => socket.destroy());
    parts.onConnection(socket);
  });

  const bound = await listenOn(server, address);
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
