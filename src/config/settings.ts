import type {
  Bytes,
  ClientContext,
  ClientMatches,
  ClientStoreSettings,
  DoorTls,
  GrpcTransportName,
  HttpProfileName,
  ListenAddress,
  Milliseconds,
  RedisSettings,
  RouteSettings,
  Secret,
  WaitSettings,
} from '../domain/index.ts';
import type { Plain } from './yaml/plain.ts';
import type { Problem } from './problem.ts';

/** What the settings file says, checked as a whole. Frozen all the way down; a reload makes a new one. */
export interface Settings {
  /** Short hash over the file, its secrets and its certificates: equal on replicas that run the same. */
  readonly generation: string;
  readonly warnings: readonly Problem[];
  /** The settings file and every file it names: what to watch. Absolute. */
  readonly files: readonly string[];
  readonly listen: ListenSettings;
  readonly drain: Milliseconds;
  readonly log: { readonly level: LogLevel };
  /** Clients that metrics and the status page show one by one. */
  readonly metrics: { readonly clients: number };
  readonly realm: string;
  readonly wait: WaitSettings;
  /** Header names in lower case; `*` at the end stands for any ending. */
  readonly scrub: readonly string[];
  readonly clientAddress: { readonly trustedHops: number };
  readonly clients: readonly ClientContext[];
  readonly clientMatches: ClientMatches;
  /** The status for requests that no client goes with. */
  readonly unknownClient: 403 | 404;
  /** `null`: the clients of the file. */
  readonly clientStore: ClientStoreSettings | null;
  readonly discovery: DiscoverySettings;
  readonly cache: CacheSettings;
  readonly routes: readonly RouteSettings[];
  /** The file with every default filled in and secrets as `[set]`, in the file's own words; for `printSettings`. */
  readonly effective: Plain;
}

/** Over all clients. */
export interface DiscoverySettings {
  /** Metadata documents that are fetched at once. */
  readonly concurrent: number;
  /** Whether copies of them are kept in the shared store. */
  readonly sharedCopies: boolean;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ListenSettings {
  readonly grpc: readonly GrpcDoorSettings[];
  readonly http: readonly HttpDoorSettings[];
  /** `null`: not open. */
  readonly health: { readonly address: ListenAddress } | null;
  readonly admin: AdminDoorSettings;
}

export interface AdminDoorSettings {
  readonly address: ListenAddress;
  readonly tls: DoorTls | null;
  /** What an operator must show; `null`: nothing. */
  readonly bearer: Secret | null;
}

export interface GrpcDoorSettings {
  readonly address: ListenAddress;
  readonly transport: GrpcTransportName;
  readonly tls: DoorTls | null;
}

export interface HttpDoorSettings {
  readonly address: ListenAddress;
  readonly profile: HttpProfileName;
  /** Cut from the front of the path; empty for none. */
  readonly pathPrefix: string;
  /** Address ranges in CIDR form. */
  readonly trustedPeers: readonly string[];
  /** The name in lower case. */
  readonly secretHeader: { readonly name: string; readonly value: Secret } | null;
  /** The longest a check may wait at this door. */
  readonly timeout: Milliseconds;
  /** Open at once. */
  readonly connections: number;
  readonly tls: DoorTls | null;
}

export interface CacheSettings {
  /** Newest first; base64 of exactly 32 bytes. Empty only where `shared` is `null`. */
  readonly keys: readonly Secret[];
  readonly active: MemoryPartition & {
    /** Answers are kept shorter than `max` by up to this much. */
    readonly jitter: Milliseconds;
    readonly refreshAhead: boolean;
  };
  readonly inactive: MemoryPartition & {
    /** Whether other replicas are told, at the second sighting of a token. */
    readonly shared: boolean;
  };
  /** The longest `stale` of a route: so long active answers stay in memory when their time is over. */
  readonly stale: Milliseconds;
  /** `null`: memory alone. */
  readonly shared: SharedCacheSettings | null;
}

export interface MemoryPartition {
  /** 0: this cache is off. */
  readonly max: Milliseconds;
  readonly entries: number;
  readonly bytes: Bytes;
}

export interface SharedCacheSettings {
  readonly store: SharedStoreSettings;
  /** Whether replicas agree who asks about a token that many wait for. */
  readonly coalesce: boolean;
  readonly timeout: Milliseconds;
}

/** Where a store is that replicas share. */
export type SharedStoreSettings =
  | { readonly kind: 'redis'; readonly redis: RedisSettings }
  /** A module of the user's own that exports a Keyv store adapter. `path` is absolute. */
  | { readonly kind: 'module'; readonly path: string };
