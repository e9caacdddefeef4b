import {
  BOARD_FAILURES,
  COALESCED,
  CONNECTION_REFUSALS,
  DOORS,
  EVICTION_CAUSES,
  FAULTS,
  LOOKUP_OUTCOMES,
  OPERATOR_REFUSALS,
  OUTCOMES,
  PARTITIONS,
  REASONS,
  RECORD_OUTCOMES,
  REFRESH_OUTCOMES,
  SIDES,
  SPENT,
  STORE_CALLS,
  STORE_FAILURES,
  STORE_OPERATIONS,
  SUSPENSION_CAUSES,
  TIERS,
  TRIAL_OUTCOMES,
} from './label-values.ts';

/**
 * Every metric of the house, in the order in which they are exposed and documented: the one table that the
 * registry, `docs/reference/metrics.md` and their tests are made from.
 */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** `events`: counted as things happen. `pulled`: read from its owner when it is scraped. */
  readonly source: 'events' | 'pulled';
  /** One sentence; also the HELP line. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** What an operator alerts on; `null` where it is for looking only. */
  readonly alert: string | null;
  /** How values of the same labels are put together: those beyond a label's cap, and those of several processes. */
  readonly combine: 'sum' | 'max';
  /** Upper bounds in seconds; empty for all but histograms. */
  readonly buckets: readonly number[];
}

/** A closed list, or values that come from outside this program. */
export type LabelValues = readonly string[] | OpenLabel;

export interface OpenLabel {
  /** What the values are. */
  readonly from: string;
  /** At most so many distinct ones in the life of the process, the rest is `other`; `null`: one series at a time. */
  readonly atMost: number | null;
  /** Where the user may set another number. */
  readonly setting?: string;
}

/** Of names that settings bring along. A thousand tenants must not become a thousand series (T-41). */
export const LABEL_VALUES_MAX = 100;

const ROUTE: OpenLabel = { from: 'name of the route, empty when none was found', atMost: LABEL_VALUES_MAX };
const CLIENT: OpenLabel = {
  from: 'name of the client',
  atMost: LABEL_VALUES_MAX,
  setting: 'metrics.clients',
};
const HEADER: OpenLabel = { from: 'name of the header', atMost: LABEL_VALUES_MAX };

