import {
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { Socket } from 'node:net';

import type { DoorTls } from '../../../domain/index.ts';
import { certifiedNames, createIsAllowedPeer, readTls, replaceTls } from '../../../listening/index.ts';
import { TRANSPORT_LIMITS } from '../limits.ts';
import { createHttp2Calls } from './http2-calls.ts';
import { keepAlive } from './keep-alive.ts';
import type { CreateTransport } from './transport.ts';

/**
 * Unary gRPC directly on node:http2: what a check needs of it, and health. About half of what the library costs.
 *
 * In: connections. Out: checks for the handler and their answers.
 * Never: a call that hangs because of us; a stream error that reaches anything but its own stream.
 */
export const createHttp2Transport: CreateTransport = ({ handler, health, onSession, tls, limits }) => {
  const isAllowedPeer = createIsAllowedPeer(tls);
  const others = new WeakSet<object>();
  const calls = createHttp2Calls({
    handler,
    health,
    // A stream without a session has no caller any more.
    isFromAllowed: ({ session }) => isAllowedPeer === null || (session !== undefined && !others.has(session)),
  });
  const secure = tls === null ? null : createTlsServer(tls);
  const server: Http2Server | Http2SecureServer = secure ?? createServer(OPTIONS);
  server.on('session', (session: ServerHttp2Session) => {
    // Its stream and socket errors are its own; node:http2 has ended it by then.
    session.on('error', () => undefined);
    session.setLocalWindowSize(SESSION_WINDOW);
    keepAlive(session, limits);
    if (isAllowedPeer !== null && !isAllowedPeer(certifiedNames(session.socket))) others.add(session);
    onSession(session);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
    calls.take(stream, headers),
  );
  server.on('sessionError', () => undefined);
  // Connections that are not HTTP/2: there is nothing to say to them.
  server.on('unknownProtocol', (socket: Socket) => socket.destroy());
  secure?.on('tlsClientError', (_error, socket: Socket) => socket.destroy());

  return {
    takeConnection: (socket) => void server.emit('connection', socket),
    updateTls: (next) => replaceTls(secure, tls, next),
    shutDown: () => calls.end(),
  };
};

const MIB = 1024 * 1024;

/** For all streams of a connection together, so that large bodies do not wait for window updates. */
const SESSION_WINDOW = 4 * MIB;

const OPTIONS = {
  maxSessionMemory: TRANSPORT_LIMITS.sessionMegabytes,
  // Far above what callers who give up cause in a bad minute, far below what costs us anything (CVE-2023-44487).
  streamResetBurst: 10_000,
  streamResetRate: 1_000,
  maxHeaderListPairs: 512,
  settings: {
    enablePush: false,
    maxConcurrentStreams: TRANSPORT_LIMITS.streams,
    initialWindowSize: MIB,
    maxHeaderListSize: 64 * 1024,
  },
} as const satisfies ServerOptions;

function createTlsServer(tls: DoorTls): Http2SecureServer {
  const options = readTls(tls);
  if (!options.ok) throw new Error(`tls: ${options.failure}`);
  return createSecureServer({ ...OPTIONS, ...options.value, allowHTTP1: false, minVersion: 'TLSv1.2' });
}
