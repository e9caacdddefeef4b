import type { Json, JsonObject, UpstreamHeader } from '../domain/index.ts';
import { memberAt } from './member-at.ts';

/** Encoded, in bytes; a longer value is not sent (design, section 6). */
const HEADER_VALUE_BYTES_MAX = 4_096;

/** What a header gets from an answer. */
export type HeaderValue =
  | { readonly kind: 'value'; readonly value: string }
  /** The answer has nothing for it, or something empty. */
  | { readonly kind: 'none' }
  /** There is something that cannot be sent: too long, or not text, number, boolean or a list of these. */
  | { readonly kind: 'dropped' };

const NONE: HeaderValue = Object.freeze({ kind: 'none' });
const DROPPED: HeaderValue = Object.freeze({ kind: 'dropped' });

/**
 * Makes a header value of a claim.
 *
 * In: the members of an answer and where to look in them. Out: bytes in %x20-7E without a space at either end, from
 * which the claim can be had back: split at `join` where it is a list, then percent-decode (HTTP-5, HTTP-6).
 * Empty items of a list are left out.
 * Never: a line break; a byte that servers read in different ways; one item that reads as two.
 */
export function headerValue({ claim, join }: Omit<UpstreamHeader, 'name'>, claims: JsonObject): HeaderValue {
  const found = memberAt(claims, claim);
  if (found === undefined || found === null) return NONE;
  if (!isList(found)) {
    const text = textOf(found);
    return text === null ? DROPPED : sized([text], '', '');
  }
  const texts: string[] = [];
  for (const item of found) {
    const text = textOf(item);
    if (text === null) return DROPPED;
    texts.push(text);
  }
  return sized(texts, join, `,${join}`);
}

/** A separator that items can be told apart by: visible, and never a part of an escape. */
export function problemOfJoin(join: string): string | null {
  if (/^[ -~]+$/.test(join) && !/[0-9A-Za-z%]/.test(join)) return null;
  return 'is no separator; write punctuation or spaces, such as ","';
}

function sized(texts: readonly string[], join: string, separators: string): HeaderValue {
  const items = texts.filter((text) => text !== '');
  if (items.length === 0) return NONE;
  // An encoded text is never shorter than the text itself, so long ones need no encoding to be refused.
  const least = items.reduce((sum, text) => sum + text.length + join.length, 0) - join.length;
  if (least > HEADER_VALUE_BYTES_MAX) return DROPPED;
  const value = items.map((text) => encodeText(text, separators)).join(join);
  return value.length > HEADER_VALUE_BYTES_MAX ? DROPPED : { kind: 'value', value };
}

function encodeText(text: string, separators: string): string {
  let encoded = text.toWellFormed().replace(/[^ -~]|%/gu, encodeURIComponent);
  for (const separator of new Set(separators))
    encoded = encoded.replaceAll(separator, percentEncoded(separator));
  // Only spaces are left of what these take away.
  const inner = encoded.trim();
  const leading = encoded.length - encoded.trimStart().length;
  const trailing = encoded.length - leading - inner.length;
  return `${'%20'.repeat(leading)}${inner}${'%20'.repeat(trailing)}`;
}

function percentEncoded(ascii: string): string {
  return `%${ascii.charCodeAt(0).toString(16).toUpperCase()}`;
}

function textOf(value: Json): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
