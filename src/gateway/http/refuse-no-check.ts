import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { codeOf, type DenyReason } from '../../domain/index.ts';
import type { ServeCheck } from './serve-check.ts';

/**
 * Refuses what node:http cannot make an ordinary request of, each connection once. Left to node it would be answered
 * without the front's folding, or be taken for a check after all.
 *
 * @returns the connections that were refused and are not closed yet
 */
export function refuseNoCheck(server: Server, refuse: ServeCheck['refuse']): ReadonlySet<Duplex> {
  const refused = new Set<Duplex>();

  server.on('clientError', (cause, socket) => {
    // Node tells the same broken message again with every further piece of it.
    if (refused.has(socket)) return;
    const code = codeOf(cause);
    if (!isBrokenRequest(code, socket)) socket.destroy();
    else if (code === 'HPE_HEADER_OVERFLOW')
      refuseOnce(socket, 'headers_too_large', 'over 64 KiB of headers');
    else refuseOnce(socket, 'request_malformed', `not a readable HTTP request: ${code}`);
  });
  server.on('connect', (_request, socket) => refuseOnce(socket, 'method_denied', 'CONNECT'));
  server.on('upgrade', (_request, socket) =>
    refuseOnce(socket, 'request_malformed', 'an upgrade is not a check; do not pass the Upgrade header on'),
  );
  for (const event of ['checkContinue', 'checkExpectation'])
    server.on(event, ({ socket }: { readonly socket: Socket }) =>
      refuseOnce(socket, 'request_malformed', 'a check expects nothing; do not pass the Expect header on'),
    );
  return refused;

  function refuseOnce(socket: Duplex, reason: DenyReason, detail: string): void {
    if (refused.has(socket)) return;
    refused.add(socket);
    socket.once('close', () => refused.delete(socket));
    refuse(socket, reason, detail);
  }
}

/** Otherwise nobody waits for an answer: a lost connection, a failed TLS handshake, one opened ahead and never used. */
function isBrokenRequest(code: string, socket: Duplex): boolean {
  if (!socket.writable || ('bytesRead' in socket && socket.bytesRead === 0)) return false;
  return code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT';
}
