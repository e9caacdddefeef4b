import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { RefusalReply, Reply } from './profile.ts';

/** Answers a check. @throws when a field cannot be sent; nothing was sent then. */
export function writeReply(response: ServerResponse, reply: Reply, last: boolean): void {
  const head = headOf(reply);
  // Without either line an HTTP/1.1 connection stays open, and no `Keep-Alive` reaches clients through a front.
  if (last) head.push('connection', 'close');
  else response.removeHeader('connection');
  response.writeHead(reply.status, STATUS_CODES[reply.status] ?? '', head).end(reply.body);
}

/**
 * Refuses on a connection that node:http has given up on: a message it could not read, an upgrade, a CONNECT.
 *
 * The connection is closed in both directions only after the peer did, or after two seconds. Closed at once while the peer
 * still writes (200 KB of headers), it would be reset, and Envoy, which then never sees the answer, may let the request pass.
 */
export function refuseOnSocket(socket: Duplex, reply: RefusalReply): void {
  const head = [...headOf(reply), 'connection', 'close'];
  const lines = [`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}`];
  for (let index = 0; index + 1 < head.length; index += 2) lines.push(`${head[index]}: ${head[index + 1]}`);

  // What node:http listened to is gone with its parser, and an error nobody listens to ends the process.
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${reply.body}`, 'latin1');
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const LINGER_MS = 2_000;

function headOf({ headers, body }: Reply): string[] {
  const head = ['content-length', String(Buffer.byteLength(body))];
  for (const { name, value } of headers) head.push(name, value);
  return head;
}
