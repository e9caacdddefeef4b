import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

import type { DoorTls, Result } from '../../../domain/index.ts';
import type { CheckHandler } from '../check-handler.ts';
import type { Health } from '../health.ts';
import type { ConnectionLimits } from '../limits.ts';

/** Carries gRPC over connections that somebody else accepts. Two of them serve the same door (docs/adr/0020). */
export interface GrpcTransport {
  readonly takeConnection: (socket: Socket) => void;
  /** For connections to come. A refused certificate changes nothing; the failure says why, without a word of the key. */
  updateTls(tls: DoorTls): Result<null, string>;
  /** Frees what is left when all connections have ended. */
  shutDown(): void;
}

export interface TransportParts {
  readonly handler: CheckHandler;
  readonly health: Health;
  readonly onSession: (session: ServerHttp2Session) => void;
  /** `null`: connections are in clear. */
  readonly tls: DoorTls | null;
  readonly limits: ConnectionLimits;
}

/** @throws Error when the certificate cannot be used. */
export type CreateTransport = (parts: TransportParts) => GrpcTransport;
