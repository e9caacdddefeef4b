import { type DenyReason, fail, type RequestContext, type Result, succeed } from '../../domain/index.ts';
import { CHECK_LIMITS } from './limits.ts';
import { createRequestHeaders, lowerCased } from './request-headers.ts';
import { type AtTheDoor, createWireRequest } from './wire-request.ts';
import {
  delimited,
  END_OF_MESSAGE,
  enterMessage,
  leaveMessage,
  nextTag,
  openCursor,
  readByteString,
  skipField,
  skipValue,
  type WireCursor,
} from './wire-cursor.ts';

/** Why a CheckRequest cannot be read. */
export type UnreadableCheck = Extract<DenyReason, 'request_malformed' | 'headers_too_large'>;

/**
 * Reads an `envoy.service.auth.v3.CheckRequest`, and of it only what rules can see.
 *
 * In: bytes of a peer. Out: the request; of what only few rules look at it keeps the bytes (`read-attributes.ts`).
 * Never: a throw; a body or a header turned into text that nobody asked for.
 *
 * As proto3 has it: unknown fields are skipped, of repeated single values the last counts, repeated messages are
 * merged. Text is taken as bytes, so that text which is not UTF-8 is still there to be judged. A header name
 * outside visible ASCII is no header name (RFC 9110 section 5.1), and nobody could remove it afterwards: malformed.
 */
export function decodeCheckRequest(bytes: Buffer, door: AtTheDoor): Result<RequestContext, UnreadableCheck> {
  const cursor = openCursor(bytes);
  const draft = createDraft();
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === CHECK_REQUEST.attributes) readAttributes(cursor, draft);
    else skipField(cursor, tag);
  }

  const { method, path, host } = draft;
  const headerBytes = draft.headerBytes + method.length + path.length + host.length + draft.scheme.length;
  if (headerBytes > CHECK_LIMITS.headers) return fail('headers_too_large');
  if (cursor.broken) return fail('request_malformed');

  const { mapped, listed, oddNames } = draft;
  const headers = createRequestHeaders({ bytes, mapped, listed, oddNames });
  const request = {
    bytes,
    requestId: printableId(headers.values('x-request-id')),
    method,
    path,
    host,
    scheme: draft.scheme === '' ? null : lowerCased(draft.scheme),
    headers,
    contextExtensions: draft.contextExtensions ?? NO_EXTENSIONS,
  };
  return succeed(createWireRequest(request, door));
}

const CHECK_REQUEST = { attributes: delimited(1) } as const;
const ATTRIBUTES = { request: delimited(4), contextExtensions: delimited(10) } as const;
const REQUEST = { http: delimited(2) } as const;
const HTTP = {
  method: delimited(2),
  headers: delimited(3),
  path: delimited(4),
  host: delimited(5),
  scheme: delimited(6),
  headerMap: delimited(13),
} as const;
const HEADER_MAP = { headers: delimited(1) } as const;
/** Of HeaderValue, and, but for the raw value, of an entry of a protobuf map. */
const ENTRY = { key: delimited(1), value: delimited(2), rawValue: delimited(3) } as const;

interface Draft {
  method: string;
  path: string;
  host: string;
  scheme: string;
  headerBytes: number;
  readonly mapped: number[];
  readonly listed: number[];
  readonly oddNames: string[];
  contextExtensions: Map<string, string> | null;
}

const NO_EXTENSIONS: ReadonlyMap<string, string> = new Map();

function createDraft(): Draft {
  return {
    method: '',
    path: '',
    host: '',
    scheme: '',
    headerBytes: 0,
    mapped: [],
    listed: [],
    oddNames: [],
    contextExtensions: null,
  };
}

function readAttributes(cursor: WireCursor, draft: Draft): void {
  const outerEnd = enterMessage(cursor);
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === ATTRIBUTES.request) readRequest(cursor, draft);
    else if (tag === ATTRIBUTES.contextExtensions) readContextExtension(cursor, draft);
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
}

