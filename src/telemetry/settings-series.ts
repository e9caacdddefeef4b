import { type Clock, type LifecyclePhase, unreachable } from '../domain/index.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** What the process as a whole is at: its settings and its readiness. */
export interface SettingsSeries {
  loaded(generation: string): void;
  refused(): void;
  entered(phase: LifecyclePhase): void;
}

export function createSettingsSeries(
  { scalar }: Pick<MetricRegistry, 'scalar'>,
  clock: Pick<Clock, 'now'>,
): SettingsSeries {
  const info = scalar('gatehouse_settings_info');
  const loads = scalar('gatehouse_settings_loads_total').at({});
  const loadedAt = scalar('gatehouse_settings_loaded_timestamp_seconds').at({});
  const refusedSince = scalar('gatehouse_settings_refused_timestamp_seconds').at({});
  const ready = scalar('gatehouse_ready').at({});

  return {
    loaded(generation) {
      // One series at a time: a generation that is over must not look as if it were in force.
      info.clear();
      info.at({ generation }).value = 1;
      loads.value += 1;
      loadedAt.value = clock.now() / 1000;
      refusedSince.value = 0;
    },
    refused() {
      // Since when, not when last: a second attempt that fails as well does not make it newer.
      if (refusedSince.value === 0) refusedSince.value = clock.now() / 1000;
    },
    entered(phase) {
      switch (phase) {
        case 'ready':
          ready.value = 1;
          return;
        case 'starting':
        case 'not_ready':
        case 'draining':
        case 'stopped':
          ready.value = 0;
          return;
        case 'door_open':
        case 'warning':
          return;
        default:
          return unreachable(phase);
      }
    },
  };
}
