import {
  type AccessToken,
  type Fault,
  type Milliseconds,
  milliseconds,
  type Clock,
} from '../../domain/index.ts';
import type { ConnectorParts } from '../connection/connector.ts';
import type { Exchange } from '../connection/exchange.ts';
import { exchangeOnce } from '../connection/exchange-once.ts';
import type { PreparedQuestion } from '../question/introspection-request.ts';

export type Asked =
  | {
      readonly exchange: Exchange;
      readonly tookMs: Milliseconds;
      /** As of a request that was refused: whether another would say in another way who we are. */
      readonly renew: () => boolean;
    }
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
  // Not AbortSignal.timeout, which would let the process end while code of others looks for a secret.
  const timer = setTimeout(() => expiry.abort(), timeout);
  const { signal } = expiry;
  try {
    const request = await question.requestFor(token, signal);
    if (!request.ok) return { unasked: request.failure };
    const startedAt = parts.clock.monotonic();
    const limits = { signal, bodyLimit: () => maxAnswer, connectTimeout: milliseconds(timeout / 2) };
    const outcome = await exchangeOnce(origin, request.value, client, parts, limits);
    const tookMs = milliseconds(parts.clock.monotonic() - startedAt);
    return { exchange: outcome, tookMs, renew: () => request.value.renew() };
  } finally {
    clearTimeout(timer);
  }
}
