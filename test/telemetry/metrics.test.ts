import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { renderMetrics } from '../../docs/generate/metrics.ts';
import { milliseconds } from '../../src/domain/index.ts';
import { METRICS } from '../../src/telemetry/index.ts';
import { aDecided, anObservedTelemetry } from './an-observed-telemetry.ts';
import { EVERY_EVENT } from './every-event.ts';

const PAGE = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8');

describe('docs/reference/metrics.md', () => {
  it('is what the definitions say today', () => {
    expect(PAGE).toBe(renderMetrics());
  });

  it('names the metrics, types and labels that are exposed once everything has happened, and no others', async () => {
    const { telemetry } = anObservedTelemetry('error');
    for (const { event } of Object.values(EVERY_EVENT)) telemetry.observe(event);
    telemetry.observe(aDecided());
    telemetry.watchGauges(aHouseInUse());
    telemetry.addGauge('gatehouse_shared_cache_connected', () => [{ labels: {}, value: 1 }]);
    telemetry.addGauge('gatehouse_shared_cache_resting', () => [{ labels: {}, value: 0 }]);

    expect(exposedRows((await telemetry.metrics()).body)).toEqual(documentedRows());
  });

  it('tells for every metric what it is for', () => {
    for (const [name, { help }] of Object.entries(METRICS))
      expect([name, help]).toEqual([name, expect.stringMatching(/\.$/)]);
  });
});

describe('metrics', () => {
  it('are in the Prometheus text format, with those of the process under their usual names', async () => {
    const { contentType, body } = await anObservedTelemetry().telemetry.metrics();

    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^process_cpu_seconds_total \d/m);
    expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    for (const line of body.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(|# (HELP|TYPE) \S+ .+|[a-z_][a-z\d_]*(\{([a-z_]+="[^"]*",?)+\})? (Nan|-?[\d.]+(e[-+]?\d+)?))$/,
      );
    }
  });

  it('have units in their names, and _total for counters', () => {
    for (const [name, { type }] of Object.entries(METRICS)) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('name the versions of Gatehouse and Node', async () => {
    const series = await anObservedTelemetry().series();
    expect(series.get(`gatehouse_build_info{version="1.2.3",node="${process.versions.node}"}`)).toBe(1);
  });

  it('count the log lines that were thrown away', async () => {
    const observed = anObservedTelemetry();
    observed.destination.state.dropped = 3;
    expect((await observed.series()).get('gatehouse_log_lines_dropped_total')).toBe(3);
  });
});

describe('gauges', () => {
  it('are read when they are scraped', async () => {
    const { telemetry, series } = anObservedTelemetry();
    let value = 1;
    telemetry.addGauge('gatehouse_shared_cache_connected', () => [{ labels: {}, value }]);

    expect((await series()).get('gatehouse_shared_cache_connected')).toBe(1);
    value = 0;
    expect((await series()).get('gatehouse_shared_cache_connected')).toBe(0);
  });

  it('show the numbers of clients, caches and settings that are wrong', async () => {
    const { telemetry, series } = anObservedTelemetry();
    telemetry.watchGauges(aHouseInUse());

    expect(Object.fromEntries(await series())).toMatchObject({
      'gatehouse_enquiries_running{client="default"}': 2,
      gatehouse_forgotten_marks: 3,
      gatehouse_forgotten_untold: 1,
      'gatehouse_enquiries_waiting{client="default"}': 1,
      'gatehouse_endpoint_suspended{client="default",cause="failing"}': 1,
      'gatehouse_endpoint_suspended{client="default",cause="throttled"}': 0,
      'gatehouse_connections{client="default",state="connected"}': 4,
      'gatehouse_connections{client="default",state="running"}': 3,
      'gatehouse_metadata_age_seconds{client="default"}': 90,
      'gatehouse_cache_entries{partition="active"}': 10,
      'gatehouse_cache_bytes{partition="inactive"}': 50,
      'gatehouse_client_misconfigured{client="default"}': 0,
      'gatehouse_client_misconfigured{client="partner"}': 1,
    });
  });

  it('of a client without metadata are absent rather than 0', async () => {
    const { telemetry, series } = anObservedTelemetry();
    telemetry.watchGauges(aHouseInUse(null));
    const names = [...(await series()).keys()];
    expect(names.filter((name) => name.startsWith('gatehouse_metadata_age_seconds'))).toEqual([]);
  });

  it('that cannot be read are left out, counted, and spoil no other', async () => {
    const { telemetry, series } = anObservedTelemetry();
    telemetry.watchGauges(aHouseInUse());
    telemetry.addGauge('gatehouse_cache_bytes', () => {
      throw new Error('gone');
    });
    const first = await series();

    expect([...first.keys()].filter((name) => name.startsWith('gatehouse_cache_bytes'))).toEqual([]);
    expect(first.get('gatehouse_cache_entries{partition="active"}')).toBe(10);
    expect((await series()).get('gatehouse_telemetry_failures_total')).toBeGreaterThan(0);
  });
});

function aHouseInUse(metadataAgeMs: number | null = 90_000) {
  return {
    enquiries: () => [
      {
        client: 'default',
        metadataAgeMs: metadataAgeMs === null ? null : milliseconds(metadataAgeMs),
        poolConnected: 4,
        poolRunning: 3,
        enquiriesInside: 2,
        enquiriesWaiting: 1,
        suspendedBy: 'failing' as const,
      },
    ],
    cache: () => ({ active: { entries: 10, bytes: 1000 }, inactive: { entries: 5, bytes: 50 } }),
    forgotten: () => ({ marks: 3, untold: 1 }),
    standings: () =>
      new Map([
        ['default', 'fine'],
        ['partner', 'wrong'],
      ] as const),
  };
}

/** `name type label,label`, from the table of the page. */
function documentedRows(): readonly string[] {
  return [...PAGE.matchAll(/^\| `(gatehouse_\w+)` \| (\w+) \| ([^|]+) \|/gm)].map(
    ([, name, type, labels]) =>
      `${name} ${type} ${[...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).join()}`,
  );
}

/** The same from what a scrape sees. */
function exposedRows(body: string): readonly string[] {
  return [...body.matchAll(/^# TYPE (gatehouse_\w+) (\w+)\n([^#\n]+)/gm)].map(([, name, type, sample]) => {
    const labels = [...sample!.matchAll(/([a-z_]+)="/g)]
      .map(([, label]) => label)
      .filter((label) => label !== 'le');
    return `${name} ${type} ${labels.join()}`;
  });
}
