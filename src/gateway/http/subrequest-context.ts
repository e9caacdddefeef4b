import {
  type Door,
  forwardedAddress,
  type JsonObject,
  type MonotonicMilliseconds,
  type RequestContext,
  type RequestHeaders,
} from '../../domain/index.ts';
import type { OriginalRequest } from './profile.ts';
import type { Fields } from './request-headers.ts';

export interface SubrequestParts {
  readonly door: Door;
  readonly requestId: string | null;
  readonly original: OriginalRequest;
  /** All of them, those that rules do not see too. */
  readonly fields: Fields;
  readonly headers: RequestHeaders;
  readonly waitUntil: MonotonicMilliseconds;
  /** Entries of X-Forwarded-For from the right that name our own proxies; `null`: this front does not extend it. */
  readonly trustedHops: number | null;
}

/** A request that a front asks about over HTTP. */
export const createSubrequestContext = (parts: SubrequestParts): RequestContext =>
  new SubrequestContext(parts);

const NO_EXTENSIONS: ReadonlyMap<string, string> = new Map();
const NO_METADATA: JsonObject = Object.freeze({});

// A class for its accessor: one of a prototype is there already, one of an object literal is made for each request.
class SubrequestContext implements RequestContext {
  readonly door: Door;
  readonly requestId: string | null;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly scheme: string | null;
  readonly headers: RequestHeaders;
  readonly waitUntil: MonotonicMilliseconds;
  // Fronts tell none of these over HTTP.
  readonly contextExtensions = NO_EXTENSIONS;
  readonly serverName = null;
  readonly peerPrincipal = null;
  readonly routeMetadata = NO_METADATA;
  readonly filterMetadata = NO_METADATA;
  readonly #fields: Fields;
  readonly #trustedHops: number | null;

  constructor({ original, fields, ...parts }: SubrequestParts) {
    this.door = parts.door;
    this.requestId = parts.requestId;
    this.method = original.method;
    this.path = original.path;
    this.host = original.host;
    this.scheme = original.scheme;
    this.headers = parts.headers;
    this.waitUntil = parts.waitUntil;
    this.#fields = fields;
    this.#trustedHops = parts.trustedHops;
  }

  /** Never the address of the connection, which is the front's. */
  get clientAddress(): string | null {
    if (this.#trustedHops === null) return null;
    return forwardedAddress(this.#fields.get('x-forwarded-for') ?? [], this.#trustedHops);
  }
}
