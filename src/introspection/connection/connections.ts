import { type Dispatcher, Pool } from 'undici';

import type { Milliseconds } from '../../domain/index.ts';
import { type ConnectorParts, type ConnectorSettings, createConnector } from './connector.ts';

/**
 * Kept-alive HTTP/1.1 connections to one origin.
 *
 * Never: pipelining, HTTP/2, a redirect, or a connection shared with another client.
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

export interface ConnectionSettings extends ConnectorSettings {
  /** Connections at most. */
  readonly limit: number;
  /** After so long a connection takes no further request, so that a name that moved is followed. */
  readonly life: Milliseconds;
}

export function openConnections(
  origin: string,
  parts: ConnectorParts,
  settings: ConnectionSettings,
): Connections {
  // undici starts the first request of a connection within this callback, which tells it from the later ones.
  let isWithinConnect = false;
  const connect = createConnector(origin, parts, settings);

  const pool = new Pool(origin, {
    connections: settings.limit,
    clientTtl: settings.life,
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
