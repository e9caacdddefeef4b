import {
  type Decision,
  FAULT_REASONS,
  type FaultReason,
  type HouseEvent,
  type LifecyclePhase,
  type Milliseconds,
  type OperatorRefusal,
  type SuspensionCause,
  type TrialOutcome,
  unreachable,
} from '../domain/index.ts';
import type { Fields, LogLevel } from './log.ts';

/**
 * What an operator reads about a house event: at debug a line a decision and enquiry, at info what changes in the
 * life of the process, at warn and error what is wrong.
 *
 * Never: a path, a query, a header value, a token or a claim value; only the fields named below exist
 * (INT-23, T-52).
 */
export interface Line {
  /** Fields that make two lines the same matter; repeats of it may be written as a count. */
  readonly matter: Fields;
  readonly fields: Fields;
  /** Constant sentences, for people. */
  readonly message: string | undefined;
  /** Whether it may come in floods. */
  readonly isRepetitive: boolean;
}

/** `null`: as frequent as checks, and the metrics say all there is to say. Makes nothing. */
export function levelOf(event: HouseEvent): LogLevel | null {
  switch (event.event) {
    case 'cache_looked_up':
    case 'store_asked':
    case 'cache_evicted':
    case 'enquiry_shared':
    case 'answer_refreshed':
    case 'enquiry_coalesced':
    case 'client_record_read':
      return null;
    case 'trial_judged':
      return event.outcome === 'would_allow' || event.outcome === 'would_deny' ? 'info' : 'debug';
    case 'decided':
      return event.decision.kind === 'fault' ? 'warn' : 'debug';
    case 'caller_left':
      return 'debug';
    case 'introspected':
      if (event.outcome === 'credentials_refused') return 'error';
      return isFault(event.outcome) ? 'warn' : 'debug';
    case 'metadata_refreshed':
    case 'signing_keys_refreshed':
      if (isFault(event.outcome)) return 'warn';
      return event.outcome === 'changed' ? 'info' : 'debug';
    case 'call_token_renewed':
      if (event.outcome === 'credentials_refused') return 'error';
      return isFault(event.outcome) ? 'warn' : 'debug';
    case 'suspension_changed':
      if (!event.isOn) return 'info';
      return event.cause === 'credentials' ? 'error' : 'warn';
    case 'credentials_switched':
      return event.inUse === 'previous' ? 'warn' : 'info';
    case 'cache_failed':
    case 'stale_served':
    case 'enquiry_refused':
    case 'header_dropped':
    case 'connection_refused':
      return 'warn';
    case 'board_failed':
    case 'operator_refused':
      return 'warn';
    case 'settings_loaded':
    case 'forgotten':
    case 'forgotten_elsewhere':
      return 'info';
    case 'settings_refused':
    case 'crashed':
      return 'error';
    case 'lifecycle':
      return LIFECYCLE_LEVELS[event.phase];
    default:
      return unreachable(event);
  }
}

const LIFECYCLE_LEVELS = {
  starting: 'info',
  door_open: 'info',
  ready: 'info',
  not_ready: 'warn',
  draining: 'info',
  stopped: 'info',
  warning: 'warn',
} as const satisfies Readonly<Record<LifecyclePhase, LogLevel>>;

export type LoggedEvent = Exclude<HouseEvent, { readonly event: Silent }>;

type Silent =
  | 'cache_looked_up'
  | 'store_asked'
  | 'cache_evicted'
  | 'enquiry_shared'
  | 'client_record_read'
  | 'answer_refreshed'
  | 'enquiry_coalesced';

