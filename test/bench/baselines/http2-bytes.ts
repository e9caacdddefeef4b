/** Baseline (c): unary gRPC by hand on node:http2, constant bytes. */
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http2';

import { constantBytes } from './constant-answer.ts';
import { sayPort } from './say-port.ts';

const message = constantBytes();
const frame = Buffer.alloc(5 + message.length);
frame.writeUInt32BE(message.length, 1);
message.copy(frame, 5);

const server = createServer();
server.on('stream', (stream) => {
  let received: Buffer | null = null;
  stream.on('data', (chunk: Buffer) => {
    received = received === null ? chunk : Buffer.concat([received, chunk]);
  });
  stream.on('error', () => undefined);
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(frame);
  });
});
server.listen(0, '127.0.0.1', () => sayPort(server.address()));
