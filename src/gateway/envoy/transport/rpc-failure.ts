import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

/** What the transport answers by itself: a call that never became a check, and so has no verdict. */
export interface RpcFailure {
  /** Of the gRPC status codes. */
  readonly code: number;
  /** Printable ASCII without `%`. */
  readonly message: string;
}

export const RPC_FAILURES = {
  unknownMethod: { code: 12, message: 'this server has no such method' },
  unknownService: { code: 5, message: 'unknown service' },
  compressed: { code: 12, message: 'compressed messages are not taken' },
  tooLarge: { code: 8, message: 'the message is too large' },
  badTimeout: { code: 13, message: 'grpc-timeout is malformed' },
  noMessage: { code: 13, message: 'the call ended without a whole message' },
  severalMessages: { code: 12, message: 'this method takes one message' },
  neverEnded: { code: 4, message: 'the message did not come in time' },
  crashed: { code: 13, message: 'internal error' },
} as const satisfies Record<string, RpcFailure>;

/** Ends a call with a status and no message ("Trailers-Only"), and stops whatever of it is still coming. */
export function failCall(stream: ServerHttp2Stream, { code, message }: RpcFailure): void {
  answerWithHeaders(stream, {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': String(code),
    'grpc-message': message,
  });
}

/** What is no gRPC gets an HTTP answer (the gRPC protocol: 415 for another content type). */
export function refuseRequest(stream: ServerHttp2Stream, status: 405 | 415): void {
  answerWithHeaders(stream, { ':status': status });
}

function answerWithHeaders(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond(headers, { endStream: true });
  // Whoever goes on sending is told to stop, without blame (RFC 9113 section 8.1).
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}
