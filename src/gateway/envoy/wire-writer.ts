/**
 * Writes protobuf fields, nested messages in one pass.
 *
 * In: field tags and values. Out: bytes that every protobuf parser takes.
 * Never: text that is not UTF-8. A parser refuses the whole message for it, and Envoy then reports an error
 * instead of our answer: half a surrogate pair is written as U+FFFD.
 */
export interface WireWriter {
  bytes: Buffer;
  at: number;
}

const FIRST_SIZE = 1024;
// The longest varint written here: 32 bits.
const VARINT_BYTES_MAX = 5;

const tag = (field: number, type: number): number => (field << 3) | type;
export const varintTag = (field: number): number => tag(field, 0);
export const fixed64Tag = (field: number): number => tag(field, 1);
export const delimitedTag = (field: number): number => tag(field, 2);

export function createWriter(): WireWriter {
  return { bytes: Buffer.allocUnsafe(FIRST_SIZE), at: 0 };
}

/** What was written so far. Shares memory with the writer. */
export function writtenBytes(writer: WireWriter): Buffer {
  return writer.bytes.subarray(0, writer.at);
}

export function writeVarint(writer: WireWriter, tag: number, value: number): void {
  reserve(writer, 2 * VARINT_BYTES_MAX);
  putVarint(writer, tag);
  putVarint(writer, value);
}

export function writeDouble(writer: WireWriter, tag: number, value: number): void {
  reserve(writer, VARINT_BYTES_MAX + 8);
  putVarint(writer, tag);
  writer.at = writer.bytes.writeDoubleLE(value, writer.at);
}

export function writeText(writer: WireWriter, tag: number, text: string): void {
  // One unit of UTF-16 becomes three bytes at most.
  reserve(writer, text.length * 3);
  const start = beginMessage(writer, tag);
  writer.at += writer.bytes.write(text, writer.at, 'utf8');
  endMessage(writer, start);
}

/** Begins a nested message; what is written until `endMessage` belongs to it. */
export function beginMessage(writer: WireWriter, tag: number): number {
  reserve(writer, 2 * VARINT_BYTES_MAX);
  putVarint(writer, tag);
  // One byte for the length, which is enough for most.
  writer.at += 1;
  return writer.at;
}

/** @param start what `beginMessage` returned. */
export function endMessage(writer: WireWriter, start: number): void {
  const length = writer.at - start;
  const more = varintSize(length) - 1;
  if (more > 0) {
    reserve(writer, more);
    writer.bytes.copyWithin(start + more, start, writer.at);
  }
  writer.at = start - 1;
  putVarint(writer, length);
  writer.at += length;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}

/** @param value below 2^32. */
function putVarint(writer: WireWriter, value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    writer.bytes[writer.at] = (rest & 0x7f) | 0x80;
    writer.at += 1;
    rest >>>= 7;
  }
  writer.bytes[writer.at] = rest;
  writer.at += 1;
}

function reserve(writer: WireWriter, count: number): void {
  const needed = writer.at + count + 2 * VARINT_BYTES_MAX;
  if (needed <= writer.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(needed, 2 * writer.bytes.length));
  writer.bytes.copy(larger, 0, 0, writer.at);
  writer.bytes = larger;
}
