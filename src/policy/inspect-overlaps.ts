import { isDeepStrictEqual } from 'node:util';
import { coversAll, mayBothFit, overlaps } from '../matching/index.ts';
import { type Inspected, listed } from './inspected.ts';

/**
 * A rule of which some requests go on to a later one that asks for less: its hosts and paths match, the rest does not,
 * and it says `otherwise: next`.
 */
export interface LeakFinding {
  readonly kind: 'leak';
  readonly rule: string;
  /** The first such rule. */
  readonly to: string;
  readonly message: string;
}

/** Two rules that some request matches, neither of which is inside of the other: only the order of the file decides. */
export interface OverlapFinding {
  readonly kind: 'overlap';
  readonly rule: string;
  /** Earlier ones, in the order of the file; never empty. */
  readonly after: readonly string[];
  readonly message: string;
}

const RANKS = { public: 0, optional: 1, required: 2, deny: 3 } as const;

/** @param near see `neighbours`. */
export function leakFinding(rule: Inspected, near: readonly Inspected[]): readonly LeakFinding[] {
  if (!rule.isPartial || rule.isGuard) return [];
  const to = near.find((later) => later.order > rule.order && overlaps(later, rule) && isLaxer(later, rule));
  if (to === undefined) return [];
  const message =
    `route "${rule.name}" says \`otherwise: next\`: requests that its hosts and paths match and the rest of it does not ` +
    `may go on to "${to.name}", which asks for less or for something else`;
  return [{ kind: 'leak', rule: rule.name, to: to.name, message }];
}

/** @param near see `neighbours`. */
export function overlapFinding(rule: Inspected, near: readonly Inspected[]): readonly OverlapFinding[] {
  const after = near
    .filter(
      (earlier) =>
        earlier.order < rule.order &&
        overlaps(earlier, rule) &&
        mayBothFit(earlier.rest, rule.rest) &&
        !coversAll(earlier, rule) &&
        !coversAll(rule, earlier) &&
        (isLaxer(earlier, rule) || isLaxer(rule, earlier)),
    )
    .map(({ name }) => name);
  if (after.length === 0) return [];
  const message =
    `route "${rule.name}" and these before it match some of the same requests, which go to the earlier one, ` +
    `and they do not ask for the same: ${listed(after)}`;
  return [{ kind: 'overlap', rule: rule.name, after, message }];
}

/** Whether a request may pass `other` that `rule` would not let pass. */
function isLaxer({ route: other }: Inspected, { route: rule }: Inspected): boolean {
  if (RANKS[other.mode] !== RANKS[rule.mode]) return RANKS[other.mode] < RANKS[rule.mode];
  return rule.require.some((needed) => !other.require.some((one) => isDeepStrictEqual(one, needed)));
}
