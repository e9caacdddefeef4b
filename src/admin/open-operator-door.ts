import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';

import {
  type DoorTls,
  type Forget,
  type JsonObject,
  type ListenAddress,
  type Observe,
  type Result,
  type Secret,
  succeed,
} from '../domain/index.ts';
import { createIsAllowedPeer, listenOn, readTls, replaceTls } from '../listening/index.ts';
import { forgetAction } from './forget-action.ts';
import { createIdentify, namesOf } from './operator.ts';
import {
  alive,
  type MakePage,
  type Metrics,
  metricsPage,
  publicKeysPage,
  type Readiness,
  readinessPage,
  type ShownPage,
  statusPage,
} from './pages.ts';
import { createServePages, type ServePagesParts } from './serve-pages.ts';

/** A port for operators and probes; never one for checks. */
export interface OperatorDoor {
  /** With the real port. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

export interface AdminDoor extends OperatorDoor {
  /** Puts a rotated secret and certificate in force. Whether there are any is settled when the door opens. */
  renew(next: Pick<AdminSettings, 'tls' | 'bearer'>): Result<null, string>;
}

export interface HealthSettings {
  readonly address: ListenAddress;
}

export interface AdminSettings extends HealthSettings {
  readonly tls: DoorTls | null;
  /** What an operator must show; `null`: nothing, and without client certificates no action is possible. */
  readonly bearer: Secret | null;
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
  readonly forget: Forget;
  readonly observe: Observe;
}

/**
 * `/livez`, `/readyz`, `/jwks.json`; `/metrics` and `/status`, for operators where the settings say how to tell one; and
 * the operator's actions.
 *
 * @throws Error when it cannot listen, or when its certificate cannot be used.
 */
export async function openAdmin(parts: AdminParts, settings: AdminSettings): Promise<AdminDoor> {
  const { metrics, status, readiness, publicKeys, forget, observe } = parts;
  const { address, tls } = settings;
  let { bearer } = settings;
  const identify = createIdentify({ bearer: () => bearer, isCertified: (tls?.clientCa ?? null) !== null });
  const isAllowedPeer = createIsAllowedPeer(tls);
  const { server, door } = await openOperatorDoor(
    {
      pages: new Map([
        ['/livez', open(alive)],
        ['/readyz', open(readinessPage(readiness))],
        ['/metrics', guarded(metricsPage(metrics))],
        ['/status', guarded(statusPage(status))],
        ['/jwks.json', open(publicKeysPage(publicKeys))],
      ]),
      actions: new Map([['/forget', forgetAction(forget)]]),
      admits: ({ socket }) => isAllowedPeer === null || isAllowedPeer(namesOf(socket)),
      identify,
      observe,
    },
    { address, tls },
  );

  return {
    ...door,
    renew(next) {
      if (bearer !== null && next.bearer !== null) ({ bearer } = next);
      if (tls === null || next.tls === null || !isTls(server)) return succeed(null);
      return replaceTls(server, tls, next.tls);
    },
  };
}

/** `/livez` and `/readyz`, for probes from elsewhere. @throws Error when it cannot listen. */
export async function openHealth(
  { readiness }: HealthParts,
  { address }: HealthSettings,
): Promise<OperatorDoor> {
  const pages = new Map([
    ['/livez', open(alive)],
    ['/readyz', open(readinessPage(readiness))],
  ]);
  return (await openOperatorDoor({ pages }, { address, tls: null })).door;
}

const open = (make: MakePage): ShownPage => ({ make, isGuarded: false });
const guarded = (make: MakePage): ShownPage => ({ make, isGuarded: true });

async function openOperatorDoor(
  parts: ServePagesParts,
  { address, tls }: Pick<AdminSettings, 'address' | 'tls'>,
): Promise<{ readonly server: Server; readonly door: OperatorDoor }> {
  const server = serverOf(tls).on('request', createServePages(parts));
  const bound = await listenOn(server, address);
  // A failing accept (no file descriptors left) concerns the probe that came, not the process.
  server.on('error', () => undefined);

  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { server, door: { address: bound, close } };
}

function isTls(server: Server): server is TlsServer {
  return server instanceof TlsServer;
}

function serverOf(tls: DoorTls | null): Server {
  if (tls === null) return createServer(TIME_LIMITS);
  const secure = readTls(tls);
  if (!secure.ok) throw new Error(`tls: ${secure.failure}`);
  return createTlsServer({ ...TIME_LIMITS, ...secure.value });
}

/** In milliseconds. Probes and scrapes are short; whoever is slow is cut off (T-61). */
const TIME_LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_500,
};
