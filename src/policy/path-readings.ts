import { resolveSegments } from './canonical-path.ts';

const SEPARATORS: readonly (RegExp | null)[] = [null, /%2F/g, /%5C/g, /%2F|%5C/g];

/**
 * How servers may read a path with opaque characters: with `%2F`, `%5C` or both as separators, with
 * everything from a `;` to the end of its segment cut off, before or after that.
 *
 * In: a decoded path whose slashes and dot segments are as sent. Out: its readings besides the canonical one, in
 * canonical form; `null` stands for one that climbs above the root. At most eleven, each made in a few passes.
 */
export function otherReadings(path: string): readonly (string | null)[] {
  const readings = new Set<string | null>();
  for (const separator of SEPARATORS) {
    readings.add(resolveSegments(split(path, separator)));
    readings.add(resolveSegments(withoutParameters(split(path, separator))));
    readings.add(resolveSegments(split(withoutParameters(path), separator)));
  }
  readings.delete(resolveSegments(path));
  return [...readings];
}

function split(path: string, separator: RegExp | null): string {
  return separator === null ? path : path.replace(separator, '/');
}

function withoutParameters(path: string): string {
  return path.replace(/%3B[^/]*/g, '');
}
