/**
 * Numbers behind the metrics. prom-client's own counters build and check a key on every increment, about a
 * microsecond for one decision; here whoever counts holds the cell and adds to it.
 */
export type Labels<Label extends string = string> = Readonly<Record<Label, string>>;

/** One series of a counter or a gauge; whoever holds it writes it. */
export interface Cell {
  value: number;
}

/** One series of a histogram. */
export interface Timing {
  /** A time that is not a finite, positive number counts as 0. */
  observe(seconds: number): void;
}

/** One line of an exposition. */
export interface Sample {
  /** `null`: the metric's own name. */
  readonly suffix: '_bucket' | '_sum' | '_count' | null;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface Series<Member, Label extends string = string> {
  /** Finds or makes the series. Not for the hot path: hold on to what it returns. */
  at(labels: Labels<Label>): Member;
  clear(): void;
  samples(): Sample[];
}

export function createCells(labelsOf: (labels: Labels) => Labels): Series<Cell> {
  return createSeries(
    labelsOf,
    () => ({ value: 0 }),
    (labels, cell) => [{ suffix: null, labels, value: cell.value }],
  );
}

export function createTimings(
  labelsOf: (labels: Labels) => Labels,
  bounds: readonly number[],
): Series<Timing> {
  return createSeries(
    labelsOf,
    () => createTiming(bounds),
    (labels, timing) => timing.samples(labels),
  );
}

/** @param labelsOf puts labels in order and within their caps. */
function createSeries<Member>(
  labelsOf: (labels: Labels) => Labels,
  create: () => Member,
  samplesOf: (labels: Labels, member: Member) => readonly Sample[],
): Series<Member> {
  const members = new Map<string, { readonly labels: Labels; readonly member: Member }>();

  return {
    at(given) {
      const labels = labelsOf(given);
      const key = JSON.stringify(Object.values(labels));
      const known = members.get(key);
      if (known !== undefined) return known.member;

      const member = create();
      members.set(key, { labels, member });
      return member;
    },
    clear: () => members.clear(),
    samples: () => [...members.values()].flatMap(({ labels, member }) => samplesOf(labels, member)),
  };
}

function createTiming(bounds: readonly number[]): Timing & { samples(labels: Labels): Sample[] } {
  // The last one is for what lies above all bounds.
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;

  return {
    observe(seconds) {
      const took = seconds > 0 && seconds < Infinity ? seconds : 0;
      const bucket = bounds.findIndex((bound) => took <= bound);
      const index = bucket === -1 ? bounds.length : bucket;
      counts[index] = (counts[index] ?? 0) + 1;
      sum += took;
    },
    samples(labels) {
      let count = 0;
      const buckets = counts.map((inBucket, index): Sample => {
        count += inBucket;
        return { suffix: '_bucket', labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count };
      });
      return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }];
    },
  };
}
