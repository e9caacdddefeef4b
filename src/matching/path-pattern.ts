import { fail, type Result, succeed } from '../domain/index.ts';
import { byteString } from './byte-string.ts';
import { decodeOnce } from './canonical-path.ts';

/** Which paths a rule means. Compiled patterns are compared by `key`. */
export interface PathPattern {
  /** Canonical; `null` stands for any one segment. */
  readonly segments: readonly (string | null)[];
  /** Ends in `**`: also everything below. */
  readonly isDeep: boolean;
  readonly key: string;
}

/** What a rule without paths means. */
export const ANY_PATH: PathPattern = Object.freeze({ segments: [], isDeep: true, key: '/**' });

/**
 * Reads a path pattern of the settings and puts it into the form of request paths. A literal star is written `%2A`.
 * The failure says what would be right.
 */
export function parsePathPattern(text: string): Result<PathPattern, string> {
  if (!text.startsWith('/')) return fail('does not begin with a slash; write /path');
  if (/[?#]/.test(text))
    return fail('holds a query or a fragment; only the path is matched, write ? as %3F and # as %23');

  const pieces = byteString(text)
    .split('/')
    .filter((piece) => piece !== '');
  const isDeep = pieces.at(-1) === '**';
  if (isDeep) pieces.pop();

  const segments: (string | null)[] = [];
  for (const piece of pieces) {
    const segment = parseSegment(piece);
    if (!segment.ok) return segment;
    if (segment.value === '.') continue;
    if (segment.value !== '..') segments.push(segment.value);
    else if (segments.pop() === undefined) return fail('climbs above the root; write the path without ..');
  }
  return succeed({ segments, isDeep, key: keyOf(segments, isDeep) });
}

function parseSegment(piece: string): Result<string | null, string> {
  if (piece === '*') return succeed(null);
  if (piece.includes('*')) {
    return fail(
      'holds a star beside other characters; * is one whole segment, a final ** everything below, %2A a star',
    );
  }
  const decoded = decodeOnce(piece);
  if (decoded.kind === 'decoded') return succeed(decoded.path);
  return fail('is not a path that a request can have; write plain characters, or escapes of UTF-8 bytes');
}

function keyOf(segments: readonly (string | null)[], isDeep: boolean): string {
  const written = segments.map((segment) => (segment === null ? '*' : segment.replaceAll('*', '%2A')));
  return `/${[...written, ...(isDeep ? ['**'] : [])].join('/')}`;
}
