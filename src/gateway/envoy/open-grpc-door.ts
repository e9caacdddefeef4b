import { setTimeout as sleep } from 'node:timers/promises';

import { ServerCredentials } from '@grpc/grpc-js';

import {
  type DoorTls,
  fail,
  type ListenAddress,
  type Milliseconds,
  milliseconds,
  type Randomness,
  type Result,
} from '../../domain/index.ts';
import { createCertificates } from './certificates.ts';
import { type CheckHandler, type CheckHandlerParts, createCheckHandler } from './check-handler.ts';
import { createGrpcServer, type GrpcServer } from './grpc-server.ts';
import { createHealth, type Health } from './health.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from './limits.ts';
import { type Listener, openListener } from './listener.ts';
import { createSessions, type Sessions } from './sessions.ts';

/** A port where Envoy asks `envoy.service.auth.v3.Authorization/Check`, and everybody `grpc.health.v1`. */
export interface GrpcDoor {
  /** With the real port. */
  readonly address: ListenAddress;
  /** What health checks are told. Not serving when it opens. */
  setServing(serving: boolean): void;
  /** Takes effect for new connections; refused ones change nothing and say why. */
  updateTls(tls: DoorTls): Result<null, string>;
  /**
   * Takes no new connections, tells the peers to go, answers what is under way, and after `grace` denies what is
   * left. Never waits much longer than that.
   */
  close(grace: Milliseconds): Promise<void>;
}

export interface GrpcDoorParts extends CheckHandlerParts {
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export interface GrpcDoorSettings {
  readonly address: ListenAddress;
  readonly tls: DoorTls | null;
}

/**
 * Opens the gRPC door.
 *
 * @throws Error when it cannot listen, or when its certificate cannot be used.
 */
export async function openGrpcDoor(
  parts: GrpcDoorParts,
  { address, tls }: GrpcDoorSettings,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<GrpcDoor> {
  const certificates = tls === null ? null : createCertificates(tls);
  const credentials = certificates?.credentials ?? ServerCredentials.createInsecure();
  const handler = createCheckHandler(parts);
  const health = createHealth();
  const sessions = createSessions(parts, limits);
  const server = createGrpcServer({ handler, health, credentials, onSession: sessions.add }, limits);

  const listener = await openListener(address, {
    onConnection: server.takeConnection,
    onError: (cause) => parts.observe({ event: 'crashed', where: 'gateway/envoy listener', cause }),
  });

  let closing: Promise<void> | null = null;
  return {
    address: listener.address,
    setServing: health.setServing,
    updateTls(next) {
      if (certificates === null) return fail('this door was opened without TLS; to add it, restart');
      return certificates.update(next);
    },
    close: (grace) => (closing ??= closeWithin(grace, { listener, health, sessions, handler, server })),
  };
}

interface Rooms {
  readonly listener: Listener;
  readonly health: Health;
  readonly sessions: Sessions;
  readonly handler: CheckHandler;
  readonly server: GrpcServer;
}

// How long a peer that goes on asking is let be, in the hope of a pause.
const PATIENCE_MS = 1_000;
// For the last denials to reach their callers.
const FLUSH_MS = 250;

async function closeWithin(grace: Milliseconds, rooms: Rooms): Promise<void> {
  const { listener, health, sessions, handler, server } = rooms;
  health.setServing(false);
  health.end();
  listener.stop();

  const ended = sessions.retireAll(milliseconds(Math.min(grace / 2, PATIENCE_MS)));
  await within(grace, ended);
  if (handler.abandon() > 0) await within(FLUSH_MS, ended);

  listener.destroy();
  server.shutDown();
}

/** Waits for the end of all connections, but not longer. */
async function within(budgetMs: number, ended: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const elapsed = sleep(budgetMs, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([ended, elapsed]);
  timer.abort();
}
