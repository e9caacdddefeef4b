import type { Milliseconds } from './quantity.ts';
import type { Secret } from './secret.ts';

/** Where a door listens. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Certificate of a door, as PEM text. */
export interface DoorTls {
  readonly cert: string;
  readonly key: Secret;
  /** Demands a client certificate from one of these authorities; `null`: none is asked for. */
  readonly clientCa: string | null;
  /** URI or DNS names, one of which must be in the certificate of a caller; left out: any of `clientCa`. */
  readonly allowedPeers?: readonly string[];
}

/** What carries gRPC: the library of the gRPC project, or node:http2 directly (docs/adr/0020). */
export type GrpcTransportName = 'grpc-js' | 'http2';

/** How long a check may wait for its answer. */
export interface WaitSettings {
  readonly max: Milliseconds;
  /** Taken off the caller's own deadline, so that our answer is there before it gives up. */
  readonly margin: Milliseconds;
}

/** `127.0.0.1:9001`, `[::1]:9001` or `unix:/path`, as in the settings file. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
