import { type ReadPath, resolveSegments, resolveUnmerged } from './canonical-path.ts';

/** A path as some server may read it. */
export interface Reading {
  /** Canonical; `null` when it climbs above the root. */
  readonly path: string | null;
  /** Whether it moves up on its way. */
  readonly movesUp: boolean;
}

const NONE: readonly Reading[] = Object.freeze([]);

/** Every way besides the canonical one in which servers may read a request's path: nearly always none. */
export function readingsBeside({ unmerged, opaque, unresolved }: ReadPath): readonly Reading[] {
  if (unmerged === null && opaque.length === 0) return NONE;
  const others = opaque.length === 0 ? NONE : otherReadings(unresolved);
  return unmerged === null ? others : [{ path: unmerged, movesUp: true }, ...others];
}

const SEPARATORS: readonly (RegExp | null)[] = [null, /%2F/g, /%5C/g, /%2F|%5C/g];

/**
 * How servers may read a path with opaque characters: with `%2F`, `%5C` or both as separators, with
 * everything from a `;` to the end of its segment cut off, before or after that.
 *
 * In: a decoded path whose slashes and dot segments are as sent. Out: its readings besides the canonical one.
 * At most twenty-two, each made in a few passes.
 */
export function otherReadings(path: string): readonly Reading[] {
  const texts = new Set<string>();
  for (const separator of SEPARATORS) {
    texts.add(split(path, separator));
    texts.add(withoutParameters(split(path, separator)));
    texts.add(split(withoutParameters(path), separator));
  }
  texts.delete(path);
  return [...texts].flatMap((text) => {
    const movesUp = text.split('/').includes('..');
    const merged = { path: resolveSegments(text), movesUp };
    // Where nothing moves up, both orders of merging and resolving come to the same.
    return movesUp ? [merged, { path: resolveUnmerged(text), movesUp }] : [merged];
  });
}

function split(path: string, separator: RegExp | null): string {
  return separator === null ? path : path.replace(separator, '/');
}

function withoutParameters(path: string): string {
  return path.replace(/%3B[^/]*/g, '');
}
