import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';

import { type DoorTls, type Milliseconds, milliseconds } from '../../domain/index.ts';
import { readTls } from '../../listening/index.ts';

/** How long the transport itself waits for a peer (T-61). Tests shorten it. */
export interface TransportLimits {
  /** For the header section of a request, and for the first byte on a new connection. */
  readonly headers: Milliseconds;
  /** For a whole request. */
  readonly request: Milliseconds;
  /** How often the two are looked at. */
  readonly interval: Milliseconds;
}

/** The first is long because Envoy opens connections ahead of need. */
export const TRANSPORT_LIMITS: TransportLimits = {
  headers: milliseconds(30_000),
  request: milliseconds(60_000),
  interval: milliseconds(5_000),
};

const HEADER_BYTES_MAX = 64 * 1024;

export interface ListenerSettings {
  /** How long an idle connection is kept. */
  readonly idle: Milliseconds;
  readonly tls: DoorTls | null;
  readonly limits: TransportLimits;
}

export interface Listener {
  readonly server: Server;
  /** The same server when it speaks TLS; otherwise `null`. */
  readonly tlsServer: TlsServer | null;
}

/** @throws Error when the certificate cannot be used. */
export function createListener({ idle, tls, limits }: ListenerSettings): Listener {
  const options: ServerOptions = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    connectionsCheckingInterval: limits.interval,
    keepAliveTimeout: idle,
    // A missing Host is for the profile to refuse, in the front's own terms.
    requireHostHeader: false,
  };
  const tlsServer = tls === null ? null : createTlsListener(options, tls);
  const server = tlsServer ?? createServer(options);
  // Node would drop what comes after 2000 fields without a word: the second Authorization among them.
  server.maxHeadersCount = 0;
  return { server, tlsServer };
}

function createTlsListener(options: ServerOptions, tls: DoorTls): TlsServer {
  const secure = readTls(tls);
  if (!secure.ok) throw new Error(`tls: ${secure.failure}`);
  return createTlsServer({ ...options, ...secure.value });
}
