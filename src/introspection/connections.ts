import type { LookupFunction } from 'node:net';

import { buildConnector, type Dispatcher, Pool } from 'undici';

import type { ClientTls, Milliseconds, ResolveName } from '../domain/index.ts';

/**
 * Kept-alive HTTP/1.1 connections to one origin.
 *
 * Never: pipelining, HTTP/2, a redirect, an unchecked certificate (INT-7, T-46), or a connection shared with another client.
 */
export interface Connections {
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Within `onRequestStart`: whether this request is the first on its connection. */
  isFresh(): boolean;
  readonly connected: number;
  readonly running: number;
  /** Takes no more requests, lets the running ones end, closes. */
  close(): Promise<void>;
}

export interface ConnectionSettings {
  readonly tls: ClientTls;
  /** Connections at most. */
  readonly limit: number;
  /** Budget of name resolution, TCP and TLS together. */
  readonly connectTimeout: Milliseconds;
}

export function openConnections(
  origin: string,
  { resolveName }: { readonly resolveName: ResolveName },
  { tls, limit, connectTimeout }: ConnectionSettings,
): Connections {
  // undici starts the first request of a connection within this callback, which tells it from the later ones.
  let isWithinConnect = false;
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeout,
    // Said, not left out: NODE_TLS_REJECT_UNAUTHORIZED=0 must not reach the authorization server.
    rejectUnauthorized: true,
    minVersion: tls.minVersion,
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    lookup: lookupWith(resolveName),
  });

  const pool = new Pool(origin, {
    connections: limit,
    pipelining: 1,
    allowH2: false,
    // Servers that say how long they keep a connection are believed; for the others this is a common floor.
    keepAliveTimeout: 15_000,
    keepAliveMaxTimeout: 60_000,
    // The whole exchange has one budget of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16_384,
    connect: (options, callback) =>
      connect(options, (...outcome) => {
        isWithinConnect = true;
        try {
          callback(...outcome);
        } finally {
          isWithinConnect = false;
        }
      }),
  });

  return {
    dispatch: (request, handler) => void pool.dispatch(request, handler),
    isFresh: () => isWithinConnect,
    get connected() {
      return pool.stats.connected;
    },
    get running() {
      return pool.stats.running;
    },
    close: () => pool.close(),
  };
}

/** The port as `net.connect` asks for it; several addresses are tried side by side (RFC 8305). */
function lookupWith(resolveName: ResolveName): LookupFunction {
  return (hostname, { all }, callback) => {
    resolveName(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(new UnresolvedName(), '');
        else if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (cause: unknown) => callback(cause instanceof Error ? cause : new UnresolvedName(), ''),
    );
  };
}

class UnresolvedName extends Error {
  readonly code = 'ENOTFOUND';
}
