import {
  forwardedAddress,
  type JsonObject,
  type MonotonicMilliseconds,
  type RequestContext,
  type RequestHeaders,
} from '../../domain/index.ts';
import {
  type Peer,
  readFilterMetadata,
  readPeer,
  readRouteMetadata,
  readServerName,
} from './read-attributes.ts';

/** What was read of a CheckRequest at once, and the bytes in which the rest still is. */
export interface WireRequestParts {
  readonly bytes: Buffer;
  readonly requestId: string | null;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly scheme: string | null;
  readonly headers: RequestHeaders;
  readonly contextExtensions: ReadonlyMap<string, string>;
}

/** What the door knows of a check besides its bytes. */
export interface AtTheDoor {
  readonly waitUntil: MonotonicMilliseconds;
  /** Entries of X-Forwarded-For from the right that name our own proxies; 0: Envoy's own peer is the client. */
  readonly trustedHops: number;
}

/** A request that came over gRPC. */
export const createWireRequest = (parts: WireRequestParts, door: AtTheDoor): RequestContext =>
  new WireRequest(parts, door);

// A class for its accessors, as WireHeaders is.
class WireRequest implements RequestContext {
  readonly door = 'grpc';
  readonly requestId: string | null;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly scheme: string | null;
  readonly headers: RequestHeaders;
  readonly contextExtensions: ReadonlyMap<string, string>;
  readonly waitUntil: MonotonicMilliseconds;
  readonly #bytes: Buffer;
  readonly #trustedHops: number;
  #peer: Peer | null = null;
  #serverName: string | null | undefined;
  #routeMetadata: JsonObject | null = null;
  #filterMetadata: JsonObject | null = null;

  constructor(parts: WireRequestParts, { waitUntil, trustedHops }: AtTheDoor) {
    this.requestId = parts.requestId;
    this.method = parts.method;
    this.path = parts.path;
    this.host = parts.host;
    this.scheme = parts.scheme;
    this.headers = parts.headers;
    this.contextExtensions = parts.contextExtensions;
    this.waitUntil = waitUntil;
    this.#bytes = parts.bytes;
    this.#trustedHops = trustedHops;
  }

  get clientAddress(): string | null {
    if (this.#trustedHops === 0) return this.#readPeer().address;
    return forwardedAddress(this.headers.values('x-forwarded-for'), this.#trustedHops);
  }

  get peerPrincipal(): string | null {
    return this.#readPeer().principal;
  }

  get serverName(): string | null {
    if (this.#serverName === undefined) this.#serverName = readServerName(this.#bytes);
    return this.#serverName;
  }

  get routeMetadata(): JsonObject {
    return (this.#routeMetadata ??= readRouteMetadata(this.#bytes));
  }

  get filterMetadata(): JsonObject {
    return (this.#filterMetadata ??= readFilterMetadata(this.#bytes));
  }

  #readPeer(): Peer {
    return (this.#peer ??= readPeer(this.#bytes));
  }
}
