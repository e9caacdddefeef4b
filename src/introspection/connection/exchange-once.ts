import type { ClientContext, Milliseconds } from '../../domain/index.ts';
import { openConnections } from './connections.ts';
import { type ConnectorParts, connectorSettingsOf } from './connector.ts';
import { exchange, type Exchange, type ExchangeLimits, type HttpRequest } from './exchange.ts';

export interface OnceLimits extends ExchangeLimits {
  readonly connectTimeout: Milliseconds;
}

/** An exchange on a connection of its own, closed at once: the simplest that works for what is seldom asked for. */
export async function exchangeOnce(
  origin: string,
  request: HttpRequest,
  client: ClientContext,
  parts: ConnectorParts,
  { connectTimeout, ...limits }: OnceLimits,
): Promise<Exchange> {
  const connections = openConnections(origin, parts, {
    ...connectorSettingsOf(client, connectTimeout),
    limit: 1,
    life: connectTimeout,
  });
  try {
    return await exchange(connections, request, limits);
  } finally {
    void connections.close();
  }
}
