import KeyvRedis from '@keyv/redis';
import type { RedisClientOptions } from '@redis/client';
import type { KeyvStoreAdapter } from 'keyv';
import type { Randomness, RedisNode, RedisSettings, RedisTls, Secret } from '../domain/index.ts';

/** What a store needs of a Redis, be it one server, one behind Sentinel, or a Cluster. */
export interface RedisConnection {
  /**
   * What keeps this entry, when that can be asked at once; `null` while there is no connection to it. A client of
   * Sentinel or of a Cluster would wait for one instead, without end.
   */
  adapterFor(name: string): KeyvStoreAdapter | null;
  /** What can be asked of the same place besides. */
  commandsFor(name: string): RedisCommands | null;
  /** `partly`: some servers of a Cluster, not all. */
  state(): 'connected' | 'partly' | 'disconnected';
  /** Settles when every server that is connected has answered. An answer is an answer, be it a refusal. */
  ping(): Promise<void>;
  /** Lets go at once. */
  close(): void;
}

/** The commands that we give ourselves, beside those of Keyv's adapter. */
export interface RedisCommands {
  /** `null`: the condition does not hold. */
  set(
    name: string,
    value: string,
    options: {
      readonly condition: 'NX';
      readonly expiration: { readonly type: 'PX'; readonly value: number };
    },
  ): Promise<string | null>;
  get(name: string): Promise<string | null>;
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
  xAdd(
    name: string,
    id: '*',
    message: Record<string, string>,
    options: {
      readonly TRIM: {
        readonly strategy: 'MAXLEN';
        readonly strategyModifier: '~';
        readonly threshold: number;
      };
    },
  ): Promise<string>;
  xRange(
    name: string,
    start: string,
    end: string,
  ): Promise<readonly { readonly id: string; readonly message: Readonly<Record<string, string>> }[] | null>;
  xTrim(name: string, strategy: 'MINID', threshold: number): Promise<number>;
  pExpire(name: string, milliseconds: number): Promise<number>;
  publish(channel: string, text: string): Promise<number>;
  subscribe(channel: string, listener: (text: string) => void): Promise<unknown>;
}

export interface RedisConnectionParts {
  readonly credentials: () => Credentials;
  readonly sentinelCredentials: () => Credentials;
  readonly tls: RedisTls | null;
  /** Told of every failed attempt and of every loss. */
  readonly failed: (cause: unknown) => void;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export interface Credentials {
  readonly username: string | null;
  readonly password: Secret | null;
}

/** Silence of the server after which a connection is given up, and how often a quiet one is asked to speak. */
const SILENCE_MS = 1_500;
const PING_EVERY_MS = 500;
const CONNECT_WITHIN_MS = 2_000;
const LONGEST_PAUSE_MS = 2_000;
/** Calls that may wait for Redis's reply; the timeout of the shared cache keeps them far fewer. */
const MOST_WAITING = 10_000;

/** How each single connection behaves, whatever it is part of. */
export function connectionOptions(
  { tls, randomness }: Pick<RedisConnectionParts, 'tls' | 'randomness'>,
  credentials: () => Credentials,
  node: RedisNode | null = null,
) {
  return {
    // Asked at each connection.
    credentialsProvider: {
      type: 'async-credentials-provider' as const,
      credentials: async () => wireCredentials(credentials()),
    },
    // Otherwise calls would wait, without end, for a connection that may never come.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    pingInterval: PING_EVERY_MS,
    socket: {
      ...(node === null ? {} : { host: node.host, port: node.port }),
      connectTimeout: CONNECT_WITHIN_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (attempts: number) => pauseBeforeAttempt(attempts, randomness.fraction()),
      ...(tls === null ? {} : tlsOptions(tls)),
    },
  } satisfies RedisClientOptions;
}

/** Doubles up to a bound, with jitter, so that replicas do not come back all at once. In milliseconds. */
export function pauseBeforeAttempt(attempts: number, fraction: number): number {
  const pauseMs = Math.min(50 * 2 ** attempts, LONGEST_PAUSE_MS);
  return Math.round(pauseMs * (0.75 + fraction * 0.25));
}

/**
 * Keyv's adapter over a client. It is typed for the clients it brings along, which lose keys after a Cluster failover;
 * ours are of the next version and behave alike in everything the adapter calls.
 */
export function adapterOver(client: object): KeyvStoreAdapter {
  const adapter = new KeyvRedis<string>(client, { throwOnErrors: true });
  // Of failed calls their callers hear, of everything else the client's own listeners.
  adapter.on('error', () => undefined);
  return adapter;
}

/** Settles with the task, whatever comes of it. */
export async function answered(task: Promise<unknown>): Promise<void> {
  await task.catch(() => undefined);
}

function wireCredentials({ username, password }: Credentials) {
  return {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password: password.reveal() }),
  };
}

function tlsOptions({ ca, certificate, serverName }: RedisTls) {
  return {
    tls: true as const,
    ...(ca === null ? {} : { ca }),
    ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key.reveal() }),
    ...(serverName === null ? {} : { servername: serverName }),
  };
}

/** `host:port` of each configured node, for people. */
export function addressOf({ place }: RedisSettings): string {
  const nodes = place.kind === 'single' ? [place.node] : place.nodes;
  return nodes
    .map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
    .join(', ');
}
