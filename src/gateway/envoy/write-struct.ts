import { isJsonObject, type Json, type JsonObject } from '../../domain/index.ts';
import {
  beginMessage,
  delimitedTag,
  endMessage,
  fixed64Tag,
  varintTag,
  type WireWriter,
  writeDouble,
  writeText,
  writeVarint,
} from './wire-writer.ts';

// A protobuf parser refuses messages nested deeper than 100, and one level of JSON takes up to three of them. A
// refused answer is an error to Envoy, so what lies deeper is written as null.
const DEPTH_MAX = 16;

const FIELDS = delimitedTag(1);
const ENTRY = { key: delimitedTag(1), value: delimitedTag(2) } as const;
const VALUE = {
  null: varintTag(1),
  number: fixed64Tag(2),
  text: delimitedTag(3),
  boolean: varintTag(4),
  struct: delimitedTag(5),
  list: delimitedTag(6),
} as const;
const LIST_VALUES = delimitedTag(1);

/** Writes the content of a `google.protobuf.Struct`. Numbers become doubles, as JSON numbers are. */
export function writeStruct(writer: WireWriter, object: JsonObject, depth = 1): void {
  for (const [name, member] of Object.entries(object)) {
    const entry = beginMessage(writer, FIELDS);
    writeText(writer, ENTRY.key, name);
    writeNested(writer, ENTRY.value, () => writeValue(writer, member, depth));
    endMessage(writer, entry);
  }
}

function writeValue(writer: WireWriter, value: Json, depth: number): void {
  if (typeof value === 'string') writeText(writer, VALUE.text, value);
  else if (typeof value === 'number') writeDouble(writer, VALUE.number, value);
  else if (typeof value === 'boolean') writeVarint(writer, VALUE.boolean, value ? 1 : 0);
  else if (value === null || depth === DEPTH_MAX) writeVarint(writer, VALUE.null, 0);
  else if (isJsonObject(value))
    writeNested(writer, VALUE.struct, () => writeStruct(writer, value, depth + 1));
  else writeNested(writer, VALUE.list, () => writeList(writer, value, depth + 1));
}

function writeList(writer: WireWriter, items: readonly Json[], depth: number): void {
  for (const item of items) writeNested(writer, LIST_VALUES, () => writeValue(writer, item, depth));
}

function writeNested(writer: WireWriter, tag: number, write: () => void): void {
  const start = beginMessage(writer, tag);
  write();
  endMessage(writer, start);
}
