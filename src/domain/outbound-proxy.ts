import type { Secret } from './secret.ts';

/** A forward proxy that opens tunnels (CONNECT, RFC 9110 section 9.3.6). */
export interface OutboundProxy {
  /** `http://proxy.example.com:3128`; with `https` the way to the proxy itself is under TLS, too. */
  readonly origin: string;
  /** `null`: none are sent. */
  readonly credentials: { readonly username: string; readonly password: Secret } | null;
  /** PEM of the authorities that its certificate is checked with; `null`: the system's. */
  readonly ca: string | null;
}

/** What the settings say about the way out of a client. */
export type ProxyChoice =
  { readonly kind: 'none' } | { readonly kind: 'named'; readonly proxy: OutboundProxy };

/** Where a connection is to end. */
export interface ConnectionEnd {
  readonly protocol: 'http:' | 'https:';
  /** A host name or an IP literal without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The proxy that a connection goes through; `null`: it goes straight. */
export type ProxyFor = (end: ConnectionEnd) => OutboundProxy | null;
