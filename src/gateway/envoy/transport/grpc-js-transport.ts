import type { ServerHttp2Session } from 'node:http2';

import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  status as rpcStatus,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { type EpochMilliseconds, epochMilliseconds, succeed } from '../../../domain/index.ts';
import type { Health, HealthCheckRequest, HealthCheckResponse } from '../health.ts';
import {
  createIsAllowedPeer,
  type IsAllowedPeer,
  readReplacement,
  readTls,
} from '../../../listening/index.ts';
import { TRANSPORT_LIMITS } from '../limits.ts';
import { loadServiceDefinitions } from '../service-definitions.ts';
import { createGrpcJsCertificates } from './grpc-js-certificates.ts';
import type { CreateTransport } from './transport.ts';

/** gRPC by the library of the gRPC project. */
export const createGrpcJsTransport: CreateTransport = ({ handler, health, onSession, tls, limits }) => {
  const secure = tls === null ? null : readTls(tls);
  if (secure?.ok === false) throw new Error(`tls: ${secure.failure}`);
  const isAllowedPeer = createIsAllowedPeer(tls);
  const certificates = tls === null ? null : createGrpcJsCertificates(tls);

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
      if (isAllowedPeer !== null && !isFromAllowed(call, isAllowedPeer)) {
        handler.refuse('peer_untrusted', (answer) => reply(null, answer));
        return;
      }
      const open = handler.handle(call.request, deadlineOf(call), (answer) => reply(null, answer));
      // Emitted at the end of an answered call too, which `leave` then makes nothing of.
      if (open !== null) call.once('cancelled', () => open.leave());
    },
  });
  server.addService(healthService, healthImplementation(health));

  const injector = server.createConnectionInjector(
    certificates?.credentials ?? ServerCredentials.createInsecure(),
  );
  observeSessions(server, onSession);
  return {
    takeConnection: (socket) => injector.injectConnection(socket),
    updateTls(next) {
      const replacement = readReplacement(tls, next);
      if (!replacement.ok) return replacement;
      certificates?.set(next);
      return succeed(null);
    },
    shutDown: () => server.forceShutdown(),
  };
};

/** The library shows the certificate with each call only, not with the connection. */
function isFromAllowed(call: ServerUnaryCall<Buffer, Buffer>, isAllowedPeer: IsAllowedPeer): boolean {
  return isAllowedPeer(call.getAuthContext().sslPeerCertificate?.subjectaltname);
}

function deadlineOf(call: ServerUnaryCall<Buffer, Buffer>): EpochMilliseconds | null {
  const deadline = Number(call.getDeadline());
  return Number.isFinite(deadline) ? epochMilliseconds(deadline) : null;
}

function healthImplementation(health: Health): UntypedServiceImplementation {
  return {
    Check(
      { request }: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
      reply: sendUnaryData<HealthCheckResponse>,
    ) {
      const status = health.statusOf(request.service);
      if (status === 'SERVICE_UNKNOWN') reply({ code: rpcStatus.NOT_FOUND, details: 'unknown service' });
      else reply(null, { status });
    },
    Watch(call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) {
      const leave = health.watch(call.request.service, {
        tell: (status) => call.write({ status }),
        end: () => call.end(),
      });
      call.once('cancelled', leave);
    },
  };
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
