import { fail, type Result, succeed } from '../../domain/index.ts';
import { parsed } from './parsed.ts';
import { unless } from './texts.ts';

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const STANDARD_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A header name in any case; it keeps its spelling here and is lower-cased where it is used. */
export function headerName() {
  return parsed({ type: 'a header name' }, (value) => unless(flawOfHeaderName(value), value));
}

export function flawOfHeaderName(text: string): string | null {
  if (text.startsWith(':')) return 'is a pseudo header of HTTP/2, which nobody can set or match here';
  return TOKEN.test(text)
    ? null
    : 'is not a header name; write letters, digits and dashes, as in x-auth-subject';
}

/** A header name, or its beginning and a `*`. */
export function headerPattern() {
  return parsed({ type: 'a header name, or its beginning and a *' }, (text) => {
    const beginning = text.endsWith('*') ? text.slice(0, -1) : text;
    if (beginning === '') return fail('would cover every header; write how the names begin, as in x-auth-*');
    if (beginning.includes('*')) return fail('can have one * only, at its end');
    return unless(flawOfHeaderName(beginning), text);
  });
}

/** RFC 9110 section 9.1; methods are case-sensitive. */
export function method() {
  return parsed({ type: 'a method' }, (text) => {
    const upper = text.toUpperCase();
    if (upper === 'CONNECT' || upper === 'TRACE')
      return fail('is denied on every route and cannot be matched');
    if (!TOKEN.test(text)) return fail('is not a method; write GET, POST, …');
    if (text !== upper && STANDARD_METHODS.has(upper))
      return fail(`would never match, for methods are case-sensitive; write ${upper}`);
    return succeed(text);
  });
}

/** RFC 6749 section 3.3. */
export function scopeToken() {
  return parsed({ type: 'a scope' }, (text) => {
    if (text.includes(' ')) return fail('holds a space; write each scope as an item of the list');
    return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
      ? succeed(text)
      : fail('is not a scope; it must be visible ASCII without " and \\');
  });
}

export function pathPattern() {
  return parsed({ type: 'a path' }, checkPathPattern);
}

/**
 * A rule's path: exact, `*` or `{name}` for a whole segment, `**` at the end. What the canonical form (design, section 6)
 * refuses or rewrites in requests is refused here, so that a rule says what it does.
 */
function checkPathPattern(text: string): Result<string, string> {
  if (!text.startsWith('/'))
    return fail('does not start with a slash; write it from the root, as in /orders/**');
  if (/[?#]/.test(text)) return fail('holds ? or #; a query plays no part in matching');
  if (/[\p{Cc}\\]/u.test(text)) return fail('holds a backslash or a control character');
  if (text.includes('//')) return fail('holds an empty segment; slashes are merged before matching');

  const segments = text.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const flaw = flawOfSegment(segment, index === segments.length - 1);
    if (flaw !== null) return fail(flaw);
  }
  return succeed(text);
}

function flawOfSegment(segment: string, isLast: boolean): string | null {
  if (segment === '.' || segment === '..') return 'holds a dot segment; write where it leads';
  if (segment === '**') return isLast ? null : 'has a ** before its end; only the last segment can be **';
  if (segment !== '*' && segment.includes('*'))
    return 'has a * beside other characters; * is a whole segment';
  if (/[{}]/.test(segment) && !/^\{[A-Za-z_][A-Za-z0-9_]{0,31}\}$/.test(segment))
    return 'has a brace that names no whole segment; write {id} for a segment with a name, %7B and %7D for braces';
  return flawOfEscapes(segment);
}

function flawOfEscapes(segment: string): string | null {
  if (/%(?![0-9A-Fa-f]{2})/.test(segment)) return 'has a % without two hexadecimal digits after it';
  if (/%25[0-9A-Fa-f]{2}/.test(segment)) return 'is escaped twice; requests with such paths are denied';
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    return 'has escapes that are not UTF-8';
  }
  if (/\p{Cc}/u.test(decoded)) return 'holds an escaped control character';
  return decoded === '.' || decoded === '..' ? 'holds a dot segment; write where it leads' : null;
}

/** Cut from the front of request paths. */
export function pathPrefix() {
  return parsed({ type: 'a path without a slash at its end' }, (text) => {
    if (text === '') return succeed(text);
    if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(text))
      return fail('is not a prefix; write it with a slash in front and none at its end, as in /authz');
    return /\/\.{1,2}(?:\/|$)/.test(text) ? fail('holds a dot segment') : succeed(text);
  });
}
