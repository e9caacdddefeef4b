import { isUtf8 } from 'node:buffer';

import { fail, type Json, type JsonObject, type Result, succeed } from '../../domain/index.ts';

/**
 * Reads JSON that somebody else wrote, so that no two readers could take it differently (RFC 8259, RFC 7493).
 *
 * In: the bytes of a whole body, bounded before. Out: a value whose objects have no prototype, or what is wrong.
 * Never: a repeated member name, a lone surrogate, a number outside a double, or text of the body in the complaint.
 */
export function parseStrictJson(bytes: Buffer, limits: JsonLimits): Result<Json, string> {
  if (!isUtf8(bytes)) return fail('it is not UTF-8');
  try {
    return succeed(
      readDocument({ text: bytes.toString('utf8'), at: 0, membersLeft: limits.members }, limits),
    );
  } catch (error) {
    if (error instanceof Refusal) return fail(error.message);
    throw error;
  }
}

export interface JsonLimits {
  /** Arrays and objects inside one another. Small, for each level is a level of the call stack. */
  readonly depth: number;
  /** Members of all objects together. Bounds what hostile names can cost (CVE-2026-21717). */
  readonly members: number;
}

/** More than any answer or metadata document needs. */
export const JSON_LIMITS: JsonLimits = { depth: 32, members: 2_000 };

interface Reader {
  readonly text: string;
  at: number;
  membersLeft: number;
}

/** Why a text was refused; caught above, never seen outside. */
class Refusal extends Error {}

function readDocument(reader: Reader, limits: JsonLimits): Json {
  skipSpace(reader);
  const value = readValue(reader, limits.depth);
  skipSpace(reader);
  if (reader.at < reader.text.length) refuse(reader, 'something follows the value');
  return value;
}

function readValue(reader: Reader, depthLeft: number): Json {
  const { text, at } = reader;
  switch (text.charCodeAt(at)) {
    case BRACE:
      return readObject(reader, depthLeft);
    case BRACKET:
      return readArray(reader, depthLeft);
    case QUOTE:
      return readString(reader);
    case 0x74:
      return readWord(reader, 'true', true);
    case 0x66:
      return readWord(reader, 'false', false);
    case 0x6e:
      return readWord(reader, 'null', null);
    default:
      return readNumber(reader);
  }
}

function readObject(reader: Reader, depthLeft: number): JsonObject {
  if (depthLeft === 0) refuse(reader, 'it is nested too deeply');
  const object = Object.create(null) as Record<string, Json>;
  reader.at += 1;
  skipSpace(reader);
  if (skip(reader, BRACE_END)) return object;

  for (;;) {
    if (reader.text.charCodeAt(reader.at) !== QUOTE) refuse(reader, 'a member name is expected');
    if (reader.membersLeft === 0) refuse(reader, 'it has too many members');
    reader.membersLeft -= 1;
    const name = readString(reader);
    // RFC 8259 section 4: which of two members counts is unpredictable, so neither does (INT-25).
    if (name in object) refuse(reader, 'a member name occurs twice');
    skipSpace(reader);
    if (!skip(reader, COLON)) refuse(reader, 'a colon is expected');
    skipSpace(reader);
    object[name] = readValue(reader, depthLeft - 1);
    skipSpace(reader);
    if (skip(reader, BRACE_END)) return object;
    if (!skip(reader, COMMA)) refuse(reader, 'a comma or the end of the object is expected');
    skipSpace(reader);
  }
}

function readArray(reader: Reader, depthLeft: number): readonly Json[] {
  if (depthLeft === 0) refuse(reader, 'it is nested too deeply');
  const items: Json[] = [];
  reader.at += 1;
  skipSpace(reader);
  if (skip(reader, BRACKET_END)) return items;

  for (;;) {
    items.push(readValue(reader, depthLeft - 1));
    skipSpace(reader);
    if (skip(reader, BRACKET_END)) return items;
    if (!skip(reader, COMMA)) refuse(reader, 'a comma or the end of the array is expected');
    skipSpace(reader);
  }
}

function readString(reader: Reader): string {
  const { text } = reader;
  let from = reader.at + 1;
  let read = '';
  for (let at = from; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      reader.at = at + 1;
      if (read === '') return text.slice(from, at);
      read += text.slice(from, at);
      // Only an escape can make one; headers, Envoy's structs and the shared store hold Unicode only.
      if (!read.isWellFormed()) refuse(reader, 'a string holds half of a character');
      return read;
    }
    if (code === BACKSLASH) {
      reader.at = at;
      read += text.slice(from, at) + readEscape(reader);
      from = reader.at;
      at = from - 1;
    } else if (!(code >= SPACE)) {
      reader.at = at;
      refuse(reader, 'a string does not end, or holds a control character');
    }
  }
}

function readEscape(reader: Reader): string {
  const { text, at } = reader;
  const letter = text.charAt(at + 1);
  const plain = ESCAPES.get(letter);
  if (plain !== undefined) {
    reader.at = at + 2;
    return plain;
  }
  const digits = text.slice(at + 2, at + 6);
  if (letter !== 'u' || !FOUR_DIGITS.test(digits)) refuse(reader, 'an escape is not one of JSON');
  reader.at = at + 6;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function readNumber(reader: Reader): number {
  NUMBER.lastIndex = reader.at;
  const [digits] = NUMBER.exec(reader.text) ?? [];
  if (digits === undefined) refuse(reader, 'a value is expected');
  const number = Number(digits);
  if (!Number.isFinite(number)) refuse(reader, 'a number is out of range');
  reader.at += digits.length;
  return number;
}

function readWord<Value>(reader: Reader, word: string, value: Value): Value {
  if (!reader.text.startsWith(word, reader.at)) refuse(reader, 'a value is expected');
  reader.at += word.length;
  return value;
}

function skipSpace(reader: Reader): void {
  const { text } = reader;
  for (;;) {
    const code = text.charCodeAt(reader.at);
    if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    reader.at += 1;
  }
}

function skip(reader: Reader, code: number): boolean {
  if (reader.text.charCodeAt(reader.at) !== code) return false;
  reader.at += 1;
  return true;
}

function refuse(reader: Reader, complaint: string): never {
  throw new Refusal(`${complaint}, at character ${reader.at + 1} of ${reader.text.length}`);
}

const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const FOUR_DIGITS = /^[0-9a-fA-F]{4}$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
