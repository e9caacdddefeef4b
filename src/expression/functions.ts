import { type CelEnv, celEnv, celList, celMethod, CelScalar, listType } from '@bufbuild/cel';

/** Loops and `in` look at each item: longer lists and larger objects are refused, so that no token makes them slow. */
export const ITEMS_MAX = 1_024;

/**
 * What expressions may call. Each takes time in proportion to what it is given, at most.
 * Left out on purpose: `matches`, for no pattern is worth an argument about its cost; `replace`, `join` and `format`,
 * which make long texts of short ones; everything that knows the time.
 */
const FUNCTIONS: ReadonlySet<string> = new Set([
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'split',
  'int',
  'uint',
  'double',
  'string',
]);

/** How the syntax tree calls them. `@not_strictly_false` is in the loops of macros and cannot be written. */
const OPERATORS: ReadonlySet<string> = new Set([
  ...['_&&_', '_||_', '!_', '_?_:_', '_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_'],
  ...['_+_', '_-_', '_*_', '_/_', '_%_', '-_', '@in', '_[_]', '@not_strictly_false'],
]);

const { STRING } = CelScalar;

/** The functions of the standard, and two of its string extension. */
export const ENVIRONMENT: CelEnv = celEnv({
  funcs: [
    celMethod('split', STRING, [STRING], listType(STRING), function (separator) {
      const pieces = this.split(separator, ITEMS_MAX + 1);
      if (pieces.length > ITEMS_MAX) throw new RangeError('too many pieces');
      return celList(pieces);
    }),
    celMethod('lowerAscii', STRING, [], STRING, function () {
      return this.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    }),
  ],
});

/** What is wrong with calling this; `null`: nothing. */
export function flawOfCall(name: string): string | null {
  if (FUNCTIONS.has(name) || OPERATORS.has(name)) return null;
  if (name === 'matches')
    return 'calls matches, which is not available; use startsWith, endsWith, contains or ==';
  if (name === 'has') return 'calls has with something else than a member, as in has(token.act)';
  return `calls "${name}", which is not available; there are ${[...FUNCTIONS].join(', ')}, has, all, exists, exists_one, filter, map`;
}