export function lineOf(event: LoggedEvent): Line {
  switch (event.event) {
    case 'decided':
      return decided(event);
    case 'caller_left':
      return single({ door: event.door });
    case 'connection_refused':
      return repetitive({ door: event.door, cause: event.cause }, {}, CONNECTION_REFUSED[event.cause]);
    case 'introspected':
      return enquiry(event, { took_ms: rounded(event.tookMs), detail: plain(event.detail) });
    case 'metadata_refreshed':
    case 'call_token_renewed':
    case 'signing_keys_refreshed':
      return enquiry(event, { detail: plain(event.detail) });
    case 'suspension_changed':
      return repetitive(
        { client: plain(event.client), cause: event.cause, state: event.isOn ? 'suspended' : 'resumed' },
        {},
        event.isOn ? SUSPENDED[event.cause] : RESUMED,
      );
    case 'credentials_switched':
      return repetitive({ client: plain(event.client), in_use: event.inUse }, {}, SWITCHED[event.inUse]);
    case 'cache_failed':
      return repetitive({ operation: event.operation, cause: event.cause }, {}, STORE_FAILED);
    case 'enquiry_refused':
      return repetitive({ client: plain(event.client), spent: event.spent }, {}, BUDGET_SPENT);
    case 'stale_served':
      return repetitive({ client: plain(event.client) }, { past_ms: rounded(event.pastFor) }, STALE_SERVED);
    case 'forgotten':
      return audit(event);
    case 'forgotten_elsewhere':
      return single({ id: event.id, conditions: event.conditions });
    case 'board_failed':
      return repetitive({ cause: event.cause }, {}, BOARD_FAILED[event.cause]);
    case 'operator_refused':
      return repetitive({ path: plain(event.path), cause: event.cause }, {}, OPERATOR_REFUSED[event.cause]);
    case 'trial_judged':
      return trial(event);
    case 'header_dropped':
      return repetitive({ header: plain(event.header) }, { route: plain(event.route) }, HEADER_DROPPED);
    case 'settings_loaded':
      return single({ generation: plain(event.generation) });
    case 'settings_refused':
      return single({ problems: event.problems }, SETTINGS_REFUSED);
    case 'crashed':
      return repetitive({ where: plain(event.where), cause: classNameOf(event.cause) }, {}, CRASHED);
    case 'lifecycle':
      return single({ phase: event.phase, detail: plain(event.detail) });
    default:
      return unreachable(event);
  }
}

const CONNECTION_REFUSED = {
  full: 'The door has as many connections as `connections` allows; a further one was closed.',
  strangers: 'Too many connections from outside `trustedPeers` are open; a further one was closed.',
} as const satisfies Readonly<Record<Arm<'connection_refused'>['cause'], string>>;
const STORE_FAILED = 'The shared store failed; the check went on as on a miss.';
const SUSPENDED = {
  failing:
    'The introspection endpoint failed for most of the latest tokens; only a few probes are sent to it now.',
  throttled: 'The introspection endpoint told us to wait; it is not asked until then.',
  credentials:
    'The authorization server refuses our client credentials; only a few probes are sent to it now.',
} as const satisfies Readonly<Record<SuspensionCause, string>>;
const SWITCHED = {
  previous:
    'The server refuses the new secret or key; the one before it is used as long as `secretGrace` or `previousSecret` allow.',
  current: 'The server refuses the previous secret or key; the new one is used.',
} as const satisfies Readonly<
  Record<Extract<HouseEvent, { event: 'credentials_switched' }>['inUse'], string>
>;
const BUDGET_SPENT =
  'Too many tokens were inactive of late; nobody is asked about unknown ones until there are fewer.';
const STALE_SERVED =
  'The authorization server is out; an answer was served although its time is over, as the route allows.';
const BOARD_FAILED = {
  unavailable:
    'The shared store cannot be told, or read, what was forgotten; it is tried again until it can.',
  refused: 'The shared store refuses to keep what was forgotten; see the Redis settings in docs/eviction.md.',
  unreadable:
    'The shared store holds something forgotten that no key of ours opens: another key, or a forgery.',
} as const satisfies Readonly<Record<Arm<'board_failed'>['cause'], string>>;
const OPERATOR_REFUSED = {
  not_configured: 'An action was refused: set `listen.admin.auth`, or `listen.admin.tls.clientCa`.',
  credentials_missing: 'Somebody at the admin door showed no credentials.',
  credentials_wrong: 'Somebody at the admin door showed wrong credentials.',
  peer_not_allowed: 'Somebody at the admin door has a certificate that `allowedPeers` does not name.',
  from_a_browser: 'A browser sent a request for an action to the admin door.',
} as const satisfies Readonly<Record<OperatorRefusal, string>>;
const TRIALS = {
  same: 'A rule with `enforce: false` agrees with what is in force.',
  would_allow: 'A rule with `enforce: false` would let pass what was denied.',
  would_deny: 'A rule with `enforce: false` would deny what was let pass.',
  unknown: 'What a rule with `enforce: false` would say only somebody who was not asked can tell.',
} as const satisfies Readonly<Record<TrialOutcome, string>>;
const RESUMED = 'The introspection endpoint is asked again.';
const HEADER_DROPPED = 'A claim was too long or not text; its header was removed instead.';
const SETTINGS_REFUSED = 'The settings file is broken; the settings before it stay in force.';
const CRASHED = 'Something that must not happen did; please report it.';

