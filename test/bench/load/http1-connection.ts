import { Buffer } from 'node:buffer';
import { connect } from 'node:net';

import type { UnaryConnection, UnaryEvents } from './http2-connection.ts';

/** One kept-alive HTTP/1.1 connection with one sub-request at a time, as NGINX asks. The message is the whole answer. */
export function openSubrequestConnection(port: number, events: UnaryEvents): Promise<UnaryConnection> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let rest: Buffer = Buffer.alloc(0);
  let slot = 0;
  let pending: Buffer | null = null;
  let hasEnded = false;

  const connection: UnaryConnection = {
    ask(asking, length, write) {
      slot = asking;
      pending = Buffer.allocUnsafe(length);
      write(pending, 0);
    },
    flush() {
      if (pending === null) return;
      socket.write(pending);
      pending = null;
    },
    end() {
      hasEnded = true;
      socket.destroy();
    },
  };

  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return;
    // Answers of a check port have no body towards NGINX.
    const message = rest.subarray(0, end + 4);
    rest = rest.subarray(end + 4);
    events.answered(slot, message);
    events.batchEnded();
    connection.flush();
  });
  const lose = (why: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    events.lost(why);
  };
  socket.on('error', (error) => lose(error.message));
  socket.on('close', () => lose('the connection was closed'));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => resolve(connection));
  });
}
