/**
 * Remembers what was forgotten.
 *
 * In: marks, from here and from other replicas, in any order and more than once. Out: whether an answer is from before
 * one that fits it.
 * Never: more marks than there is room for; an answer that lives on because there were too many: then everything is
 * forgotten. Never a mark's own time taken for later than now, so that one from the future forgets no more than others.
 */
import { type Clock, type Forgotten, type Milliseconds } from '../domain/index.ts';
import { CLOCK_SKEW_MS, EVERYTHING, type Mark } from './mark.ts';
import { createMarkIndex, type KeptMark } from './mark-index.ts';
import type { FingerprintsOf } from './values-of.ts';

export interface Marks extends Forgotten {
  /** `false`: it is known, or too old to matter. */
  add(mark: Mark): boolean;
  isKnown(id: string): boolean;
  /** How many more there is room for. */
  readonly room: number;
  readonly size: number;
}

export interface MarksParts {
  readonly clock: Clock;
  readonly fingerprintsOf: FingerprintsOf;
  /** How long an answer may live at the most, in any tier. */
  readonly lifetime: () => Milliseconds;
}

export const MARKS_MOST = 50_000;

/** A mark whose clock is further ahead may be sent again and taken for new, once an hour. */
const MOST_AHEAD_MS = 3_600_000;

export function createMarks({ clock, fingerprintsOf, lifetime }: MarksParts, most = MARKS_MOST): Marks {
  /** In the order in which they came, and so, nearly, in that in which they end. */
  const known = new Map<string, KeptMark>();
  const index = createMarkIndex(fingerprintsOf);
  let count = 0;
  /** Number of the last one that is gone: an answer that was not looked at since is older than answers become. */
  let gone = 0;

  return {
    add(mark) {
      prune();
      if (known.has(mark.id) || mark.madeAt + lifetime() < clock.now()) return false;
      count += 1;
      if (known.size < most) keep(mark);
      else forgetEverything(mark);
      return true;
    },
    isKnown: (id) => known.has(id),
    get room() {
      prune();
      return Math.max(0, most - known.size);
    },
    get size() {
      prune();
      return known.size;
    },

    get count() {
      return count;
    },
    covers(answer, seen) {
      if (seen >= count) return false;
      return seen < gone || index.some(answer, ({ number }) => number > seen);
    },
    coversStored(answer, storedAt) {
      prune();
      return index.some(answer, ({ at }) => storedAt < at + CLOCK_SKEW_MS);
    },
  };

  function keep(mark: Mark): void {
    const now = clock.now();
    const aheadMs = Math.min(Math.max(0, mark.madeAt - now), MOST_AHEAD_MS);
    const at = Math.min(mark.madeAt, now);
    // As long as it could be sent to us again and be taken for new.
    const kept = { mark, number: count, at, until: clock.monotonic() + lifetime() + aheadMs };
    known.set(mark.id, kept);
    index.add(kept);
  }

  /** Takes the place of all others. */
  function forgetEverything(mark: Mark): void {
    known.clear();
    index.clear();
    keep({ ...mark, matcher: EVERYTHING });
  }

  function prune(): void {
    const now = clock.monotonic();
    for (const kept of known.values()) {
      if (kept.until > now) return;
      known.delete(kept.mark.id);
      index.remove(kept);
      gone = Math.max(gone, kept.number);
    }
  }
}
