import { type ClientContext, milliseconds } from '../../domain/index.ts';
import type { ConnectorParts } from '../connection/connector.ts';
import type { Exchange, HttpRequest } from '../connection/exchange.ts';
import { exchangeOnce } from '../connection/exchange-once.ts';
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
  const { origin, path } = target.value;
  const request: HttpRequest = { method: 'GET', path, headers: [...HEADERS, ...headers], body: null };
  const limits = {
    signal,
    bodyLimit: () => largest,
    connectTimeout: milliseconds(DOCUMENT_TIMEOUT / 2),
  };
  return exchangeOnce(origin, request, client, parts, limits);
}

/** Whether a status may be another one soon; what will not pass by itself is a setting, theirs or ours. */
export function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** For all places of a document together. */
export const DOCUMENT_TIMEOUT = milliseconds(5_000);
const HEADERS = ['accept-encoding', 'identity', 'user-agent', 'gatehouse'];
