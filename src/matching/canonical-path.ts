import { isUtf8 } from 'node:buffer';
import type { PathLeniency } from '../domain/index.ts';

/** Characters that servers read in two ways; they stay opaque inside their segment. */
export type OpaqueCharacter = keyof PathLeniency;

export type CanonicalPath = ReadPath | Malformed;

export interface ReadPath extends OpaquePath {
  readonly kind: 'canonical';
  readonly path: string;
  /**
   * The path for a server that resolves dot segments before it merges slashes, or merges none: to it, `..` takes away
   * the empty segment of `//`. `null` where that is the same path, which it nearly always is.
   */
  readonly unmerged: string | null;
}

export interface OpaquePath {
  /**
   * Those that the request holds, each once, in segments that `..` took away too. Nearly always the shared empty list.
   */
  readonly opaque: readonly OpaqueCharacter[];
  /** Decoded but with its slashes and dot segments as sent: what other readings begin with. */
  readonly unresolved: string;
}

/** `detail` is a constant sentence: nothing of the request is repeated. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly detail: string;
}

const NO_OPAQUE: readonly OpaqueCharacter[] = Object.freeze([]);

// A character that has to be looked at, or a slash before a slash or dot. A path without any is canonical as it is.
const SUSPICIOUS = /[^\x20-\x22\x24\x26-\x3a\x3c-\x3e\x40-\x5b\x5d-\x7e]|\/[./]/;

const NUL = 0x00;
const HASH = 0x23;
const PERCENT = 0x25;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** Every byte as a canonical path spells it: those that mean something else in a path, and controls, escaped. */
const SPELLINGS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === DELETE || '#%;?\\'.includes(String.fromCharCode(byte))
    ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    : String.fromCharCode(byte),
);

/**
 * Puts a request target into the one form in which paths are compared (design, section 6).
 *
 * In: the target as a byte string, query included. Out: its path with every escape decoded once, slashes merged
 * and dot segments resolved; `;`, `%3B`, `%2F` and `%5C` opaque and spelled `%3B`, `%2F`, `%5C`; `%`, `?`, `#` and
 * controls spelled as escapes, so that the form of a form is itself. Or what is wrong with it.
 * Never: an exception, whatever comes in; work beyond a few passes; a path that climbs above the root.
 */
export function canonicalPath(target: string): CanonicalPath {
  const question = target.indexOf('?');
  const raw = question === -1 ? target : target.slice(0, question);
  if (raw.charCodeAt(0) !== SLASH) return malformed('The path does not begin with a slash.');
  if (!SUSPICIOUS.test(raw)) {
    return { kind: 'canonical', path: raw, unmerged: null, opaque: NO_OPAQUE, unresolved: raw };
  }

  const decoded = decodeOnce(raw);
  if (decoded.kind === 'malformed') return decoded;
  const path = resolveSegments(decoded.path);
  if (path === null) return malformed('The path climbs above the root.');
  const unmerged = resolveUnmerged(decoded.path);
  return {
    kind: 'canonical',
    path,
    unmerged: unmerged === path ? null : unmerged,
    opaque: opaqueOf(decoded.path),
    unresolved: decoded.path,
  };
}

/** Decodes every escape once and spells every byte in one way; segments stay as they are. */
export function decodeOnce(raw: string): Malformed | { readonly kind: 'decoded'; readonly path: string } {
  let path = '';
  // Digits behind a decoded `%`: two of them would be an escape for whoever decodes once more.
  let digitsToEscape = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    const escaped = code === PERCENT;
    const byte = escaped ? hexByte(raw, at + 1) : code;
    if (escaped) at += 2;

    const problem = escaped ? problemOfEscape(byte) : problemOfRaw(byte);
    if (problem !== null) return malformed(problem);
    if (byte === PERCENT) digitsToEscape = 2;
    else if (digitsToEscape > 0) {
      const isDigit = hexDigit(byte) !== -1;
      if (isDigit && digitsToEscape === 1) return malformed('The path is escaped twice.');
      digitsToEscape = isDigit ? digitsToEscape - 1 : 0;
    }
    path += escaped && byte === SLASH ? '%2F' : (SPELLINGS[byte] ?? '');
  }
  if (!isUtf8(Buffer.from(path, 'latin1'))) return malformed('The path is not UTF-8.');
  return { kind: 'decoded', path };
}

/** Merges slashes and resolves dot segments of a decoded path; `null` when it climbs above the root. */
export function resolveSegments(path: string): string | null {
  const pieces = path.split('/');
  const segments: string[] = [];
  for (const piece of pieces) {
    if (piece === '' || piece === '.') continue;
    if (piece !== '..') segments.push(piece);
    else if (segments.pop() === undefined) return null;
  }
  return joined(segments, pieces);
}

/** Resolves dot segments as RFC 3986 section 5.2.4 does, empty segments counted, and merges slashes only then. */
export function resolveUnmerged(path: string): string | null {
  const [, ...pieces] = path.split('/');
  const segments: string[] = [];
  for (const piece of pieces) {
    if (piece === '.') continue;
    if (piece !== '..') segments.push(piece);
    else if (segments.pop() === undefined) return null;
  }
  return joined(
    segments.filter((segment) => segment !== ''),
    pieces,
  );
}

function joined(segments: readonly string[], pieces: readonly string[]): string {
  if (segments.length === 0) return '/';
  const last = pieces.at(-1);
  const isOpenEnded = last === '' || last === '.' || last === '..';
  return `/${segments.join('/')}${isOpenEnded ? '/' : ''}`;
}

function opaqueOf(path: string): readonly OpaqueCharacter[] {
  const opaque: OpaqueCharacter[] = [];
  if (path.includes('%2F')) opaque.push('encodedSlash');
  if (path.includes('%3B')) opaque.push('semicolon');
  if (path.includes('%5C')) opaque.push('backslash');
  return opaque.length === 0 ? NO_OPAQUE : opaque;
}

function problemOfEscape(byte: number): string | null {
  if (byte === -1) return 'The path holds a percent sign without two hexadecimal digits.';
  if (byte === NUL) return 'The path encodes a NUL byte.';
  return null;
}

function problemOfRaw(byte: number): string | null {
  if (byte < 0x20 || byte === DELETE) return 'The path holds a control byte.';
  if (byte === BACKSLASH) return 'The path holds a backslash.';
  if (byte === HASH) return 'The path holds a fragment.';
  if (byte > 0xff) return 'The path is not a string of bytes.';
  return null;
}

/** The byte that two hexadecimal digits name; -1 when they are none. */
function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lowerCase = code | 0x20;
  return lowerCase >= 0x61 && lowerCase <= 0x66 ? lowerCase - 0x61 + 10 : -1;
}

function malformed(detail: string): Malformed {
  return { kind: 'malformed', detail };
}
