import { canonicalAddress, type JsonObject, UnusableRequestError } from '../../domain/index.ts';
import { CHECK_LIMITS } from './limits.ts';
import { emptyDraft, readMapEntry, readStruct } from './read-struct.ts';
import {
  delimited,
  END_OF_MESSAGE,
  enterMessage,
  leaveMessage,
  nextTag,
  openCursor,
  readByteString,
  skipField,
  type WireCursor,
} from './wire-cursor.ts';

/*
 * The parts of a CheckRequest that few rules look at. They are read out of the message again when somebody asks, so
 * that nobody else pays for them. Each function throws an UnusableRequestError for bytes that cannot be read.
 */

const CHECK_REQUEST = { attributes: delimited(1) } as const;
const ATTRIBUTES = {
  source: delimited(1),
  metadata_context: delimited(11),
  tls_session: delimited(12),
  route_metadata_context: delimited(13),
} as const;
const PEER = { address: delimited(1), principal: delimited(4) } as const;
const ADDRESS = { socket: delimited(1), pipe: delimited(2), internal: delimited(3) } as const;
const SOCKET_ADDRESS = { address: delimited(2) } as const;
const TLS_SESSION = { sni: delimited(1) } as const;
const METADATA = { filterMetadata: delimited(1) } as const;

/** Who sent the request, as the gateway saw it. */
export interface Peer {
  /** Canonical; `null` when it is no IP address (a pipe, a listener inside of Envoy). */
  readonly address: string | null;
  readonly principal: string | null;
}

export function readPeer(bytes: Buffer): Peer {
  let address = '';
  let principal = '';
  readAttribute(bytes, 'source', (cursor, tag) => {
    if (tag === PEER.address) address = readAddress(cursor, address);
    else if (tag === PEER.principal) principal = readByteString(cursor);
    else skipField(cursor, tag);
  });
  return { address: canonicalAddress(address), principal: principal === '' ? null : principal };
}

/** Lower case: names of servers are compared without regard to it (RFC 6066 section 3). */
export function readServerName(bytes: Buffer): string | null {
  let serverName = '';
  readAttribute(bytes, 'tls_session', (cursor, tag) => {
    if (tag === TLS_SESSION.sni) serverName = readByteString(cursor);
    else skipField(cursor, tag);
  });
  return serverName === '' ? null : serverName.toLowerCase();
}

export const readRouteMetadata = (bytes: Buffer): JsonObject => readMetadata(bytes, 'route_metadata_context');
export const readFilterMetadata = (bytes: Buffer): JsonObject => readMetadata(bytes, 'metadata_context');

function readMetadata(bytes: Buffer, attribute: keyof typeof ATTRIBUTES): JsonObject {
  const namespaces = emptyDraft();
  readAttribute(bytes, attribute, (cursor, tag) => {
    if (tag === METADATA.filterMetadata)
      readMapEntry(cursor, namespaces, { readValue: () => readStruct(cursor), absent: EMPTY });
    else skipField(cursor, tag);
  });
  return namespaces;
}

const EMPTY: JsonObject = Object.freeze(emptyDraft());

function readAttribute(bytes: Buffer, attribute: keyof typeof ATTRIBUTES, visit: Visit): void {
  const cursor = openCursor(bytes);
  let size = 0;
  eachField(cursor, (_request, tag) => {
    if (tag === CHECK_REQUEST.attributes) inside(cursor, readAttributes);
    else skipField(cursor, tag);
  });
  if (cursor.broken) throw new UnusableRequestError(`attributes.${attribute} cannot be read`);

  function readAttributes(_attributes: WireCursor, tag: number): void {
    if (tag !== ATTRIBUTES[attribute]) {
      skipField(cursor, tag);
      return;
    }
    const before = cursor.at;
    inside(cursor, (inner, field) => {
      // Known before anything of it is made.
      if (inner.end - before + size > CHECK_LIMITS.attribute) inner.broken = true;
      else visit(inner, field);
    });
    size += cursor.at - before;
  }
}

/** Looks at one field; must step over its value. */
type Visit = (cursor: WireCursor, tag: number) => void;

function eachField(cursor: WireCursor, visit: Visit): void {
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) visit(cursor, tag);
}

function inside(cursor: WireCursor, visit: Visit): void {
  const outerEnd = enterMessage(cursor);
  eachField(cursor, visit);
  leaveMessage(cursor, outerEnd);
}

/** Of the kinds of address the last counts: what was said before is over, unless it was a socket's too. */
function readAddress(cursor: WireCursor, before: string): string {
  let address = before;
  inside(cursor, (_address, kind) => {
    if (kind === ADDRESS.socket) inside(cursor, readSocket);
    else skipField(cursor, kind);
    if (kind === ADDRESS.pipe || kind === ADDRESS.internal) address = '';
  });
  return address;

  function readSocket(_socket: WireCursor, part: number): void {
    if (part === SOCKET_ADDRESS.address) address = readByteString(cursor);
    else skipField(cursor, part);
  }
}
