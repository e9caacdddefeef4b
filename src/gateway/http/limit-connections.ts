import type { Server, Socket } from 'node:net';

import type { HouseEvent } from '../../domain/index.ts';

type Cause = Extract<HouseEvent, { readonly event: 'connection_refused' }>['cause'];

export interface ConnectionLimit {
  /** Connections that are open at once. */
  readonly most: number;
  /** Whether a peer's address is among those who may ask. */
  readonly isKnown: (socket: Pick<Socket, 'remoteAddress'>) => boolean;
  readonly onRefused: (cause: Cause) => void;
}

/** Enough to tell whoever comes from the wrong place what is wrong, too few to be in the way. */
const STRANGERS_MAX = 64;

/**
 * Bounds the connections of a door, so that nobody takes its memory and file descriptors by opening more (T-61).
 * Peers from outside `trustedPeers`, who are answered 403 whatever they ask, have few places of their own: they
 * cannot keep the fronts out.
 */
export function limitConnections(server: Server, { most, isKnown, onRefused }: ConnectionLimit): void {
  let strangers = 0;
  server.maxConnections = most;
  server.on('drop', () => onRefused('full'));
  server.on('connection', (socket: Socket) => {
    if (isKnown(socket)) return;
    if (strangers >= STRANGERS_MAX) {
      socket.destroy();
      onRefused('strangers');
      return;
    }
    strangers += 1;
    socket.once('close', () => (strangers -= 1));
  });
}
