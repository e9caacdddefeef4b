import {
  type AccessToken,
  type Fault,
  type Milliseconds,
  milliseconds,
  type Clock,
} from '../../domain/index.ts';
import { openConnections } from '../connection/connections.ts';
import { type ConnectorParts, connectorSettingsOf } from '../connection/connector.ts';
import { exchange, type Exchange } from '../connection/exchange.ts';
import type { PreparedQuestion } from '../question/introspection-request.ts';

export type Asked =
  | { readonly exchange: Exchange; readonly tookMs: Milliseconds }
  /** We could not say who we are. */
  | { readonly unasked: Fault };

/** Puts a question over a connection of its own, within the budget of the client's enquiries. */
export async function askOnce(
  question: PreparedQuestion,
  token: AccessToken,
  parts: ConnectorParts & { readonly clock: Pick<Clock, 'monotonic'> },
): Promise<Asked> {
  const { client, origin } = question;
  const { timeout, maxAnswer } = client.introspection;
  const expiry = new AbortController();
  const timer = setTimeout(() => expiry.abort(), timeout);
  const connections = openConnections(origin, parts, {
    ...connectorSettingsOf(client, milliseconds(timeout / 2)),
    limit: 1,
    life: timeout,
  });
  try {
    const request = await question.requestFor(token, expiry.signal);
    if (!request.ok) return { unasked: request.failure };
    const startedAt = parts.clock.monotonic();
    const limits = { signal: expiry.signal, bodyLimit: () => maxAnswer };
    const outcome = await exchange(connections, request.value, limits);
    return { exchange: outcome, tookMs: milliseconds(parts.clock.monotonic() - startedAt) };
  } finally {
    clearTimeout(timer);
    void connections.close();
  }
}