function readRequest(cursor: WireCursor, draft: Draft): void {
  const outerEnd = enterMessage(cursor);
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === REQUEST.http) readHttp(cursor, draft);
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
}

function readHttp(cursor: WireCursor, draft: Draft): void {
  const outerEnd = enterMessage(cursor);
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    switch (tag) {
      case HTTP.method:
        draft.method = readByteString(cursor);
        break;
      case HTTP.headers:
        readHeader(cursor, draft, draft.mapped);
        break;
      case HTTP.path:
        draft.path = readByteString(cursor);
        break;
      case HTTP.host:
        draft.host = readByteString(cursor);
        break;
      case HTTP.scheme:
        draft.scheme = readByteString(cursor);
        break;
      case HTTP.headerMap:
        readHeaderMap(cursor, draft);
        break;
      default:
        skipField(cursor, tag);
    }
  }
  leaveMessage(cursor, outerEnd);
}

function readHeaderMap(cursor: WireCursor, draft: Draft): void {
  const outerEnd = enterMessage(cursor);
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === HEADER_MAP.headers) readHeader(cursor, draft, draft.listed);
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
}

/** One header of either form. Where `raw_value` has content it is the value; a protobuf map has no such field. */
function readHeader(cursor: WireCursor, draft: Draft, spans: number[]): void {
  const outerEnd = enterMessage(cursor);
  let nameStart = 0;
  let nameEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  let rawStart = 0;
  let rawEnd = 0;
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === ENTRY.key) {
      nameStart = skipValue(cursor);
      nameEnd = cursor.at;
    } else if (tag === ENTRY.value) {
      valueStart = skipValue(cursor);
      valueEnd = cursor.at;
    } else if (tag === ENTRY.rawValue && spans === draft.listed) {
      rawStart = skipValue(cursor);
      rawEnd = cursor.at;
    } else {
      skipField(cursor, tag);
    }
  }
  leaveMessage(cursor, outerEnd);

  if (rawEnd > rawStart) {
    valueStart = rawStart;
    valueEnd = rawEnd;
  }
  if (!isHeader(cursor, draft, nameStart, nameEnd, valueEnd - valueStart)) return;
  spans.push(nameStart, nameEnd, valueStart, valueEnd);
}

const COLON = 0x3a;

/** Looks at the name and counts the bytes. What makes the whole request unacceptable ends the reading. */
function isHeader(
  cursor: WireCursor,
  draft: Draft,
  nameStart: number,
  nameEnd: number,
  valueLength: number,
): boolean {
  const { bytes } = cursor;
  if (nameEnd > nameStart && bytes[nameStart] === COLON) return false;

  const spelling = spellingOf(bytes, nameStart, nameEnd);
  if (spelling === 'unusable') cursor.broken = true;
  if (spelling === 'odd') draft.oddNames.push(lowerCased(bytes.toString('latin1', nameStart, nameEnd)));

  draft.headerBytes += nameEnd - nameStart + valueLength + 4;
  if (draft.headerBytes > CHECK_LIMITS.headers) cursor.broken = true;
  return !cursor.broken;
}

function spellingOf(bytes: Buffer, start: number, end: number): 'plain' | 'odd' | 'unusable' {
  if (start === end) return 'unusable';
  let spelling: 'plain' | 'odd' = 'plain';
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x21 || byte > 0x7e) return 'unusable';
    if (byte === 0x5f || byte === 0x2e) spelling = 'odd';
  }
  return spelling;
}

function readContextExtension(cursor: WireCursor, draft: Draft): void {
  const outerEnd = enterMessage(cursor);
  let key = '';
  let value = '';
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === ENTRY.key) key = readByteString(cursor);
    else if (tag === ENTRY.value) value = readByteString(cursor);
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
  draft.contextExtensions ??= new Map();
  draft.contextExtensions.set(key, value);
}

function printableId(values: readonly string[]): string | null {
  const [id, ...others] = values;
  return id !== undefined && others.length === 0 && /^[\x20-\x7e]{1,128}$/.test(id) ? id : null;
}
