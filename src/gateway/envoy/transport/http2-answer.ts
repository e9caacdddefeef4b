import { Buffer } from 'node:buffer';
import type { ServerHttp2Stream } from 'node:http2';

import { PREFIX_LENGTH } from './receive-message.ts';

const RESPONSE = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-encoding': 'identity',
  'grpc-accept-encoding': 'identity',
};
const WITH_TRAILERS = { waitForTrailers: true } as const;
const TRAILERS_OK = { 'grpc-status': '0' };

/** Sends the one message of a unary answer, and the status that says that it is whole. */
export function sendAnswer(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.destroyed || stream.closed) return;
  beginAnswer(stream);
  stream.end(framed(message));
}

/** Sends the header section; messages follow, and at the end of the stream the status OK. */
export function beginAnswer(stream: ServerHttp2Stream): void {
  stream.respond(RESPONSE, WITH_TRAILERS);
  stream.once('wantTrailers', sendTrailers);
}

function sendTrailers(this: ServerHttp2Stream): void {
  this.sendTrailers(TRAILERS_OK);
}

/** With its prefix, uncompressed. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_LENGTH + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, PREFIX_LENGTH);
  return frame;
}
