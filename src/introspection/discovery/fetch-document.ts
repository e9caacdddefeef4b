import { type ClientContext, milliseconds } from '../../domain/index.ts';
import { openConnections } from '../connection/connections.ts';
import { type ConnectorParts, connectorSettingsOf } from '../connection/connector.ts';
import { exchange, type Exchange } from '../connection/exchange.ts';
import { readTarget } from '../connection/target.ts';

export type FetchedDocument =
  | Exchange
  /** Not asked for: the URL is not one that this client may use. */
  | { readonly kind: 'unusable'; readonly complaint: string };

export interface DocumentRequest {
  readonly url: string;
  /** Names and values in turn, beside those that go with every request of ours. */
  readonly headers: readonly string[];
  /** Bytes. */
  readonly largest: number;
  readonly signal: AbortSignal;
}

/**
 * Fetches a document that a client's authorization server publishes: its metadata, its keys.
 *
 * Never: our credentials; a redirect; a place that the client's settings do not consent to.
 */
export async function fetchDocument(
  { url, headers, largest, signal }: DocumentRequest,
  client: ClientContext,
  parts: ConnectorParts,
): Promise<FetchedDocument> {
  const target = readTarget(url, client);
  if (!target.ok) return { kind: 'unusable', complaint: target.failure };

  // Fetched once in a quarter of an hour: a connection of its own, closed at once, is the simplest that works.
  const connections = openConnections(target.value.origin, parts, {
    ...connectorSettingsOf(client, milliseconds(DOCUMENT_TIMEOUT / 2)),
    limit: 1,
    life: DOCUMENT_TIMEOUT,
  });
  try {
    const request = {
      method: 'GET',
      path: target.value.path,
      headers: [...HEADERS, ...headers],
      body: null,
    } as const;
    return await exchange(connections, request, { signal, bodyLimit: () => largest });
  } finally {
    void connections.close();
  }
}

/** For all places of a document together. */
export const DOCUMENT_TIMEOUT = milliseconds(5_000);
const HEADERS = ['accept-encoding', 'identity', 'user-agent', 'gatehouse'];