type Arm<Name extends HouseEvent['event']> = Extract<HouseEvent, { readonly event: Name }>;

function decided({ door, context, decision, tookMs }: Arm<'decided'>): Line {
  const fields = {
    door,
    route: plain(decision.route),
    decision: decision.kind,
    request_id: plain(context?.requestId ?? null),
    method: methodOf(context?.method ?? ''),
    took_ms: rounded(tookMs),
    detail: detailOf(decision),
  };
  const { reason } = decision;
  if (decision.kind !== 'fault') return single({ reason, ...fields });
  return faulty(decision.reason, { reason }, fields);
}

/** The one line that repeats what an operator named: without it nobody could tell later what was forgotten. */
function audit({ id, by, asked, told }: Arm<'forgotten'>): Line {
  const { token, tokenId, session, subject, clientId, issuer, tenant } = asked;
  return single({
    id,
    by: plain(by),
    told,
    token_fingerprint: token,
    jti: plain(tokenId),
    sid: plain(session),
    sub: plain(subject),
    client_id: plain(clientId),
    iss: plain(issuer),
    tenant: plain(tenant),
    everything: Object.values(asked).every((value) => value === null) ? 'yes' : 'no',
  });
}

function trial({ route, inForce, outcome, reason }: Arm<'trial_judged'>): Line {
  const matter = { route: plain(route), in_force: plain(inForce), outcome, reason };
  return repetitive(matter, {}, TRIALS[outcome]);
}

/** A question to the authorization server: about a token, for its metadata or keys, or for a token of our own. */
function enquiry(
  {
    client,
    outcome,
  }: Arm<'introspected' | 'metadata_refreshed' | 'signing_keys_refreshed' | 'call_token_renewed'>,
  rest: Fields,
): Line {
  const matter = { client: plain(client), outcome };
  return isFault(outcome) ? faulty(outcome, matter, rest) : single({ ...matter, ...rest });
}

function isFault(outcome: string): outcome is FaultReason {
  return Object.hasOwn(FAULT_REASONS, outcome);
}

function faulty(reason: FaultReason, matter: Fields, rest: Fields): Line {
  const { meaning, remedy } = FAULT_REASONS[reason];
  return repetitive(matter, { ...rest, remedy }, meaning);
}

function repetitive(matter: Fields, rest: Fields, message: string): Line {
  return { matter, fields: { ...matter, ...rest }, message, isRepetitive: true };
}

function single(fields: Fields, message?: string): Line {
  return { matter: fields, fields, message, isRepetitive: false };
}

function detailOf(decision: Decision): string | null {
  return decision.kind === 'allow' ? null : plain(decision.detail);
}

const TEXT_LENGTH_MAX = 500;

/** Text of our own, or a name from the settings. Controls are escaped where the line is made. */
function plain<Text extends string | null>(text: Text): Text | string {
  if (text === null || text.length <= TEXT_LENGTH_MAX) return text;
  return `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}

/** A client may send anything as its method; only what looks like one is repeated. */
function methodOf(method: string): string | null {
  if (method === '') return null;
  return /^[A-Za-z-]{1,24}$/.test(method) ? method : '[not a method]';
}

/** A message passed for a class name may quote the request. */
function classNameOf(cause: string): string {
  return /^[A-Za-z_$][\w$]{0,63}$/.test(cause) ? cause : '[not a class name]';
}

/** Whole microseconds. */
function rounded(ms: Milliseconds): number {
  return Math.round(ms * 1000) / 1000;
}
