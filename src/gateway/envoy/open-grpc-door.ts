import { setTimeout as sleep } from 'node:timers/promises';

import {
  type DoorTls,
  type GrpcTransportName,
  type ListenAddress,
  type Milliseconds,
  milliseconds,
  type Randomness,
  type Result,
} from '../../domain/index.ts';
import { type CheckHandler, type CheckHandlerParts, createCheckHandler } from './check-handler.ts';
import { createHealth, type Health } from './health.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from './limits.ts';
import { type Listener, openListener } from './listener.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createGrpcJsTransport } from './transport/grpc-js-transport.ts';
import { createHttp2Transport } from './transport/http2-transport.ts';
import type { CreateTransport, GrpcTransport } from './transport/transport.ts';

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
  readonly transport: GrpcTransportName;
}

const TRANSPORTS: Readonly<Record<GrpcTransportName, CreateTransport>> = {
  'grpc-js': createGrpcJsTransport,
  http2: createHttp2Transport,
};

/**
 * Opens the gRPC door.
 *
 * @throws Error when it cannot listen, or when its certificate cannot be used.
 */
export async function openGrpcDoor(
  parts: GrpcDoorParts,
  { address, tls, transport: name }: GrpcDoorSettings,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<GrpcDoor> {
  const handler = createCheckHandler(parts);
  const health = createHealth();
  const sessions = createSessions(parts, limits);
  const transport = TRANSPORTS[name]({ handler, health, onSession: sessions.add, tls, limits });

  const listener = await openListener(address, {
    onConnection: transport.takeConnection,
    onError: (cause) => parts.observe({ event: 'crashed', where: 'gateway/envoy listener', cause }),
  });

  let closing: Promise<void> | null = null;
  return {
    address: listener.address,
    setServing: health.setServing,
    updateTls: (next) => transport.updateTls(next),
    close: (grace) => (closing ??= closeWithin(grace, { listener, health, sessions, handler, transport })),
  };
}

interface Rooms {
  readonly listener: Listener;
  readonly health: Health;
  readonly sessions: Sessions;
  readonly handler: CheckHandler;
  readonly transport: GrpcTransport;
}

// How long a peer that goes on asking is let be, in the hope of a pause.
const PATIENCE_MS = 1_000;
// For the last denials to reach their callers.
const FLUSH_MS = 250;

async function closeWithin(grace: Milliseconds, rooms: Rooms): Promise<void> {
  const { listener, health, sessions, handler, transport } = rooms;
  health.setServing(false);
  health.end();
  listener.stop();

  const ended = sessions.retireAll(milliseconds(Math.min(grace / 2, PATIENCE_MS)));
  await within(grace, ended);
  if (handler.abandon() > 0) await within(FLUSH_MS, ended);

  listener.destroy();
  transport.shutDown();
}

/** Waits for the end of all connections, but not longer. */
async function within(budgetMs: number, ended: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const elapsed = sleep(budgetMs, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([ended, elapsed]);
  timer.abort();
}