/** From a hit in memory, some 50 µs, to the longest wait that makes sense. */
const DECISION_BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
/** From a Redis beside us to the longest `cache.shared.timeout`. */
const STORE_BUCKETS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];
/** From a server beside us to the longest enquiry that anybody configures. */
const ENQUIRY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const METRICS = {
  gatehouse_decisions_total: counter(
    'Checks answered.',
    { door: DOORS, outcome: OUTCOMES, reason: REASONS },
    'A share of `outcome="fault"` over 1 % for 5 minutes; a share of `outcome="deny"` far from its usual.',
  ),
  gatehouse_route_decisions_total: counter(
    'Checks answered, by the route that judged them.',
    { route: ROUTE, outcome: OUTCOMES, reason: REASONS },
    'After a change of routes: `reason="no_route"`, `"route_guarded"` or `"scope_insufficient"` that was not there before.',
  ),
  gatehouse_decision_duration_seconds: histogram(
    'Time from the arrival of a check to its answer.',
    { door: DOORS, outcome: OUTCOMES },
    DECISION_BUCKETS,
    "A 99th percentile near the gateway's own timeout (Envoy: 200 ms unless set).",
  ),
  gatehouse_faults_total: counter(
    'Checks answered 503: ours (local) or caused by the authorization server (remote).',
    { side: SIDES, reason: FAULTS },
    'Any increase of `side="local"` but for `draining`; a lasting rate of `side="remote"`.',
  ),
  gatehouse_callers_left_total: counter(
    'Callers that went away before their answer.',
    { door: DOORS },
    'A lasting rate: the gateway gives up earlier than `wait.max`.',
  ),
  gatehouse_connections_refused_total: counter(
    'Connections that an HTTP door closed at once: it has too many, or too many of strangers.',
    { door: DOORS, cause: CONNECTION_REFUSALS },
    'Any increase of `cause="full"`: fronts are refused. Raise `connections`, or find out who holds them.',
  ),
  gatehouse_crashes_total: counter(
    'Things that must not happen and did; the check they happened to was denied.',
    {},
    'Any increase: report it.',
  ),
  gatehouse_headers_dropped_total: counter(
    'Upstream headers removed because the claim was too long or not text.',
    { header: HEADER },
    'Any increase: the upstream misses an identity header.',
  ),

  gatehouse_cache_lookups_total: counter(
    'Lookups by tier and by what was found.',
    { tier: TIERS, outcome: LOOKUP_OUTCOMES },
    'A falling share of hits: each miss is an enquiry.',
  ),
  gatehouse_cache_failures_total: counter(
    'Failures of the shared store; the check went on as on a miss.',
    { operation: STORE_OPERATIONS, cause: STORE_FAILURES },
    'Any lasting rate. `cause="unsealable"`: another key, or a tampered entry; `"full"`: raise its `maxmemory`.',
  ),
  gatehouse_shared_cache_duration_seconds: histogram(
    'Time that a call of the shared store took, those that ran out of time included.',
    { operation: STORE_CALLS },
    STORE_BUCKETS,
    'A 99th percentile near `cache.shared.timeout`.',
  ),
  gatehouse_cache_evictions_total: counter(
    'Entries that left the memory tier.',
    { partition: PARTITIONS, cause: EVICTION_CAUSES },
    'A lasting rate of `partition="active"` with `cause="space"` or `"share"`: the memory tier is too small.',
  ),
  gatehouse_cache_entries: pulled('Entries in the memory tier.', { partition: PARTITIONS }, 'sum'),
  gatehouse_cache_bytes: pulled('Bytes that the memory tier holds.', { partition: PARTITIONS }, 'sum'),
  gatehouse_shared_cache_connected: pulled(
    '1 while the shared store is connected; absent when none is configured.',
    {},
    'sum',
    '0 for 1 minute.',
  ),
  gatehouse_shared_cache_resting: pulled(
    '1 while the shared store has stopped answering and is left alone; absent when none is configured.',
    {},
    'sum',
    '1 for 1 minute.',
  ),
  gatehouse_forgotten_total: counter(
    'Times that an operator had answers forgotten: at this instance, or at another that told it.',
    { at: ['here', 'elsewhere'] },
    'An increase that nobody asked for.',
  ),
  gatehouse_forgotten_marks: pulled(
    'Things that were forgotten and may still be found in a cache.',
    {},
    'max',
  ),
  gatehouse_forgotten_untold: pulled(
    'Things that were forgotten here and that the shared store could not be told of yet.',
    {},
    'sum',
    'Above 0 for 1 minute: other instances serve what was forgotten here.',
  ),
  gatehouse_board_failures_total: counter(
    'Failures to tell or to hear what was forgotten. `refused`: the store permits no streams; `unreadable`: another key, or a forgery.',
    { cause: BOARD_FAILURES },
    'Any increase of `refused` or `unreadable`.',
  ),
  gatehouse_operator_refusals_total: counter(
    'Requests at the admin door that were refused for want of credentials, or because a browser sent them.',
    { cause: OPERATOR_REFUSALS },
    'Any increase of `credentials_wrong` or `from_a_browser`.',
  ),

  gatehouse_introspections_total: counter(
    'Enquiries by client and by what came of them.',
    { client: CLIENT, outcome: ['active', 'inactive', ...FAULTS] },
    'Any increase of `outcome="credentials_refused"`; a share of faults over 1 %.',
  ),
  gatehouse_introspection_duration_seconds: histogram(
    'Time that an enquiry took.',
    { client: CLIENT, outcome: ['answered', 'failed'] },
    ENQUIRY_BUCKETS,
    'A 99th percentile near `wait.max` or `introspection.timeout`.',
  ),
  gatehouse_enquiries_shared_total: counter('Checks that joined an enquiry under way.', {}, null),
  gatehouse_enquiries_coalesced_total: counter(
    'Enquiries that several waited for and that replicas agreed on (`cache.shared.coalesce`), by what came of it.',
    { outcome: COALESCED },
    'A lasting rate of `late`: a replica took long to ask, or died meanwhile.',
  ),
  gatehouse_enquiries_refused_total: counter(
    'Enquiries about unknown tokens that were not made, for too many others were inactive (`limits.inactive`).',
    { client: CLIENT, spent: SPENT },
    'Any increase of `spent="client"`: a flood of invented tokens.',
  ),
  gatehouse_trials_total: counter(
    'Requests judged by a rule with `enforce: false` beside the one in force, by how the two compare.',
    { route: ROUTE, outcome: TRIAL_OUTCOMES },
    null,
  ),
  gatehouse_stale_answers_total: counter(
    'Checks that were judged by an answer whose time was over, for its server is out.',
    { client: CLIENT },
    'Any increase: the authorization server is out.',
  ),
  gatehouse_refreshes_total: counter(
    'Answers about tokens in steady use that were asked for again before they ran out.',
    { outcome: REFRESH_OUTCOMES },
    null,
  ),
  gatehouse_enquiries_running: pulled('Enquiries under way.', { client: CLIENT }, 'sum'),
  gatehouse_enquiries_waiting: pulled(
    'Enquiries waiting for their turn.',
    { client: CLIENT },
    'sum',
    'Above 0 for 1 minute: raise `limits.concurrent`, or find out why the server is slow.',
  ),
  gatehouse_endpoint_suspended: pulled(
    '1 while the introspection endpoint is not asked, but for a few probes; 0 for each other cause.',
    { client: CLIENT, cause: SUSPENSION_CAUSES },
    'max',
    '1 for 1 minute.',
  ),
  gatehouse_endpoint_suspensions_total: counter(
    'Times that an introspection endpoint began not to be asked.',
    { client: CLIENT, cause: SUSPENSION_CAUSES },
    'Any increase of `cause="credentials"`; a lasting rate of the others.',
  ),
  gatehouse_connections: pulled(
    'Connections to the authorization server: all that are open, and the requests under way on them.',
    { client: CLIENT, state: ['connected', 'running'] },
    'sum',
  ),
  gatehouse_metadata_refreshes_total: counter(
    'Readings of metadata by client and by what came of them.',
    { client: CLIENT, outcome: ['changed', 'unchanged', ...FAULTS] },
    'An outcome other than `changed` and `unchanged` for an hour.',
  ),
  gatehouse_call_token_renewals_total: counter(
    'Access tokens for our own calls that were asked for, by client and by what came of it.',
    { client: CLIENT, outcome: ['renewed', ...FAULTS] },
    'An outcome other than `renewed` for 5 minutes.',
  ),
  gatehouse_credentials_switched_total: counter(
    'Times that a server refused the secret or key in use and the other one of a rotation took its place, by client.',
    { client: CLIENT, in_use: ['current', 'previous'] },
    '`previous` without a rotation under way: the new secret is wrong, or the server does not know it.',
  ),
  gatehouse_metadata_age_seconds: pulled(
    'Age of the metadata in use.',
    { client: CLIENT },
    'max',
    'Over 24 hours: it cannot be refreshed.',
  ),
  gatehouse_signing_key_refreshes_total: counter(
    'Readings of the key sets that signed answers are checked with, by client and by what came of them.',
    { client: CLIENT, outcome: ['changed', 'unchanged', ...FAULTS] },
    'An outcome other than `changed` and `unchanged` for an hour.',
  ),
  gatehouse_client_misconfigured: pulled(
    '1 while a setting of this client is known to be wrong; its checks are answered 503.',
    { client: CLIENT },
    'max',
    '1 at any time.',
  ),

  gatehouse_client_records_total: counter(
    'Looks at records of the client store, by what came of them.',
    { outcome: RECORD_OUTCOMES },
    'Any increase of `unsealed`: another key, or a record that somebody else wrote; a lasting rate of `unavailable` or `unusable`.',
  ),

  gatehouse_settings_info: gauge(
    '1, with the generation (a hash) of the settings in force.',
    { generation: { from: 'hash of the settings in force', atMost: null } },
    'More than one generation in a fleet for 10 minutes.',
  ),
  gatehouse_settings_loads_total: counter('Settings put into force.', {}, null),
  gatehouse_settings_loaded_timestamp_seconds: gauge(
    'When the settings in force were loaded, in seconds since 1970.',
    {},
    null,
  ),
  gatehouse_settings_refused_timestamp_seconds: gauge(
    'Since when the settings file is broken and older settings serve, in seconds since 1970; 0 when it is not.',
    {},
    'Above 0.',
  ),
  gatehouse_ready: gauge('1 while ready.', {}, '0 for 1 minute.'),
  gatehouse_log_lines_dropped_total: {
    ...counter('Log lines thrown away because their reader was too slow or gone.', {}, 'Any increase.'),
    source: 'pulled',
  },
  gatehouse_telemetry_failures_total: counter(
    'Events that could not be counted or logged, and gauges that could not be read.',
    {},
    'Any increase: report it.',
  ),
  gatehouse_build_info: gauge(
    '1, with the versions of Gatehouse and Node.',
    {
      version: { from: 'version of Gatehouse', atMost: null },
      node: { from: 'version of Node', atMost: null },
    },
    null,
  ),
} as const satisfies Readonly<Record<`gatehouse_${string}`, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
/** Names of a type and source. */
export type NamesOf<Type extends MetricDefinition['type'], Source extends MetricDefinition['source']> = {
  [Name in MetricName]: (typeof METRICS)[Name] extends { readonly type: Type; readonly source: Source }
    ? Name
    : never;
}[MetricName];
/** Label names of a metric. */
export type LabelsOf<Name extends MetricName> = keyof (typeof METRICS)[Name]['labels'] & string;

