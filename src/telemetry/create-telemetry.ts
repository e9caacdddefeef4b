import type { Clock, Observe } from '../domain/index.ts';
import { createEventLog, type FingerprintOf } from './log-event.ts';
import { type LogDestination, openStandardOutput } from './log-destination.ts';
import { createLog, type LogLevel } from './log.ts';
import {
  createMetricRegistry,
  type Exposition,
  type PulledGauge,
  type PullMetric,
} from './metric-registry.ts';
import { createRecordEvent } from './record-event.ts';
import { type GaugeSources, watchGauges } from './watch-gauges.ts';

export interface TelemetrySettings {
  readonly level: LogLevel;
  /** Standard output when absent. */
  readonly destination?: 'stdout' | LogDestination;
  /** Readable lines instead of JSON; for a terminal. */
  readonly pretty: boolean;
  /** Of Gatehouse. */
  readonly version: string;
}

export interface Telemetry {
  /** Counts an event and logs it where its level is on. Never throws, never waits. */
  readonly observe: Observe;
  /** The metrics in the Prometheus text format. */
  metrics(): Promise<Exposition>;
  /**
   * Has one of the gauges of `METRICS` read from its owner whenever it is scraped. `read` must be quick; one that
   * throws is left out of that exposition. Naming a gauge again replaces its reader.
   */
  readonly addGauge: PullMetric<PulledGauge>;
  /** `addGauge` for all that the rooms of the house have to show. */
  watchGauges(sources: GaugeSources): void;
  setLevel(level: LogLevel): void;
  /** How many clients have series of their own; the rest is `other`. Those that have them keep them. */
  setClientsMax(atMost: number): void;
  /** Says what a token is called in log lines. Asked only when a line about it is written. */
  nameTokensBy(fingerprintOf: FingerprintOf): void;
  /** Writes what is still held back, the counts of repeats included. For the end of the process. */
  flush(): void;
}

/** Turns house events into metrics and log lines. */
export function createTelemetry(
  { level, destination = 'stdout', pretty, version }: TelemetrySettings,
  { clock }: { readonly clock: Clock },
): Telemetry {
  const lines = destination === 'stdout' ? openStandardOutput() : destination;
  const log = createLog({ clock, destination: lines }, { level, pretty });
  let fingerprintOf: FingerprintOf = () => null;
  const { logEvent, settle } = createEventLog({
    log,
    clock,
    fingerprintOf: (...asked) => fingerprintOf(...asked),
  });

  const registry = createMetricRegistry({ failed });
  const recordEvent = createRecordEvent({ registry, clock });
  const failures = registry.scalar('gatehouse_telemetry_failures_total').at({});
  registry.scalar('gatehouse_build_info').at({ version, node: process.versions.node }).value = 1;
  registry.pull('gatehouse_log_lines_dropped_total', () => [{ labels: {}, value: lines.dropped }]);
  registry.addProcessMetrics();

  return {
    observe,
    metrics: () => registry.expose(),
    addGauge: (name, read) => registry.pull(name, read),
    watchGauges: (sources) => watchGauges(registry.pull, sources),
    setClientsMax: (atMost) => registry.setCap('client', atMost),
    setLevel(wanted) {
      // What was held back under the old level belongs to it.
      settle();
      log.setLevel(wanted);
    },
    nameTokensBy: (next) => void (fingerprintOf = next),
    flush() {
      settle();
      lines.flush();
    },
  };

  function observe(event: Parameters<Observe>[0]): void {
    // Apart, so that an event that cannot be logged is counted all the same.
    try {
      recordEvent(event);
    } catch {
      failed();
    }
    try {
      logEvent(event);
    } catch {
      failed();
    }
  }

  function failed(): void {
    failures.value += 1;
  }
}
