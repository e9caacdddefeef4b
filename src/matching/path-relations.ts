import { foldCase } from './fold-case.ts';
import { isFolded, type PathPattern } from './path-pattern.ts';

/** @param segments of a canonical path. @param isSlashed whether it ends in a slash. */
export function matchesPath(pattern: PathPattern, segments: readonly string[], isSlashed: boolean): boolean {
  const { isDeep, end, foldsCase } = pattern;
  if (isDeep ? segments.length < pattern.segments.length : segments.length !== pattern.segments.length)
    return false;
  if (end !== 'either' && (end === 'slashed') !== isSlashed) return false;
  return pattern.segments.every((word, at) => {
    const segment = segments[at] ?? '';
    return word === null || word === (foldsCase ? foldCase(segment) : segment);
  });
}

/** Whether every path that `narrow` means is meant by `wide`, too. */
export function coversPath(wide: PathPattern, narrow: PathPattern): boolean {
  const isLongEnough = wide.isDeep
    ? narrow.segments.length >= wide.segments.length
    : !narrow.isDeep && narrow.segments.length === wide.segments.length && coversEnd(wide, narrow);
  return isLongEnough && wide.segments.every((word, at) => coversWord(word, wide, narrow, at));
}

/** Whether some path is meant by both. */
export function overlapsPath(one: PathPattern, other: PathPattern): boolean {
  const [shorter, longer] = one.segments.length <= other.segments.length ? [one, other] : [other, one];
  if (shorter.segments.length < longer.segments.length && !shorter.isDeep) return false;
  if (one.end !== 'either' && other.end !== 'either' && one.end !== other.end) return false;
  const inAnyCase = one.foldsCase || other.foldsCase;
  return shorter.segments.every((word, at) => {
    const opposite = longer.segments[at];
    if (word === null || opposite === null || opposite === undefined) return true;
    return inAnyCase ? foldCase(word) === foldCase(opposite) : word === opposite;
  });
}

function coversEnd(wide: PathPattern, narrow: PathPattern): boolean {
  return wide.end === 'either' || wide.end === narrow.end;
}

function coversWord(word: string | null, wide: PathPattern, narrow: PathPattern, at: number): boolean {
  const other = narrow.segments[at];
  if (word === null) return true;
  if (other === null || other === undefined) return false;
  if (wide.foldsCase) return word === foldCase(other);
  return word === other && (!narrow.foldsCase || isFolded(other));
}
