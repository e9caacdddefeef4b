import type { Settings } from '../config/index.ts';
import {
  type DoorTls,
  formatListenAddress,
  type ListenAddress,
  milliseconds,
  type Milliseconds,
} from '../domain/index.ts';
import { type GrpcDoor, openGrpcDoor } from '../gateway/envoy/index.ts';
import { type HttpDoor, openHttpDoor } from '../gateway/http/index.ts';

type DoorParts = Parameters<typeof openGrpcDoor>[0];

/** All the doors through which gateways ask. */
export interface Doors {
  /** As they are bound: port 0 in the settings is a real port here. In the order of the settings, gRPC first. */
  readonly open: readonly OpenDoor[];
  /** What health checks on the gRPC doors say. */
  setServing(serving: boolean): void;
  /**
   * Puts new certificates and secrets of doors in force.
   * Out: one sentence for each door that refused its new certificate and keeps the old.
   */
  renew(listen: Settings['listen']): readonly string[];
  /** Checks are still taken, and gateways are asked to leave. */
  drain(): void;
  /** Takes no new connections; lets running checks end within `grace`. */
  close(grace: Milliseconds): Promise<void>;
}

export interface OpenDoor {
  readonly kind: string;
  readonly address: ListenAddress;
}

/** Opens every door of the settings, or none: when one cannot open, those before it are closed again. */
export async function openDoors(parts: DoorParts, listen: Settings['listen']): Promise<Doors> {
  const grpc: GrpcDoor[] = [];
  const http: HttpDoor[] = [];
  try {
    for (const door of listen.grpc) grpc.push(await named('listen.grpc', openGrpcDoor(parts, door)));
    for (const door of listen.http) http.push(await named('listen.http', openHttpDoor(parts, door)));
  } catch (error) {
    await Promise.all([...grpc, ...http].map((door) => door.close(milliseconds(0))));
    throw error;
  }

  return {
    open: [
      ...grpc.map(({ address }) => ({ kind: 'grpc', address })),
      ...http.map(({ address }, index) => ({ kind: `http:${listen.http[index]?.profile ?? ''}`, address })),
    ],
    setServing(serving) {
      for (const door of grpc) door.setServing(serving);
    },
    renew(changed) {
      for (const [index, door] of http.entries()) {
        const secret = changed.http[index]?.secretHeader?.value;
        if (secret !== undefined) door.updateSecret(secret);
      }
      return [
        ...grpc.flatMap((door, index) => renewCertificate(door, changed.grpc[index]?.tls)),
        ...http.flatMap((door, index) => renewCertificate(door, changed.http[index]?.tls)),
      ];
    },
    drain() {
      for (const door of http) door.drain();
    },
    async close(grace) {
      await Promise.all([...grpc, ...http].map((door) => door.close(grace)));
    },
  };
}

function renewCertificate(door: GrpcDoor | HttpDoor, tls: DoorTls | null | undefined): readonly string[] {
  if (tls === null || tls === undefined) return [];
  const renewed = door.updateTls(tls);
  return renewed.ok ? [] : [`${formatListenAddress(door.address)} keeps its certificate: ${renewed.failure}`];
}

/** A door that cannot open says which one it is, in the words of the settings file, and why. */
export async function named<Door>(key: string, opening: Promise<Door>): Promise<Door> {
  try {
    return await opening;
  } catch (error) {
    throw new DoorError(`${key}: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

/** An address could not be listened on. The message is for the operator and holds no secret. */
export class DoorError extends Error {
  override readonly name = 'DoorError';
}
