import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

import {
  codeOf,
  type AnswerFor,
  type Check,
  type Clock,
  type DoorTls,
  type HttpProfileName,
  type ListenAddress,
  type Milliseconds,
  type Observe,
  type Result,
  type Secret,
  unreachable,
  type WaitSettings,
} from '../../domain/index.ts';
import { createIsAllowedPeer, listenOn, replaceTls } from '../../listening/index.ts';
import { limitConnections } from './limit-connections.ts';
import { createListener, TRANSPORT_LIMITS, type TransportLimits } from './listener.ts';
import type { Profile } from './profile.ts';
import { createEnvoyProfile } from './profiles/envoy.ts';
import { createForwardedProfile } from './profiles/forwarded.ts';
import { createHaproxyProfile } from './profiles/haproxy.ts';
import { createIngressNginxProfile } from './profiles/ingress-nginx.ts';
import { createNginxProfile } from './profiles/nginx.ts';
import { createReadContext } from './read-context.ts';
import { refuseNoCheck } from './refuse-no-check.ts';
import { createServeCheck, type ServeCheck } from './serve-check.ts';
import { createIsInRange, createIsTrustedPeer, type SecretHeader } from './trusted-peer.ts';

/** A port where every request, whatever its method and path, is a check. */
export interface HttpDoor {
  /** With the real port. */
  readonly address: ListenAddress;
  /** Takes effect for new connections; refused ones change nothing and say why. */
  updateTls(tls: DoorTls): Result<null, string>;
  /** The secret header's new value, from the next check on. Nothing to a door that was opened without one. */
  updateSecret(value: Secret): void;
  /**
   * From now on every answer is the last on its connection, and new ones are still taken: so the front has left by
   * the time the door closes. A check that crosses the end of an idle connection gets no answer, which Envoy takes
   * for an error (T-70).
   */
  drain(): void;
  /** Takes no new connections, answers what is under way, and ends what is left after `grace` with a refusal. */
  close(grace: Milliseconds): Promise<void>;
}

export interface HttpDoorParts {
  readonly check: Check;
  readonly answerFor: AnswerFor;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly observe: Observe;
  /** Asked for each check, so that a reload takes effect. */
  readonly wait: () => WaitSettings;
  /** Entries of X-Forwarded-For from the right that name our own proxies; asked for each check, too. */
  readonly trustedHops: () => number;
}

export interface HttpDoorSettings {
  readonly address: ListenAddress;
  readonly profile: HttpProfileName;
  /** Cut from the front of the path; of the `envoy` profile only. Empty for none. */
  readonly pathPrefix: string;
  /** Addresses and ranges that are believed. A unix socket is trusted by its file mode. */
  readonly trustedPeers: readonly string[];
  readonly secretHeader: SecretHeader | null;
  /** The longest a check may wait at this door. */
  readonly timeout: Milliseconds;
  /** Open at once. */
  readonly connections: number;
  readonly tls: DoorTls | null;
}

/**
 * Opens one HTTP door.
 *
 * @throws Error when it cannot listen, or when its certificate or `trustedPeers` cannot be used.
 */
export async function openHttpDoor(
  parts: HttpDoorParts,
  settings: HttpDoorSettings,
  limits: TransportLimits = TRANSPORT_LIMITS,
): Promise<HttpDoor> {
  const { check, answerFor, clock, observe, wait, trustedHops } = parts;
  const { address, tls, timeout, trustedPeers, secretHeader } = settings;
  const profile = profileOf(settings);
  const overUnixSocket = address.kind === 'unix';
  const trust = { trustedPeers, overUnixSocket, isAllowedPeer: createIsAllowedPeer(tls) };
  let isTrustedPeer = createIsTrustedPeer({ ...trust, secretHeader });
  const secretHeaderName = secretHeader?.name.toLowerCase() ?? null;
  const readContext = createReadContext(
    { profile, isTrustedPeer: (socket, fields) => isTrustedPeer(socket, fields), wait, trustedHops },
    { timeout, secretHeaderName },
  );
  const serveCheck = createServeCheck({ check, answerFor, clock, observe, profile, readContext });

  const { server, tlsServer } = createListener({ idle: profile.idle, tls, limits });
  const refused = refuseNoCheck(server, serveCheck.refuse);
  server.on('request', serveCheck.serve);
  limitConnections(server, {
    most: settings.connections,
    isKnown: createIsInRange(trust),
    onRefused: (cause) => observe({ event: 'connection_refused', door: profile.door, cause }),
  });
  const bound = await listenOn(server, address);
  server.on('error', (cause) =>
    observe({ event: 'crashed', where: 'gateway/http listener', cause: codeOf(cause) }),
  );

  return {
    address: bound,
    updateTls: (next) => replaceTls(tlsServer, tls, next),
    updateSecret(value) {
      if (secretHeader === null) return;
      const renewed = { name: secretHeader.name, value };
      isTrustedPeer = createIsTrustedPeer({ ...trust, secretHeader: renewed });
    },
    drain: serveCheck.drain,
    close: (grace) => closeWithin(grace, server, serveCheck, refused),
  };
}

function profileOf({ profile, pathPrefix }: HttpDoorSettings): Profile {
  switch (profile) {
    case 'nginx':
      return createNginxProfile();
    case 'ingress-nginx':
      return createIngressNginxProfile();
    case 'envoy':
      return createEnvoyProfile({ pathPrefix });
    case 'traefik':
    case 'caddy':
    case 'apisix':
      return createForwardedProfile(profile);
    case 'haproxy':
      return createHaproxyProfile();
    default:
      return unreachable(profile);
  }
}

async function closeWithin(
  grace: Milliseconds,
  server: Server,
  serveCheck: ServeCheck,
  refused: ReadonlySet<Duplex>,
): Promise<void> {
  serveCheck.drain();
  const closed = new Promise<void>((resolve) => {
    // Closes idle connections too. An error only says that it was closed before.
    server.close(() => resolve());
  });
  const timer = setTimeout(() => {
    serveCheck.abandon();
    // One turn later the refusals are written.
    setImmediate(() => {
      server.closeAllConnections();
      for (const socket of refused) socket.destroy();
    });
  }, grace);
  await closed;
  clearTimeout(timer);
}
