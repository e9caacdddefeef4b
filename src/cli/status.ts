import type { Caches } from './caches.ts';
import type { OpenDoor } from './doors.ts';
import type { HouseClients } from './house-clients.ts';
import type { LiveSettings } from './live-settings.ts';
import type { ReadinessWatch } from './readiness.ts';
import { VERSION } from './version.ts';
import { type EpochMilliseconds, formatListenAddress, type JsonObject } from '../domain/index.ts';

interface HouseFacts {
  readonly live: Pick<LiveSettings, 'settings' | 'refused'>;
  readonly startedAt: EpochMilliseconds;
  readonly doors: readonly OpenDoor[];
  readonly readiness: Pick<ReadinessWatch, 'state' | 'clients'>;
  readonly introspector: { status(atMost: number): JsonObject; readonly size: number };
  readonly caches: Pick<Caches, 'stats' | 'status' | 'eviction'>;
  readonly clients: Pick<HouseClients, 'status'>;
}

/** The status page: what an operator asks first, without secrets. */
export function describeHouse(facts: HouseFacts): JsonObject {
  const { live, startedAt, doors, readiness, introspector, caches, clients } = facts;
  const { settings, refused } = live;
  const { ready, waitingFor } = readiness.state();
  const atMost = settings.metrics.clients;
  return {
    version: VERSION,
    node: process.versions.node,
    startedAt: new Date(startedAt).toISOString(),
    ready,
    waitingFor,
    settings: {
      generation: settings.generation,
      refusedSince: refused?.since ?? null,
      refusedProblems: refused?.problems ?? [],
    },
    doors: doors.map(({ kind, address }) => ({ kind, address: formatListenAddress(address) })),
    standings: Object.fromEntries([...readiness.clients()].slice(0, atMost)),
    clientStore: clients.status(),
    clients: introspector.status(atMost),
    clientsNotShown: Math.max(0, introspector.size - atMost),
    cache: {
      memory: { ...caches.stats() },
      shared: caches.status(),
      forgotten: caches.eviction.status(),
    },
  };
}
