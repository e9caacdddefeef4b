import type { JsonObject } from './json.ts';
import type { MonotonicMilliseconds } from './quantity.ts';

/** The kinds of fronts that ask over HTTP. Which one a door speaks is a setting, never guessed. */
export type HttpProfileName =
  'nginx' | 'ingress-nginx' | 'envoy' | 'traefik' | 'caddy' | 'haproxy' | 'apisix';

/** Which door a request came through. Also a metric label. */
export type Door = 'grpc' | `http:${HttpProfileName}`;

/**
 * The request that a gateway asks about, in our words. Made at a door, read by every room, changed by none.
 *
 * Text that came from the wire is a *byte string*: one character for each byte (Latin-1), so that every door
 * hands over the same characters for the same bytes, and nothing is lost before it is judged.
 */
export interface RequestContext {
  readonly door: Door;
  /** `x-request-id` of the checked request when it is printable and at most 128 characters; for log lines only. */
  readonly requestId: string | null;
  /** As sent; methods are case-sensitive (RFC 9110 section 9.1). Empty when the gateway sent none. */
  readonly method: string;
  /** The request target as sent, query included, undecoded. Empty when the gateway sent none. */
  readonly path: string;
  /** Authority as sent, port included. Empty when the gateway sent none. */
  readonly host: string;
  /** Lower case, `null` when unknown. */
  readonly scheme: string | null;
  readonly headers: RequestHeaders;
  /** Envoy's `context_extensions`; empty at the HTTP doors. */
  readonly contextExtensions: ReadonlyMap<string, string>;
  // The next five are read when somebody first asks. What cannot be read then throws an `UnusableRequestError`.
  /**
   * IP address of the client as `clientAddress.trustedHops` finds it, in the one spelling in which addresses are
   * compared; `null` when the gateway did not say.
   */
  readonly clientAddress: string | null;
  /** The server name of the client's TLS handshake, lower case; `null` without, and at the HTTP doors. */
  readonly serverName: string | null;
  /** Envoy's `source.principal`: URI SAN, else DNS SAN, else subject of the client's certificate; otherwise `null`. */
  readonly peerPrincipal: string | null;
  /** Metadata of the route that the gateway chose, by namespace; texts and names in it are byte strings too. */
  readonly routeMetadata: JsonObject;
  /** What filters before us noted about the request, by namespace; as `routeMetadata`. */
  readonly filterMetadata: JsonObject;
  /** The caller must have an answer by then: the shorter of `wait.max` and its own deadline less `wait.margin`. */
  readonly waitUntil: MonotonicMilliseconds;
}

/** The header section of the checked request. Names are lower case. */
export interface RequestHeaders {
  /** Every field value under `name` (lower case) in order of arrival; empty when absent. Joined lines stay joined. */
  values(name: string): readonly string[];
  /** Every name once or more, as it arrived, lower-cased. Pseudo headers (`:path`) are left out. */
  readonly names: readonly string[];
  /** Those of `names` that hold `_` or `.`: only these can be look-alikes of another header. */
  readonly oddNames: readonly string[];
}
