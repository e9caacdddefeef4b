import { createServer } from 'node:http';

import type { JsonObject, ListenAddress } from '../domain/index.ts';
import { listenOn } from '../listening/index.ts';
import {
  alive,
  type Metrics,
  metricsPage,
  type Pages,
  publicKeysPage,
  type Readiness,
  readinessPage,
  statusPage,
} from './pages.ts';
import { createServePages } from './serve-pages.ts';

/** A port for operators and probes; never one for checks. */
export interface OperatorDoor {
  /** With the real port. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

export interface OperatorDoorSettings {
  readonly address: ListenAddress;
}

export interface HealthParts {
  readonly readiness: () => Readiness;
}

export interface AdminParts extends HealthParts {
  readonly metrics: () => Promise<Metrics>;
  /** Shown as it is: must hold no secret. */
  readonly status: () => JsonObject;
  /** Our public keys, of one client by name or of all; `null`: no such client. */
  readonly publicKeys: (client: string | null) => JsonObject | null;
}

/** `/livez`, `/readyz`, `/metrics`, `/status` and `/jwks.json`. @throws Error when it cannot listen. */
export function openAdmin(parts: AdminParts, settings: OperatorDoorSettings): Promise<OperatorDoor> {
  const { metrics, status, readiness, publicKeys } = parts;
  return openOperatorDoor(
    new Map([
      ['/livez', alive],
      ['/readyz', readinessPage(readiness)],
      ['/metrics', metricsPage(metrics)],
      ['/status', statusPage(status)],
      ['/jwks.json', publicKeysPage(publicKeys)],
    ]),
    settings,
  );
}

/** `/livez` and `/readyz`, for probes from elsewhere. @throws Error when it cannot listen. */
export function openHealth(
  { readiness }: HealthParts,
  settings: OperatorDoorSettings,
): Promise<OperatorDoor> {
  return openOperatorDoor(
    new Map([
      ['/livez', alive],
      ['/readyz', readinessPage(readiness)],
    ]),
    settings,
  );
}

async function openOperatorDoor(pages: Pages, { address }: OperatorDoorSettings): Promise<OperatorDoor> {
  const server = createServer(TIME_LIMITS, createServePages(pages));
  const bound = await listenOn(server, address);
  // A failing accept (no file descriptors left) concerns the probe that came, not the process.
  server.on('error', () => undefined);

  return {
    address: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** In milliseconds. Probes and scrapes are short; whoever is slow is cut off (T-61). */
const TIME_LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_500,
};
