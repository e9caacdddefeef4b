import type { Settings } from '../config/index.ts';
import {
  type DoorTls,
  formatListenAddress,
  type ListenAddress,
  type Milliseconds,
  type Result,
} from '../domain/index.ts';
import { type GrpcDoor, openGrpcDoor } from '../gateway/envoy/index.ts';
import { openHttpDoor } from '../gateway/http/index.ts';

type DoorParts = Parameters<typeof openGrpcDoor>[0];

/** All the doors through which gateways ask. */
export interface Doors {
  /** As they are bound: port 0 in the settings is a real port here. In the order of the settings, gRPC first. */
  readonly open: readonly OpenDoor[];
  /** What health checks on the gRPC doors say. */
  setServing(serving: boolean): void;
  /** Puts new certificates in force. Out: one sentence for each door that refused its new one and keeps the old. */
  updateCertificates(listen: Settings['listen']): readonly string[];
  /** Takes no new connections; lets running checks end within `grace`. */
  close(grace: Milliseconds): Promise<void>;
}

export interface OpenDoor {
  readonly kind: string;
  readonly address: ListenAddress;
}

interface ReplaceableDoor {
  readonly address: ListenAddress;
  updateTls(tls: DoorTls): Result<null, string>;
  close(grace: Milliseconds): Promise<void>;
}

/** Opens every door of the settings, or none: when one cannot open, those before it are closed again. */
export async function openDoors(parts: DoorParts, listen: Settings['listen']): Promise<Doors> {
  const grpc: GrpcDoor[] = [];
  const http: ReplaceableDoor[] = [];
  try {
    for (const door of listen.grpc)
      grpc.push(await named('listen.grpc', door.address, openGrpcDoor(parts, door)));
    for (const door of listen.http)
      http.push(await named('listen.http', door.address, openHttpDoor(parts, door)));
  } catch (error) {
    await Promise.all([...grpc, ...http].map((door) => door.close(0 as Milliseconds)));
    throw error;
  }

  const all: readonly ReplaceableDoor[] = [...grpc, ...http];
  return {
    open: [
      ...grpc.map(({ address }) => ({ kind: 'grpc', address })),
      ...http.map(({ address }, index) => ({ kind: `http:${listen.http[index]?.profile ?? ''}`, address })),
    ],
    setServing: (serving) => {
      for (const door of grpc) door.setServing(serving);
    },
    updateCertificates: (changed) =>
      [...changed.grpc, ...changed.http].flatMap(({ tls }, index) => {
        const door = all[index];
        if (tls === null || door === undefined) return [];
        const updated = door.updateTls(tls);
        return updated.ok
          ? []
          : [`${formatListenAddress(door.address)} keeps its certificate: ${updated.failure}`];
      }),
    close: async (grace) => void (await Promise.all(all.map((door) => door.close(grace)))),
  };
}

/** A door that cannot open says which one it is and why. */
export async function named<Door>(
  key: string,
  address: ListenAddress,
  opening: Promise<Door>,
): Promise<Door> {
  try {
    return await opening;
  } catch (error) {
    throw new DoorError(`${key} ${formatListenAddress(address)} cannot open: ${reasonOf(error)}`);
  }
}

/** An address could not be listened on. The message is for the operator and holds no secret. */
export class DoorError extends Error {
  override readonly name = 'DoorError';
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') return 'the address is in use by another program';
  if (code === 'EACCES') return 'this user may not listen there; choose a port above 1023 or another path';
  if (code === 'EADDRNOTAVAIL') return 'this machine does not have that address';
  return error instanceof Error ? error.message : 'unknown';
}
