import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

import { type sendUnaryData, Server, type ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';

import { type EpochMilliseconds, epochMilliseconds } from '../../domain/index.ts';
import type { CheckHandler } from './check-handler.ts';
import type { Health } from './health.ts';
import { type ConnectionLimits, TRANSPORT_LIMITS } from './limits.ts';
import { loadServiceDefinitions } from './service-definitions.ts';

/** gRPC over connections that somebody else accepts. */
export interface GrpcServer {
  readonly takeConnection: (socket: Socket) => void;
  /** Frees what is left when all connections have ended. */
  shutDown(): void;
}

export interface GrpcServerParts {
  readonly handler: CheckHandler;
  readonly health: Health;
  readonly credentials: ServerCredentials;
  readonly onSession: (session: ServerHttp2Session) => void;
}

export function createGrpcServer(parts: GrpcServerParts, limits: ConnectionLimits): GrpcServer {
  const { handler, health, credentials, onSession } = parts;
  const server = new Server({
    'grpc.max_receive_message_length': TRANSPORT_LIMITS.message,
    'grpc.max_send_message_length': TRANSPORT_LIMITS.message,
    'grpc.max_concurrent_streams': TRANSPORT_LIMITS.streams,
    'grpc-node.max_session_memory': TRANSPORT_LIMITS.sessionMegabytes,
    'grpc.keepalive_time_ms': limits.keepalive,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeout,
    'grpc.enable_channelz': 0,
    // Age and idleness of connections are ours (sessions.ts): the library does not wait for a pause.
  });

  const { authorization, health: healthService } = loadServiceDefinitions();
  server.addService(authorization, {
    Check: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
      const open = handler.handle(call.request, deadlineOf(call), (answer) => reply(null, answer));
      // Emitted at the end of an answered call too, which `leave` then makes nothing of.
      if (open !== null) call.once('cancelled', () => open.leave());
    },
  });
  server.addService(healthService, health.implementation);

  const injector = server.createConnectionInjector(credentials);
  observeSessions(server, onSession);
  return {
    takeConnection: (socket) => injector.injectConnection(socket),
    shutDown: () => server.forceShutdown(),
  };
}

function deadlineOf(call: ServerUnaryCall<Buffer, Buffer>): EpochMilliseconds | null {
  const deadline = Number(call.getDeadline());
  return Number.isFinite(deadline) ? epochMilliseconds(deadline) : null;
}

/**
 * The one place that looks into grpc-js: it shows nobody its sessions, and would end them at any moment, whatever
 * is on its way there.
 *
 * @throws Error when the library has changed inside; its version is bounded in package.json for that reason.
 */
function observeSessions(server: Server, onSession: (session: ServerHttp2Session) => void): void {
  const inner: unknown = Reflect.get(server, 'http2Servers');
  const http2Server: unknown = inner instanceof Map ? [...inner.keys()][0] : null;
  if (!isSessionEmitter(http2Server)) throw new Error('this version of @grpc/grpc-js is not supported');
  http2Server.on('session', onSession);
}

interface SessionEmitter {
  on(event: 'session', listener: (session: ServerHttp2Session) => void): unknown;
}

function isSessionEmitter(value: unknown): value is SessionEmitter {
  return typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'function';
}
