import {
  ALLOW_REASONS,
  DENY_REASONS,
  FAULT_REASONS,
  type Decision,
  type Door,
  type FaultReason,
  type HouseEvent,
  type OperatorRefusal,
  type Reason,
  type SuspensionCause,
  type TrialOutcome,
} from '../domain/index.ts';

/**
 * The members of unions as lists, so that series can exist before their first event and documents can name them.
 * A member that is missing here does not compile.
 */
type Arm<Name extends HouseEvent['event']> = Extract<HouseEvent, { readonly event: Name }>;
type Lookup = Arm<'cache_looked_up'>;
type Failure = Arm<'cache_failed'>;
type Eviction = Arm<'cache_evicted'>;
type Refresh = Arm<'answer_refreshed'>;

export const DOORS = membersOf<Door>({
  grpc: 0,
  'http:nginx': 0,
  'http:ingress-nginx': 0,
  'http:envoy': 0,
  'http:traefik': 0,
  'http:caddy': 0,
  'http:haproxy': 0,
  'http:apisix': 0,
});
export const OUTCOMES = membersOf<Decision['kind']>({ allow: 0, deny: 0, fault: 0 });
export const REASONS: readonly Reason[] = [
  ...keysOf(ALLOW_REASONS),
  ...keysOf(DENY_REASONS),
  ...keysOf(FAULT_REASONS),
];
export const FAULTS: readonly FaultReason[] = keysOf(FAULT_REASONS);
export const SIDES = membersOf<(typeof FAULT_REASONS)[FaultReason]['side']>({ local: 0, remote: 0 });

export const CONNECTION_REFUSALS = membersOf<Arm<'connection_refused'>['cause']>({ full: 0, strangers: 0 });

export const TIERS = membersOf<Lookup['tier']>({ memory: 0, shared: 0 });
export const LOOKUP_OUTCOMES = membersOf<Lookup['outcome']>({ active: 0, inactive: 0, miss: 0 });
export const STORE_OPERATIONS = membersOf<Failure['operation']>({ get: 0, put: 0, connection: 0 });
export const STORE_FAILURES = membersOf<Failure['cause']>({
  timeout: 0,
  unavailable: 0,
  full: 0,
  read_only: 0,
  error: 0,
  unsealable: 0,
  outdated: 0,
  oversized: 0,
});
export const RECORD_OUTCOMES = membersOf<Arm<'client_record_read'>['outcome']>({
  read: 0,
  unchanged: 0,
  missing: 0,
  unusable: 0,
  unsealed: 0,
  unavailable: 0,
});
export const STORE_CALLS = membersOf<Arm<'store_asked'>['operation']>({ get: 0, put: 0 });
export const PARTITIONS = membersOf<Eviction['partition']>({ active: 0, inactive: 0 });
export const REFRESH_OUTCOMES = membersOf<Refresh['outcome']>({ active: 0, inactive: 0, failed: 0 });
export const COALESCED = membersOf<Arm<'enquiry_coalesced'>['outcome']>({
  asked: 0,
  found: 0,
  missed: 0,
  late: 0,
  unavailable: 0,
});
export const TRIAL_OUTCOMES = membersOf<TrialOutcome>({ same: 0, would_allow: 0, would_deny: 0, unknown: 0 });
export const SPENT = membersOf<Arm<'enquiry_refused'>['spent']>({ client: 0, source: 0 });
export const SUSPENSION_CAUSES = membersOf<SuspensionCause>({ failing: 0, throttled: 0, credentials: 0 });
export const EVICTION_CAUSES = membersOf<Eviction['cause']>({ space: 0, share: 0, expired: 0, forgotten: 0 });
export const BOARD_FAILURES = membersOf<Arm<'board_failed'>['cause']>({
  unavailable: 0,
  refused: 0,
  unreadable: 0,
});
export const OPERATOR_REFUSALS = membersOf<OperatorRefusal>({
  not_configured: 0,
  credentials_missing: 0,
  credentials_wrong: 0,
  peer_not_allowed: 0,
  from_a_browser: 0,
});

function membersOf<Member extends string>(table: Readonly<Record<Member, 0>>): readonly Member[] {
  return keysOf(table);
}

/** `Object.keys` of a table whose keys are all known to its type. */
function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(table) as Key[];
}