type LabelTable = MetricDefinition['labels'];
type Defined<Type, Source, Labels> = Omit<MetricDefinition, 'type' | 'source' | 'labels'> & {
  readonly type: Type;
  readonly source: Source;
  readonly labels: Labels;
};

function counter<const Labels extends LabelTable>(
  help: string,
  labels: Labels,
  alert: string | null,
): Defined<'counter', 'events', Labels> {
  return { type: 'counter', source: 'events', help, labels, alert, combine: 'sum', buckets: [] };
}

function gauge<const Labels extends LabelTable>(
  help: string,
  labels: Labels,
  alert: string | null,
): Defined<'gauge', 'events', Labels> {
  return { type: 'gauge', source: 'events', help, labels, alert, combine: 'max', buckets: [] };
}

function pulled<const Labels extends LabelTable>(
  help: string,
  labels: Labels,
  combine: 'sum' | 'max',
  alert: string | null = null,
): Defined<'gauge', 'pulled', Labels> {
  return { type: 'gauge', source: 'pulled', help, labels, alert, combine, buckets: [] };
}

function histogram<const Labels extends LabelTable>(
  help: string,
  labels: Labels,
  buckets: readonly number[],
  alert: string | null,
): Defined<'histogram', 'events', Labels> {
  return { type: 'histogram', source: 'events', help, labels, alert, combine: 'sum', buckets };
}
