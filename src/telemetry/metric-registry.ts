import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';

import { type BoundedLabel, createBoundedLabel } from './bounded-labels.ts';
import {
  type LabelsOf,
  LABEL_VALUES_MAX,
  type LabelValues,
  type MetricDefinition,
  type MetricName,
  METRICS,
  type NamesOf,
} from './metric-definitions.ts';
import {
  type Cell,
  createCells,
  createTimings,
  type Labels,
  type Sample,
  type Series,
  type Timing,
} from './series.ts';

export interface MetricRegistry {
  scalar<Name extends NamesOf<'counter' | 'gauge', 'events'>>(name: Name): Series<Cell, LabelsOf<Name>>;
  histogram<Name extends NamesOf<'histogram', 'events'>>(name: Name): Series<Timing, LabelsOf<Name>>;
  readonly pull: PullMetric<PulledMetric>;
  /** The cap of an open label, for whoever keeps series by such names. */
  boundedLabel(label: string): BoundedLabel;
  /** How many values of a label get series of their own from now on; those that have them keep them. */
  setCap(label: string, atMost: number): void;
  /** Adds the process's own metrics, under the names that ready-made dashboards know, and starts their monitors. */
  addProcessMetrics(): void;
  /** The Prometheus text format. */
  expose(): Promise<Exposition>;
}

/** Has a metric read from its owner whenever it is scraped. A second owner takes over from the first. */
export type PullMetric<Allowed extends MetricName> = <Name extends Allowed>(
  name: Name,
  read: () => readonly Reading<LabelsOf<Name>>[],
) => void;

export type PulledGauge = NamesOf<'gauge', 'pulled'>;
export type PulledMetric = PulledGauge | NamesOf<'counter', 'pulled'>;

export interface Reading<Label extends string = string> {
  readonly labels: Labels<Label>;
  readonly value: number;
}

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Keeps the series of `METRICS` and exposes them.
 *
 * @param parts.failed called when a pulled metric cannot be read; it is then left out of that exposition.
 */
export function createMetricRegistry({ failed }: { readonly failed: () => void }): MetricRegistry {
  const registry = new Registry();
  const sources = new Map<MetricName, () => readonly Sample[]>();
  const bounds = new Map<string, BoundedLabel>();
  const caps = new Map<string, number>();

  for (const name of METRIC_NAMES) {
    registry.registerMetric(exposable(name, () => sources.get(name)?.() ?? []));
  }

  return {
    scalar(name) {
      const series = createCells(withinCaps(METRICS[name]));
      sources.set(name, () => series.samples());
      return series;
    },
    histogram(name) {
      const series = createTimings(withinCaps(METRICS[name]), METRICS[name].buckets);
      sources.set(name, () => series.samples());
      return series;
    },
    pull(name, read) {
      const definition: MetricDefinition = METRICS[name];
      const bound = withinCaps(definition);
      sources.set(name, () => {
        try {
          return combined(read(), bound, definition.combine);
        } catch {
          failed();
          return [];
        }
      });
    },
    boundedLabel,
    setCap: (label, atMost) => void caps.set(label, atMost),
    addProcessMetrics: () => collectDefaultMetrics({ register: registry }),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };

  /** Puts labels into the order of the definition, each within its cap. */
  function withinCaps(definition: MetricDefinition): (labels: Labels) => Labels {
    const labels = Object.entries(definition.labels).map(([label, values]) => ({
      label,
      bound: isCapped(values) ? boundedLabel(label) : (value: string) => value,
    }));
    return (given) =>
      Object.fromEntries(labels.map(({ label, bound }) => [label, bound(given[label] ?? '')]));
  }

  function boundedLabel(label: string): BoundedLabel {
    const known = bounds.get(label);
    if (known !== undefined) return known;

    const bound = createBoundedLabel(() => caps.get(label) ?? LABEL_VALUES_MAX);
    bounds.set(label, bound);
    return bound;
  }
}

const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

function isCapped(values: LabelValues): boolean {
  return 'atMost' in values && values.atMost !== null;
}

/** Two readings of the same labels, as beyond a cap, would make the exposition invalid. */
function combined(
  readings: readonly Reading[],
  bound: (labels: Labels) => Labels,
  combine: MetricDefinition['combine'],
): readonly Sample[] {
  const series = createCells(bound);
  const seen = new Set<Cell>();
  for (const { labels, value } of readings) {
    const cell = series.at(labels);
    if (!seen.has(cell)) cell.value = value;
    else cell.value = combine === 'sum' ? cell.value + value : Math.max(cell.value, value);
    seen.add(cell);
  }
  return series.samples();
}

/**
 * What the registry of prom-client needs of a metric, its text format and its aggregation over processes included:
 * a name and `get`. Its type names the four classes of the package instead.
 */
function exposable(name: MetricName, samples: () => readonly Sample[]): Metric {
  const { type, help, combine } = METRICS[name];
  const metric = {
    name,
    async get() {
      const values = samples().map(({ suffix, labels, value }) => ({
        labels,
        value,
        ...(suffix === null ? {} : { metricName: `${name}${suffix}` }),
      }));
      return { name, help, type, aggregator: combine, values };
    },
  };
  return metric as unknown as Metric;
}
