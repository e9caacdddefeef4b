import { type Clock, type HouseEvent, unreachable } from '../domain/index.ts';
import { createDecisionSeries } from './decision-series.ts';
import {
  BOARD_FAILURES,
  CONNECTION_REFUSALS,
  DOORS,
  EVICTION_CAUSES,
  LOOKUP_OUTCOMES,
  OPERATOR_REFUSALS,
  PARTITIONS,
  REFRESH_OUTCOMES,
  COALESCED,
  STORE_CALLS,
  RECORD_OUTCOMES,
  STORE_FAILURES,
  STORE_OPERATIONS,
  TIERS,
} from './label-values.ts';
import type { MetricRegistry } from './metric-registry.ts';
import { createSettingsSeries } from './settings-series.ts';

export interface RecordEventParts {
  readonly registry: Pick<MetricRegistry, 'scalar' | 'histogram' | 'boundedLabel'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Counts house events. What happens on every check is counted in cells that exist beforehand; series whose labels
 * are all known beforehand start at 0, so that a first failure shows as an increase.
 */
export function createRecordEvent({ registry, clock }: RecordEventParts): (event: HouseEvent) => void {
  const decisions = createDecisionSeries(registry);
  const counters = createCounters(registry);
  const settings = createSettingsSeries(registry, clock);
  const headersDropped = registry.scalar('gatehouse_headers_dropped_total');
  const introspections = registry.scalar('gatehouse_introspections_total');
  const introspectionTimes = registry.histogram('gatehouse_introspection_duration_seconds');
  const refusedEnquiries = registry.scalar('gatehouse_enquiries_refused_total');
  const trials = registry.scalar('gatehouse_trials_total');
  const staleAnswers = registry.scalar('gatehouse_stale_answers_total');
  const suspensions = registry.scalar('gatehouse_endpoint_suspensions_total');
  const callTokens = registry.scalar('gatehouse_call_token_renewals_total');
  const switches = registry.scalar('gatehouse_credentials_switched_total');
  const refreshes = registry.scalar('gatehouse_metadata_refreshes_total');
  const keyRefreshes = registry.scalar('gatehouse_signing_key_refreshes_total');

  return function recordEvent(event) {
    switch (event.event) {
      case 'decided': {
        const series = decisions(event.door, event.decision);
        series.total.value += 1;
        series.ofRoute.value += 1;
        series.times.observe(event.tookMs / 1000);
        if (series.fault !== null) series.fault.value += 1;
        return;
      }
      case 'caller_left':
        counters.callersLeft[event.door].value += 1;
        return;
      case 'connection_refused':
        counters.connectionsRefused[event.door][event.cause].value += 1;
        return;
      case 'cache_looked_up':
        counters.lookups[event.tier][event.outcome].value += 1;
        return;
      case 'cache_failed':
        counters.storeFailures[event.operation][event.cause].value += 1;
        return;
      case 'store_asked':
        counters.storeTimes[event.operation].observe(event.tookMs / 1000);
        return;
      case 'cache_evicted':
        counters.evictions[event.partition][event.cause].value += 1;
        return;
      case 'enquiry_shared':
        counters.shared.value += 1;
        return;
      case 'enquiry_coalesced':
        counters.coalesced[event.outcome].value += 1;
        return;
      case 'enquiry_refused':
        refusedEnquiries.at({ client: event.client, spent: event.spent }).value += 1;
        return;
      case 'trial_judged':
        trials.at({ route: event.route, outcome: event.outcome }).value += 1;
        return;
      case 'stale_served':
        staleAnswers.at({ client: event.client }).value += 1;
        return;
      case 'answer_refreshed':
        counters.refreshed[event.outcome].value += 1;
        return;
      case 'introspected': {
        const { client, outcome, tookMs } = event;
        const isAnswer = outcome === 'active' || outcome === 'inactive';
        introspections.at({ client, outcome }).value += 1;
        introspectionTimes.at({ client, outcome: isAnswer ? 'answered' : 'failed' }).observe(tookMs / 1000);
        return;
      }
      case 'metadata_refreshed':
        refreshes.at({ client: event.client, outcome: event.outcome }).value += 1;
        return;
      case 'call_token_renewed':
        callTokens.at({ client: event.client, outcome: event.outcome }).value += 1;
        return;
      case 'credentials_switched':
        switches.at({ client: event.client, in_use: event.inUse }).value += 1;
        return;
      case 'signing_keys_refreshed':
        keyRefreshes.at({ client: event.client, outcome: event.outcome }).value += 1;
        return;
      case 'suspension_changed':
        if (event.isOn) suspensions.at({ client: event.client, cause: event.cause }).value += 1;
        return;
      case 'client_record_read':
        counters.records[event.outcome].value += 1;
        return;
      case 'forgotten':
        counters.forgotten.here.value += 1;
        return;
      case 'forgotten_elsewhere':
        counters.forgotten.elsewhere.value += 1;
        return;
      case 'board_failed':
        counters.boardFailures[event.cause].value += 1;
        return;
      case 'operator_refused':
        counters.operatorRefusals[event.cause].value += 1;
        return;
      case 'header_dropped':
        headersDropped.at({ header: event.header }).value += 1;
        return;
      case 'settings_loaded':
        settings.loaded(event.generation);
        return;
      case 'settings_refused':
        settings.refused();
        return;
      case 'crashed':
        counters.crashes.value += 1;
        return;
      case 'lifecycle':
        settings.entered(event.phase);
        return;
      default:
        return unreachable(event);
    }
  };
}

function createCounters({ scalar, histogram }: RecordEventParts['registry']) {
  const callersLeft = scalar('gatehouse_callers_left_total');
  const connectionsRefused = scalar('gatehouse_connections_refused_total');
  const lookups = scalar('gatehouse_cache_lookups_total');
  const storeFailures = scalar('gatehouse_cache_failures_total');
  const records = scalar('gatehouse_client_records_total');
  const storeTimes = histogram('gatehouse_shared_cache_duration_seconds');
  const evictions = scalar('gatehouse_cache_evictions_total');
  const coalesced = scalar('gatehouse_enquiries_coalesced_total');
  const refreshed = scalar('gatehouse_refreshes_total');
  const forgotten = scalar('gatehouse_forgotten_total');
  const boardFailures = scalar('gatehouse_board_failures_total');
  const operatorRefusals = scalar('gatehouse_operator_refusals_total');

  return {
    callersLeft: row(DOORS, (door) => callersLeft.at({ door })),
    connectionsRefused: row(DOORS, (door) =>
      row(CONNECTION_REFUSALS, (cause) => connectionsRefused.at({ door, cause })),
    ),
    lookups: row(TIERS, (tier) => row(LOOKUP_OUTCOMES, (outcome) => lookups.at({ tier, outcome }))),
    storeFailures: row(STORE_OPERATIONS, (operation) =>
      row(STORE_FAILURES, (cause) => storeFailures.at({ operation, cause })),
    ),
    storeTimes: row(STORE_CALLS, (operation) => storeTimes.at({ operation })),
    evictions: row(PARTITIONS, (partition) =>
      row(EVICTION_CAUSES, (cause) => evictions.at({ partition, cause })),
    ),
    records: row(RECORD_OUTCOMES, (outcome) => records.at({ outcome })),
    shared: scalar('gatehouse_enquiries_shared_total').at({}),
    coalesced: row(COALESCED, (outcome) => coalesced.at({ outcome })),
    refreshed: row(REFRESH_OUTCOMES, (outcome) => refreshed.at({ outcome })),
    forgotten: row(['here', 'elsewhere'], (at) => forgotten.at({ at })),
    boardFailures: row(BOARD_FAILURES, (cause) => boardFailures.at({ cause })),
    operatorRefusals: row(OPERATOR_REFUSALS, (cause) => operatorRefusals.at({ cause })),
    crashes: scalar('gatehouse_crashes_total').at({}),
  };
}

function row<Key extends string, Value>(
  keys: readonly Key[],
  valueOf: (key: Key) => Value,
): Readonly<Record<Key, Value>> {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<Key, Value>;
}
