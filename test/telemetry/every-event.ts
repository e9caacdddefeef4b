import { type HouseEvent, milliseconds } from '../../src/domain/index.ts';
import { A_FAULT, aDecided, NOON } from './an-observed-telemetry.ts';

/** One event of each arm, and what it leaves behind. An arm without a row does not compile. */
export const EVERY_EVENT: Readonly<Record<HouseEvent['event'], Row>> = {
  decided: {
    event: aDecided(A_FAULT),
    series: {
      'gatehouse_decisions_total{door="grpc",outcome="fault",reason="introspection_timeout"}': 1,
      'gatehouse_route_decisions_total{route="orders",outcome="fault",reason="introspection_timeout"}': 1,
      'gatehouse_faults_total{side="remote",reason="introspection_timeout"}': 1,
      'gatehouse_decision_duration_seconds_bucket{door="grpc",outcome="fault",le="0.00025"}': 0,
      'gatehouse_decision_duration_seconds_bucket{door="grpc",outcome="fault",le="0.0005"}': 1,
      'gatehouse_decision_duration_seconds_bucket{door="grpc",outcome="fault",le="+Inf"}': 1,
      'gatehouse_decision_duration_seconds_sum{door="grpc",outcome="fault"}': 0.0003,
      'gatehouse_decision_duration_seconds_count{door="grpc",outcome="fault"}': 1,
    },
    log: {
      level: 'warn',
      reason: 'introspection_timeout',
      door: 'grpc',
      route: 'orders',
      decision: 'fault',
      request_id: 'request-1',
      token_fingerprint: null,
      method: 'GET',
      took_ms: 0.3,
      detail: 'nothing within 800 ms',
      remedy: 'Look at the authorization server.',
      msg: 'The introspection endpoint took longer than `introspection.timeout`.',
    },
  },
  caller_left: {
    event: { event: 'caller_left', door: 'http:nginx' },
    series: {
      'gatehouse_callers_left_total{door="http:nginx"}': 1,
      'gatehouse_callers_left_total{door="grpc"}': 0,
    },
    log: { level: 'debug', door: 'http:nginx' },
  },
  connection_refused: {
    event: { event: 'connection_refused', door: 'http:caddy', cause: 'full' },
    series: {
      'gatehouse_connections_refused_total{door="http:caddy",cause="full"}': 1,
      'gatehouse_connections_refused_total{door="http:caddy",cause="strangers"}': 0,
    },
    log: {
      level: 'warn',
      door: 'http:caddy',
      cause: 'full',
      msg: 'The door has as many connections as `connections` allows; a further one was closed.',
    },
  },
  cache_looked_up: {
    event: { event: 'cache_looked_up', tier: 'memory', outcome: 'active' },
    series: {
      'gatehouse_cache_lookups_total{tier="memory",outcome="active"}': 1,
      'gatehouse_cache_lookups_total{tier="shared",outcome="miss"}': 0,
    },
    log: null,
  },
  cache_failed: {
    event: { event: 'cache_failed', operation: 'get', cause: 'timeout' },
    series: { 'gatehouse_cache_failures_total{operation="get",cause="timeout"}': 1 },
    log: {
      level: 'warn',
      operation: 'get',
      cause: 'timeout',
      msg: 'The shared store failed; the check went on as on a miss.',
    },
  },
  client_record_read: {
    event: { event: 'client_record_read', outcome: 'unsealed' },
    series: {
      'gatehouse_client_records_total{outcome="unsealed"}': 1,
      'gatehouse_client_records_total{outcome="read"}': 0,
    },
    log: null,
  },
  store_asked: {
    event: { event: 'store_asked', operation: 'get', tookMs: milliseconds(2) },
    series: {
      'gatehouse_shared_cache_duration_seconds_bucket{operation="get",le="0.001"}': 0,
      'gatehouse_shared_cache_duration_seconds_bucket{operation="get",le="0.0025"}': 1,
      'gatehouse_shared_cache_duration_seconds_count{operation="put"}': 0,
    },
    log: null,
  },
  cache_evicted: {
    event: { event: 'cache_evicted', partition: 'inactive', cause: 'space' },
    series: { 'gatehouse_cache_evictions_total{partition="inactive",cause="space"}': 1 },
    log: null,
  },
  enquiry_shared: {
    event: { event: 'enquiry_shared' },
    series: { gatehouse_enquiries_shared_total: 1 },
    log: null,
  },
  enquiry_coalesced: {
    event: { event: 'enquiry_coalesced', outcome: 'found' },
    series: {
      'gatehouse_enquiries_coalesced_total{outcome="found"}': 1,
      'gatehouse_enquiries_coalesced_total{outcome="late"}': 0,
    },
    log: null,
  },
  enquiry_refused: {
    event: { event: 'enquiry_refused', client: 'default', spent: 'source' },
    series: { 'gatehouse_enquiries_refused_total{client="default",spent="source"}': 1 },
    log: {
      level: 'warn',
      client: 'default',
      spent: 'source',
      msg: 'Too many tokens were inactive of late; nobody is asked about unknown ones until there are fewer.',
    },
  },
  trial_judged: {
    event: {
      event: 'trial_judged',
      route: 'orders-next',
      inForce: 'orders',
      outcome: 'would_deny',
      reason: 'scope_insufficient',
    },
    series: { 'gatehouse_trials_total{route="orders-next",outcome="would_deny"}': 1 },
    log: {
      level: 'info',
      route: 'orders-next',
      in_force: 'orders',
      outcome: 'would_deny',
      reason: 'scope_insufficient',
      msg: 'A rule with `enforce: false` would deny what was let pass.',
    },
  },
  stale_served: {
    event: { event: 'stale_served', client: 'default', pastFor: milliseconds(1_500) },
    series: { 'gatehouse_stale_answers_total{client="default"}': 1 },
    log: {
      level: 'warn',
      client: 'default',
      past_ms: 1_500,
      msg: 'The authorization server is out; an answer was served although its time is over, as the route allows.',
    },
  },
  forgotten: {
    event: {
      event: 'forgotten',
      id: 'f00d',
      by: 'bearer',
      asked: {
        token: '0123456789abcdef0123456789abcdef',
        tokenId: null,
        session: null,
        subject: 'alice',
        clientId: null,
        issuer: 'https://idp.example',
        tenant: null,
      },
      told: 'later',
    },
    series: {
      'gatehouse_forgotten_total{at="here"}': 1,
      'gatehouse_forgotten_total{at="elsewhere"}': 0,
    },
    log: {
      level: 'info',
      id: 'f00d',
      by: 'bearer',
      told: 'later',
      token_fingerprint: '0123456789abcdef0123456789abcdef',
      jti: null,
      sid: null,
      sub: 'alice',
      client_id: null,
      iss: 'https://idp.example',
      tenant: null,
      everything: 'no',
    },
  },
  forgotten_elsewhere: {
    event: { event: 'forgotten_elsewhere', id: 'f00d', conditions: ['subject', 'issuer'] },
    series: { 'gatehouse_forgotten_total{at="elsewhere"}': 1 },
    log: { level: 'info', id: 'f00d', conditions: ['subject', 'issuer'] },
  },
  board_failed: {
    event: { event: 'board_failed', cause: 'unreadable' },
    series: { 'gatehouse_board_failures_total{cause="unreadable"}': 1 },
    log: {
      level: 'warn',
      cause: 'unreadable',
      msg: 'The shared store holds something forgotten that no key of ours opens: another key, or a forgery.',
    },
  },
  operator_refused: {
    event: { event: 'operator_refused', path: '/forget', cause: 'credentials_wrong' },
    series: {
      'gatehouse_operator_refusals_total{cause="credentials_wrong"}': 1,
      'gatehouse_operator_refusals_total{cause="from_a_browser"}': 0,
    },
    log: {
      level: 'warn',
      path: '/forget',
      cause: 'credentials_wrong',
      msg: 'Somebody at the admin door showed wrong credentials.',
    },
  },
  answer_refreshed: {
    event: { event: 'answer_refreshed', outcome: 'inactive' },
    series: {
      'gatehouse_refreshes_total{outcome="inactive"}': 1,
      'gatehouse_refreshes_total{outcome="failed"}': 0,
    },
    log: null,
  },
  introspected: {
    event: {
      event: 'introspected',
      client: 'default',
      outcome: 'credentials_refused',
      tookMs: milliseconds(40),
      detail: 'status 401',
    },
    series: {
      'gatehouse_introspections_total{client="default",outcome="credentials_refused"}': 1,
      'gatehouse_introspection_duration_seconds_bucket{client="default",outcome="failed",le="0.05"}': 1,
      'gatehouse_introspection_duration_seconds_sum{client="default",outcome="failed"}': 0.04,
    },
    log: {
      level: 'error',
      client: 'default',
      outcome: 'credentials_refused',
      took_ms: 40,
      detail: 'status 401',
      remedy: 'Check `clientId`, `clientSecret` and `auth`.',
      msg: 'The authorization server refuses our client credentials.',
    },
  },
  metadata_refreshed: {
    event: { event: 'metadata_refreshed', client: 'default', outcome: 'changed', detail: 'a new endpoint' },
    series: { 'gatehouse_metadata_refreshes_total{client="default",outcome="changed"}': 1 },
    log: { level: 'info', client: 'default', outcome: 'changed', detail: 'a new endpoint' },
  },
  call_token_renewed: {
    event: { event: 'call_token_renewed', client: 'default', outcome: 'renewed', detail: null },
    series: { 'gatehouse_call_token_renewals_total{client="default",outcome="renewed"}': 1 },
    log: { level: 'debug', client: 'default', outcome: 'renewed', detail: null },
  },
  credentials_switched: {
    event: { event: 'credentials_switched', client: 'default', inUse: 'previous' },
    series: { 'gatehouse_credentials_switched_total{client="default",in_use="previous"}': 1 },
    log: {
      level: 'warn',
      client: 'default',
      in_use: 'previous',
      msg: 'The server refuses the new secret or key; the one before it is used as long as `secretGrace` or `previousSecret` allow.',
    },
  },
  signing_keys_refreshed: {
    event: { event: 'signing_keys_refreshed', client: 'default', outcome: 'changed', detail: null },
    series: { 'gatehouse_signing_key_refreshes_total{client="default",outcome="changed"}': 1 },
    log: { level: 'info', client: 'default', outcome: 'changed', detail: null },
  },
  suspension_changed: {
    event: { event: 'suspension_changed', client: 'default', cause: 'failing', isOn: true },
    series: { 'gatehouse_endpoint_suspensions_total{client="default",cause="failing"}': 1 },
    log: {
      level: 'warn',
      client: 'default',
      cause: 'failing',
      state: 'suspended',
      msg: 'The introspection endpoint failed for most of the latest tokens; only a few probes are sent to it now.',
    },
  },
  header_dropped: {
    event: { event: 'header_dropped', route: 'orders', header: 'x-auth-groups' },
    series: { 'gatehouse_headers_dropped_total{header="x-auth-groups"}': 1 },
    log: {
      level: 'warn',
      route: 'orders',
      header: 'x-auth-groups',
      msg: 'A claim was too long or not text; its header was removed instead.',
    },
  },
  settings_loaded: {
    event: { event: 'settings_loaded', generation: 'a1b2' },
    series: {
      'gatehouse_settings_info{generation="a1b2"}': 1,
      gatehouse_settings_loads_total: 1,
      gatehouse_settings_loaded_timestamp_seconds: NOON / 1000,
      gatehouse_settings_refused_timestamp_seconds: 0,
    },
    log: { level: 'info', generation: 'a1b2' },
  },
  settings_refused: {
    event: {
      event: 'settings_refused',
      problems: ['a.yaml:3:1 rout: unknown key', 'a.yaml:9:5 mode: wrong'],
    },
    series: {
      gatehouse_settings_refused_timestamp_seconds: NOON / 1000,
      gatehouse_settings_loads_total: 0,
    },
    log: {
      level: 'error',
      problems: ['a.yaml:3:1 rout: unknown key', 'a.yaml:9:5 mode: wrong'],
      msg: 'The settings file is broken; the settings before it stay in force.',
    },
  },
  crashed: {
    event: { event: 'crashed', where: 'check', cause: 'TypeError' },
    series: { gatehouse_crashes_total: 1 },
    log: {
      level: 'error',
      where: 'check',
      cause: 'TypeError',
      msg: 'Something that must not happen did; please report it.',
    },
  },
  lifecycle: {
    event: { event: 'lifecycle', phase: 'ready', detail: 'every client had its first attempt' },
    series: { gatehouse_ready: 1 },
    log: { level: 'info', phase: 'ready', detail: 'every client had its first attempt' },
  },
};

export interface Row {
  readonly event: HouseEvent;
  readonly series: Readonly<Record<string, number>>;
  /** Its line but for `time` and `event`; `null`: none. */
  readonly log: Readonly<Record<string, unknown>> | null;
}
