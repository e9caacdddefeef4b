import type { Milliseconds, SuspensionCause } from '../domain/index.ts';
import { SUSPENSION_CAUSES } from './label-values.ts';
import type { PulledGauge, PullMetric } from './metric-registry.ts';

/** Where the gauges of the house are read from when they are scraped. */
export interface GaugeSources {
  readonly enquiries: () => readonly ClientNumbers[];
  /** The memory tier. */
  readonly cache: () => Readonly<Record<'active' | 'inactive', PartitionNumbers>>;
  readonly forgotten?: () => { readonly marks: number; readonly untold: number };
  /** What is known of each client's settings. */
  readonly standings?: () => ReadonlyMap<string, 'pending' | 'fine' | 'outage' | 'wrong'>;
}

export interface ClientNumbers {
  readonly client: string;
  /** `null`: none was read yet, or none is needed. */
  readonly metadataAgeMs: Milliseconds | null;
  readonly poolConnected: number;
  readonly poolRunning: number;
  readonly enquiriesInside: number;
  readonly enquiriesWaiting: number;
  /** Why its endpoint is not asked just now; `null`: it is. */
  readonly suspendedBy: SuspensionCause | null;
}

export interface PartitionNumbers {
  readonly entries: number;
  readonly bytes: number;
}

export function watchGauges(addGauge: PullMetric<PulledGauge>, sources: GaugeSources): void {
  const { enquiries, cache, forgotten, standings } = sources;

  addGauge('gatehouse_enquiries_running', () =>
    enquiries().map(({ client, enquiriesInside: value }) => ({ labels: { client }, value })),
  );
  addGauge('gatehouse_enquiries_waiting', () =>
    enquiries().map(({ client, enquiriesWaiting: value }) => ({ labels: { client }, value })),
  );
  addGauge('gatehouse_endpoint_suspended', () =>
    enquiries().flatMap(({ client, suspendedBy }) =>
      SUSPENSION_CAUSES.map((cause) => ({ labels: { client, cause }, value: cause === suspendedBy ? 1 : 0 })),
    ),
  );
  addGauge('gatehouse_connections', () =>
    enquiries().flatMap(({ client, poolConnected, poolRunning }) => [
      { labels: { client, state: 'connected' }, value: poolConnected },
      { labels: { client, state: 'running' }, value: poolRunning },
    ]),
  );
  addGauge('gatehouse_metadata_age_seconds', () =>
    enquiries().flatMap(({ client, metadataAgeMs }) =>
      metadataAgeMs === null ? [] : [{ labels: { client }, value: metadataAgeMs / 1000 }],
    ),
  );

  addGauge('gatehouse_cache_entries', () => perPartition(cache(), ({ entries }) => entries));
  addGauge('gatehouse_cache_bytes', () => perPartition(cache(), ({ bytes }) => bytes));

  if (forgotten !== undefined) {
    addGauge('gatehouse_forgotten_marks', () => [{ labels: {}, value: forgotten().marks }]);
    addGauge('gatehouse_forgotten_untold', () => [{ labels: {}, value: forgotten().untold }]);
  }
  if (standings === undefined) return;
  addGauge('gatehouse_client_misconfigured', () =>
    Array.from(standings(), ([client, standing]) => ({
      labels: { client },
      value: standing === 'wrong' ? 1 : 0,
    })),
  );
}

function perPartition(
  { active, inactive }: ReturnType<GaugeSources['cache']>,
  valueOf: (numbers: PartitionNumbers) => number,
) {
  return [
    { labels: { partition: 'active' }, value: valueOf(active) },
    { labels: { partition: 'inactive' }, value: valueOf(inactive) },
  ];
}
