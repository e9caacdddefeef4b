import type { Json, JsonObject } from '../../domain/index.ts';
import {
  delimited,
  double,
  END_OF_MESSAGE,
  enterMessage,
  leaveMessage,
  nextTag,
  numeric,
  readBool,
  readByteString,
  readDouble,
  skipField,
  type WireCursor,
} from './wire-cursor.ts';

const STRUCT = { fields: delimited(1) } as const;
const LIST = { values: delimited(1) } as const;
const VALUE = {
  null: numeric(1),
  number: double(2),
  text: delimited(3),
  boolean: numeric(4),
  struct: delimited(5),
  list: delimited(6),
} as const;
const ENTRY = { key: delimited(1), value: delimited(2) } as const;
const DEPTH_MAX = 32;

/** An object that is being read. Its prototype is null, so that no name in it means anything but a member. */
export type Draft = Record<string, Json>;

export const emptyDraft = (): Draft => Object.create(null) as Draft;

/**
 * The `google.protobuf.Struct` under the cursor. Names and texts are byte strings; a value of no kind is `null`.
 * Never: a number that is not finite, more than 32 levels; the cursor is broken then.
 */
export function readStruct(cursor: WireCursor, depth = 1): JsonObject {
  const members = emptyDraft();
  const outerEnd = enterMessage(cursor);
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === STRUCT.fields)
      readMapEntry(cursor, members, { readValue: () => readValue(cursor, depth), absent: null });
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
  return members;
}

/** One entry of a protobuf map, written over an earlier one of the same key. */
export function readMapEntry(
  cursor: WireCursor,
  into: Draft,
  { readValue, absent }: { readonly readValue: () => Json; readonly absent: Json },
): void {
  const outerEnd = enterMessage(cursor);
  let key = '';
  let value = absent;
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === ENTRY.key) key = readByteString(cursor);
    else if (tag === ENTRY.value) value = readValue();
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
  into[key] = value;
}

/** The last kind counts, as in every `oneof`. */
function readValue(cursor: WireCursor, depth: number): Json {
  if (depth > DEPTH_MAX) cursor.broken = true;
  const outerEnd = enterMessage(cursor);
  let value: Json = null;
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    switch (tag) {
      case VALUE.null:
        skipField(cursor, tag);
        value = null;
        break;
      case VALUE.number:
        value = readDouble(cursor);
        if (!Number.isFinite(value)) cursor.broken = true;
        break;
      case VALUE.text:
        value = readByteString(cursor);
        break;
      case VALUE.boolean:
        value = readBool(cursor);
        break;
      case VALUE.struct:
        value = readStruct(cursor, depth + 1);
        break;
      case VALUE.list:
        value = readList(cursor, depth + 1);
        break;
      default:
        skipField(cursor, tag);
    }
  }
  leaveMessage(cursor, outerEnd);
  return value;
}

function readList(cursor: WireCursor, depth: number): readonly Json[] {
  const items: Json[] = [];
  const outerEnd = enterMessage(cursor);
  for (let tag = nextTag(cursor); tag !== END_OF_MESSAGE; tag = nextTag(cursor)) {
    if (tag === LIST.values) items.push(readValue(cursor, depth));
    else skipField(cursor, tag);
  }
  leaveMessage(cursor, outerEnd);
  return items;
}
