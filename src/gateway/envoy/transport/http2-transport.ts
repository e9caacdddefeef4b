import {
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { type DoorTls, fail, succeed } from '../../../domain/index.ts';
import { createIsAllowedPeer, type IsAllowedPeer } from '../../../listening/index.ts';
import { TRANSPORT_LIMITS } from '../limits.ts';
import { createHttp2Calls } from './http2-calls.ts';
import { keepAlive } from './keep-alive.ts';
import { flawOfTls, flawOfTlsChange } from './tls-flaw.ts';
import type { CreateTransport } from './transport.ts';

/**
 * Unary gRPC directly on node:http2: what a check needs of it, and health. About half of what the library costs.
 *
 * In: connections. Out: checks for the handler and their answers.
 * Never: a call that hangs because of us; a stream error that reaches anything but its own stream.
 */
export const createHttp2Transport: CreateTransport = ({ handler, health, onSession, tls, limits }) => {
  const flaw = tls === null ? null : flawOfTls(tls);
  if (flaw !== null) throw new Error(`tls: ${flaw}`);
  let current = tls;

  const isAllowedPeer = createIsAllowedPeer(tls);
  const others = new WeakSet<object>();
  const calls = createHttp2Calls({
    handler,
    health,
    isFromAllowed: ({ session }) => session === undefined || !others.has(session),
  });
  const secure = tls === null ? null : createSecureServer(secureOptions(tls));
  const server: Http2Server | Http2SecureServer = secure ?? createServer(OPTIONS);
  server.on('session', (session: ServerHttp2Session) => {
    // Its stream and socket errors are its own; node:http2 has ended it by then.
    session.on('error', () => undefined);
    session.setLocalWindowSize(SESSION_WINDOW);
    keepAlive(session, limits);
    if (isAllowedPeer !== null && !isAtAllowed(session, isAllowedPeer)) others.add(session);
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
    updateTls(next) {
      const flawOfNext = flawOfTlsChange(current, next);
      if (flawOfNext !== null) return fail(flawOfNext);
      current = next;
      secure?.setSecureContext(contextOf(next));
      return succeed(null);
    },
    shutDown: () => calls.end(),
  };
};

function isAtAllowed({ socket }: ServerHttp2Session, isAllowedPeer: IsAllowedPeer): boolean {
  return isAllowedPeer(socket instanceof TLSSocket ? socket.getPeerCertificate().subjectaltname : undefined);
}

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

function secureOptions(tls: DoorTls): SecureServerOptions {
  const demandsClients = tls.clientCa !== null;
  return {
    ...OPTIONS,
    ...contextOf(tls),
    allowHTTP1: false,
    minVersion: 'TLSv1.2',
    requestCert: demandsClients,
    rejectUnauthorized: demandsClients,
  };
}

function contextOf({ cert, key, clientCa }: DoorTls) {
  return { cert, key: key.reveal(), ...(clientCa === null ? {} : { ca: clientCa }) };
}
