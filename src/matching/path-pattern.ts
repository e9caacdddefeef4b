import { fail, type PathSettings, type Result, succeed } from '../domain/index.ts';
import { byteString } from './byte-string.ts';
import { decodeOnce } from './canonical-path.ts';
import { foldCase } from './fold-case.ts';

/** Which paths a rule means. Compiled patterns are compared by `key`. */
export interface PathPattern {
  /** Canonical, and in lower case where case does not matter; `null` stands for any one segment, named or not. */
  readonly segments: readonly (string | null)[];
  /** Places of the segments written as `{name}`, each name once. */
  readonly params: readonly PathParameter[];
  /** Ends in `**`: also everything below. */
  readonly isDeep: boolean;
  /** Whether a path of the same segments must end in a slash, must not, or may; of a deep pattern always `either`. */
  readonly end: 'either' | 'bare' | 'slashed';
  /** Whether `A` and `a` are the same. */
  readonly foldsCase: boolean;
  readonly key: string;
}

export interface PathParameter {
  readonly name: string;
  /** Among the segments, from 0. */
  readonly at: number;
}

/** What a rule without paths means. */
export const ANY_PATH: PathPattern = Object.freeze({
  segments: [],
  params: [],
  isDeep: true,
  end: 'either',
  foldsCase: false,
  key: '/**',
});

/** How the upstream of a rule reads paths. */
export type PathReading = Pick<PathSettings, 'caseSensitive' | 'trailingSlash'>;

const AS_USUAL: PathReading = { caseSensitive: true, trailingSlash: 'same' };

const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]{0,31})\}$/;

/**
 * Reads a path pattern of the settings and puts it into the form of request paths. A literal star is written `%2A`,
 * braces `%7B` and `%7D`. The failure says what would be right.
 */
export function parsePathPattern(
  text: string,
  { caseSensitive, trailingSlash }: PathReading = AS_USUAL,
): Result<PathPattern, string> {
  if (!text.startsWith('/')) return fail('does not begin with a slash; write /path');
  if (/[?#]/.test(text))
    return fail('holds a query or a fragment; only the path is matched, write ? as %3F and # as %23');

  const pieces = byteString(text)
    .split('/')
    .filter((piece) => piece !== '');
  const isDeep = pieces.at(-1) === '**';
  if (isDeep) pieces.pop();

  const segments: Segment[] = [];
  for (const piece of pieces) {
    const segment = parseSegment(piece);
    if (!segment.ok) return segment;
    const { literal } = segment.value;
    if (literal === '.') continue;
    if (literal !== '..') segments.push(segment.value);
    else if (segments.pop() === undefined) return fail('climbs above the root; write the path without ..');
  }
  const params = segments.flatMap(({ name }, at) => (name === null ? [] : [{ name, at }]));
  const twice = params.find(({ name }, at) => params.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) return fail(`names two segments ${twice.name}; give each its own name`);
  const foldsCase = !caseSensitive;
  const literals = segments.map(({ literal }) =>
    foldsCase && literal !== null ? foldCase(literal) : literal,
  );
  const isTold = trailingSlash === 'distinct' && !isDeep && literals.length > 0;
  const end = isTold ? (text.endsWith('/') ? 'slashed' : 'bare') : 'either';
  const key = `${foldsCase ? '~' : ''}${keyOf(literals, isDeep)}${END_KEYS[end]}`;
  return succeed({ segments: literals, params, isDeep, end, foldsCase, key });
}

const END_KEYS = { either: '', bare: ' bare', slashed: ' slashed' } as const;

/** Whether a segment is the same in any case. */
export function isFolded(segment: string | null): boolean {
  return segment !== null && !/[A-Za-z]/.test(segment);
}

interface Segment {
  /** `null`: any one segment. */
  readonly literal: string | null;
  readonly name: string | null;
}

function parseSegment(piece: string): Result<Segment, string> {
  if (piece === '*') return succeed({ literal: null, name: null });
  const [, name] = PARAMETER.exec(piece) ?? [];
  if (name !== undefined) return succeed({ literal: null, name });
  if (piece.includes('*')) {
    return fail(
      'holds a star beside other characters; * is one whole segment, a final ** everything below, %2A a star',
    );
  }
  if (/[{}]/.test(piece)) {
    return fail(
      'holds a brace that names no whole segment; write {id} for a segment with a name, %7B and %7D for braces',
    );
  }
  const decoded = decodeOnce(piece);
  if (decoded.kind === 'decoded') return succeed({ literal: decoded.path, name: null });
  return fail('is not a path that a request can have; write plain characters, or escapes of UTF-8 bytes');
}

function keyOf(segments: readonly (string | null)[], isDeep: boolean): string {
  const written = segments.map((segment) => (segment === null ? '*' : segment.replaceAll('*', '%2A')));
  return `/${[...written, ...(isDeep ? ['**'] : [])].join('/')}`;
}
