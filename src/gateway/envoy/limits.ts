import { type Bytes, bytes, type Milliseconds, milliseconds } from '../../domain/index.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Above these the door denies, with an ordinary answer. */
export const CHECK_LIMITS = {
  message: bytes(8 * MIB),
  /** Names, values and four bytes for each field, as HTTP/1.1 would send them. Envoy's own default is 60 KiB. */
  headers: bytes(96 * KIB),
  /** Metadata or another part that only some rules look at: more of it is taken for hostile where one does. */
  attribute: bytes(256 * KIB),
} as const satisfies Record<string, Bytes>;

/**
 * Above these the transport answers by itself, with an RPC error, which `failure_mode_allow` turns into an allow.
 * So each lies well above what a gateway sends.
 */
export const TRANSPORT_LIMITS = {
  message: bytes(16 * MIB),
  /** On one connection. A gateway opens few connections and has one stream for each request it is holding. */
  streams: 4096,
  /** Of node:http2 for one connection, in megabytes; it counts queued frames and header blocks (T-57). */
  sessionMegabytes: 256,
} as const;

export interface ConnectionLimits {
  /**
   * A connection is ended after this time, a tenth more or less, so that gateways spread over instances and nobody
   * stays for ever. Long, for it is not quite without loss (sessions.ts).
   */
  readonly age: Milliseconds;
  /** What is still under way on it then gets this long. */
  readonly ageGrace: Milliseconds;
  /** How long a peer may be silent before it is pinged, and how long it may take to answer. */
  readonly keepalive: Milliseconds;
  readonly keepaliveTimeout: Milliseconds;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  age: milliseconds(30 * 60_000),
  ageGrace: milliseconds(30_000),
  keepalive: milliseconds(60_000),
  keepaliveTimeout: milliseconds(20_000),
};
