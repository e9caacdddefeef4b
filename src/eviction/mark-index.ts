import type { AnsweredToken } from '../domain/index.ts';
import { type Condition, CONDITIONS, type Mark } from './mark.ts';
import { type FingerprintsOf, valuesOf } from './values-of.ts';

/** A mark that is in force here. */
export interface KeptMark {
  readonly mark: Mark;
  /** Which one it was. */
  readonly number: number;
  /** By our clock, never later than when it came. */
  readonly at: number;
  /** By the clock that does not step. */
  readonly until: number;
}

/** Marks by what they ask for, so that an answer is compared with those alone that may fit it. */
export interface MarkIndex {
  add(kept: KeptMark): void;
  remove(kept: KeptMark): void;
  clear(): void;
  /** Whether a mark that is meant fits the answer. */
  some(answer: AnsweredToken, isMeant: (kept: KeptMark) => boolean): boolean;
}

export function createMarkIndex(fingerprintsOf: FingerprintsOf): MarkIndex {
  const index = new Map<Condition, Map<string, Set<KeptMark>>>();
  /** Those that hold for every answer. */
  const everything = new Set<KeptMark>();

  return {
    add(kept) {
      const place = placeOf(kept.mark);
      if (place === null) supersede(kept);
      else for (const value of place.values) entriesAt(place.condition, value).add(kept);
    },
    remove(kept) {
      everything.delete(kept);
      const place = placeOf(kept.mark);
      for (const value of place?.values ?? []) if (place !== null) drop(kept, place.condition, value);
    },
    clear() {
      index.clear();
      everything.clear();
    },
    some(answer, isMeant) {
      for (const kept of everything) if (isMeant(kept)) return true;
      for (const [condition, byValue] of index)
        for (const value of valuesOf(condition, answer, fingerprintsOf))
          for (const kept of byValue.get(value) ?? [])
            if (isMeant(kept) && fits(kept.mark, answer, fingerprintsOf)) return true;
      return false;
    },
  };

  function supersede(kept: KeptMark): void {
    for (const before of everything) if (before.at <= kept.at) everything.delete(before);
    everything.add(kept);
  }

  function entriesAt(condition: Condition, value: string): Set<KeptMark> {
    const byValue = index.get(condition) ?? new Map<string, Set<KeptMark>>();
    index.set(condition, byValue);
    const entries = byValue.get(value) ?? new Set<KeptMark>();
    byValue.set(value, entries);
    return entries;
  }

  function drop(kept: KeptMark, condition: Condition, value: string): void {
    const byValue = index.get(condition);
    const entries = byValue?.get(value);
    entries?.delete(kept);
    if (entries?.size === 0) byValue?.delete(value);
    if (byValue?.size === 0) index.delete(condition);
  }
}

/** Under the condition that fewest answers meet; `null`: it holds for everything. */
function placeOf({
  matcher,
}: Mark): { readonly condition: Condition; readonly values: readonly string[] } | null {
  for (const condition of CONDITIONS) {
    const values = wantedOf(matcher[condition]);
    if (values.length > 0) return { condition, values };
  }
  return null;
}

function fits({ matcher }: Mark, answer: AnsweredToken, fingerprintsOf: FingerprintsOf): boolean {
  return CONDITIONS.every((condition) => {
    const wanted = matcher[condition];
    if (wanted === null) return true;
    const values = valuesOf(condition, answer, fingerprintsOf);
    return wantedOf(wanted).some((value) => values.includes(value));
  });
}

function wantedOf(wanted: string | readonly string[] | null): readonly string[] {
  if (wanted === null) return [];
  return typeof wanted === 'string' ? [wanted] : wanted;
}
