import { type ClientContext, type Milliseconds, milliseconds } from '../../domain/index.ts';
import { type Connections, openConnections } from './connections.ts';
import { type ConnectorParts, connectorSettingsOf, wayTo } from './connector.ts';

/**
 * The kept-alive connections of one client, opened at need; nearly always to one origin. What nobody has used for a
 * while is let go as a whole, so that many clients that seldom ask cost next to nothing.
 */
export interface ConnectionPools {
  to(origin: string): Connections;
  /** Origin of the proxy that connections there go through; `null`: they go straight. */
  proxyTo(origin: string): string | null;
  readonly connected: number;
  readonly running: number;
  /** Lets running exchanges end. Whoever asks afterwards opens anew. */
  close(): Promise<void>;
}

export function createConnectionPools(client: ClientContext, parts: ConnectorParts): ConnectionPools {
  const pools = new Map<string, Connections>();
  const usedSinceLastLook = new Set<string>();
  let look: NodeJS.Timeout | null = null;
  const settings = {
    ...connectorSettingsOf(client, connectTimeoutOf(client)),
    limit: client.limits.concurrent,
    life: LIFE,
  };

  return {
    to(origin) {
      usedSinceLastLook.add(origin);
      look ??= setTimeout(closeUnused, IDLE).unref();
      const known = pools.get(origin);
      if (known !== undefined) return known;
      const opened = openConnections(origin, parts, settings);
      pools.set(origin, opened);
      return opened;
    },
    proxyTo: (origin) => wayTo(origin, settings, parts.proxyFor).through?.origin ?? null,
    get connected() {
      return [...pools.values()].reduce((sum, { connected }) => sum + connected, 0);
    },
    get running() {
      return [...pools.values()].reduce((sum, { running }) => sum + running, 0);
    },
    async close() {
      if (look !== null) clearTimeout(look);
      look = null;
      const closing = [...pools.values()];
      pools.clear();
      await Promise.all(closing.map((connections) => connections.close()));
    },
  };

  function closeUnused(): void {
    look = null;
    for (const [origin, connections] of pools) {
      if (usedSinceLastLook.has(origin) || connections.running > 0) continue;
      pools.delete(origin);
      void connections.close();
    }
    usedSinceLastLook.clear();
    if (pools.size > 0) look = setTimeout(closeUnused, IDLE).unref();
  }
}

/** Longer than connections are kept alive without use. */
const IDLE = milliseconds(120_000);

/** Each connection resolves the name of the server anew, which costs one handshake in so long. */
const LIFE = milliseconds(60_000);

/** So short that a dead address is told apart from a slow answer. */
function connectTimeoutOf({ introspection }: ClientContext): Milliseconds {
  return milliseconds(Math.min(introspection.timeout / 2, 2_000));
}
