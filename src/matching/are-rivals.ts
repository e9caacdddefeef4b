import type { CompiledMatch } from './compile-match.ts';
import { mayBothFit } from './rest-of-match.ts';
import { compareSpecificity } from './specificity.ts';

/**
 * Whether some request fits both and neither is the more specific one, so that only the order of the file decides.
 * Patterns of the same specificity that match the same request are the same pattern.
 */
export function areRivals(one: CompiledMatch, other: CompiledMatch): boolean {
  if (!mayBothFit(one.rest, other.rest)) return false;
  return one.hosts.some(
    (host) =>
      other.hosts.some(({ key }) => key === host.key) &&
      one.paths.some(
        (path) =>
          other.paths.some(({ key }) => key === path.key) &&
          compareSpecificity({ host, path, rest: one.rest }, { host, path, rest: other.rest }) === 0,
      ),
  );
}
