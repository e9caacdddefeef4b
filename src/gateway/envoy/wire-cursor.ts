/**
 * Reads protobuf fields from bytes that a peer sent.
 *
 * In: bytes. Out: tags, and where their values lie.
 * Never: a throw, a read outside the message, or a loop that stands still: at the first broken byte every open
 * message ends, and `broken` stays true.
 */
export interface WireCursor {
  readonly bytes: Buffer;
  at: number;
  /** End of the message that is being read. */
  end: number;
  broken: boolean;
}

/** What `nextTag` answers when the message has no more fields. */
export const END_OF_MESSAGE = 0;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

const VARINT_BYTES_MAX = 10;
// Groups have been deprecated since before proto3: they can only be inside unknown fields, and never deep.
const GROUP_DEPTH_MAX = 32;

/** The tag of a number or a truth value. */
export const numeric = (field: number): number => (field << 3) | VARINT;

/** The tag of a double. */
export const double = (field: number): number => (field << 3) | FIXED64;

/** The tag of a length-delimited field: text, bytes or a message. A known field of another type counts as unknown. */
export const delimited = (field: number): number => (field << 3) | DELIMITED;

export function openCursor(bytes: Buffer): WireCursor {
  return { bytes, at: 0, end: bytes.length, broken: false };
}

/** Field number and type of the field under the cursor, to be compared with `delimited(…)`. */
export function nextTag(cursor: WireCursor): number {
  if (cursor.broken || cursor.at >= cursor.end) return END_OF_MESSAGE;
  const tag = readVarint32(cursor);
  return tag >>> 3 === 0 ? breakOff(cursor) : tag;
}

/** Makes the message under the cursor the one that is read. Returns the end of the one around it, for `leaveMessage`. */
export function enterMessage(cursor: WireCursor): number {
  const outerEnd = cursor.end;
  const length = readLength(cursor);
  cursor.end = cursor.at + length;
  return outerEnd;
}

export function leaveMessage(cursor: WireCursor, outerEnd: number): void {
  cursor.at = cursor.end;
  cursor.end = outerEnd;
}

/** The bytes under the cursor, one character each. */
export function readByteString(cursor: WireCursor): string {
  const start = skipValue(cursor);
  return cursor.bytes.toString('latin1', start, cursor.at);
}

/** The truth value under the cursor: every number but 0 is true. */
export function readBool(cursor: WireCursor): boolean {
  const start = cursor.at;
  skipVarint(cursor);
  for (let at = start; at < cursor.at; at += 1) if (((cursor.bytes[at] ?? 0) & 0x7f) !== 0) return true;
  return false;
}

/** The double under the cursor; NaN when its bytes are not all there. */
export function readDouble(cursor: WireCursor): number {
  const start = cursor.at;
  skipBytes(cursor, 8);
  return cursor.broken ? Number.NaN : cursor.bytes.readDoubleLE(start);
}

/** How many bytes the value under the cursor has, which then stands at its start. Never more than are there. */
function readLength(cursor: WireCursor): number {
  const length = readVarint32(cursor);
  return length > cursor.end - cursor.at ? breakOff(cursor) : length;
}

/** Steps over the text under the cursor, and says where it began. */
export function skipValue(cursor: WireCursor): number {
  const length = readLength(cursor);
  const start = cursor.at;
  cursor.at += length;
  return start;
}

/** Steps over the value that belongs to a tag nobody knows. */
export function skipField(cursor: WireCursor, tag: number, depth = 0): void {
  switch (tag & 7) {
    case VARINT:
      skipVarint(cursor);
      break;
    case FIXED64:
      skipBytes(cursor, 8);
      break;
    case DELIMITED:
      skipBytes(cursor, readLength(cursor));
      break;
    case GROUP_START:
      skipGroup(cursor, tag >>> 3, depth + 1);
      break;
    case FIXED32:
      skipBytes(cursor, 4);
      break;
    default:
      // The end of a group that was not begun, or a type that does not exist.
      breakOff(cursor);
  }
}

function skipGroup(cursor: WireCursor, field: number, depth: number): void {
  const end = (field << 3) | GROUP_END;
  while (depth <= GROUP_DEPTH_MAX) {
    const tag = nextTag(cursor);
    if (tag === END_OF_MESSAGE) break;
    if (tag === end >>> 0) return;
    skipField(cursor, tag, depth);
  }
  breakOff(cursor);
}

function skipBytes(cursor: WireCursor, count: number): void {
  if (count > cursor.end - cursor.at) breakOff(cursor);
  else cursor.at += count;
}

function skipVarint(cursor: WireCursor): void {
  for (let count = 0; count < VARINT_BYTES_MAX && cursor.at < cursor.end; count += 1) {
    if (nextByte(cursor) < 0x80) return;
  }
  breakOff(cursor);
}

/** Tags and lengths: at most 32 bits. */
function readVarint32(cursor: WireCursor): number {
  let value = 0;
  for (let shift = 0; shift < 35 && cursor.at < cursor.end; shift += 7) {
    const byte = nextByte(cursor);
    // Only four bits of the fifth byte are left.
    if (shift === 28 && byte > 0x0f) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  return breakOff(cursor);
}

/** The caller has looked that there is one. */
function nextByte(cursor: WireCursor): number {
  const byte = cursor.bytes[cursor.at] ?? 0;
  cursor.at += 1;
  return byte;
}

function breakOff(cursor: WireCursor): typeof END_OF_MESSAGE {
  cursor.broken = true;
  cursor.at = cursor.end;
  return END_OF_MESSAGE;
}
