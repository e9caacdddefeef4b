import type { Decision } from './decision.ts';
import type { BoardFailure, Matcher, ToldReplicas } from './forgetting.ts';
import type { Milliseconds } from './quantity.ts';
import type { FaultReason } from './reasons.ts';
import type { RequestContext } from './request-context.ts';

/**
 * What rooms tell telemetry. No event holds a token, a secret or a claim value; `forgotten` repeats what an operator
 * named.
 */
export type HouseEvent =
  /** `context` is `null` when the request could not even be read. */
  | {
      readonly event: 'decided';
      readonly door: RequestContext['door'];
      readonly context: RequestContext | null;
      readonly decision: Decision;
      readonly tookMs: Milliseconds;
    }
  /** A caller went away before its answer. */
  | { readonly event: 'caller_left'; readonly door: RequestContext['door'] }
  /** A connection was closed at once: there are too many already (`full`), or too many from outside `trustedPeers`. */
  | {
      readonly event: 'connection_refused';
      readonly door: RequestContext['door'];
      readonly cause: 'full' | 'strangers';
    }
  | {
      readonly event: 'cache_looked_up';
      readonly tier: 'memory' | 'shared';
      readonly outcome: 'active' | 'inactive' | 'miss';
    }
  /** The shared store failed us; the check went on as on a miss. */
  | {
      readonly event: 'cache_failed';
      readonly operation: 'get' | 'put' | 'connection';
      readonly cause:
        'timeout' | 'unavailable' | 'full' | 'read_only' | 'error' | 'unsealable' | 'outdated' | 'oversized';
    }
  /** The shared store was asked for something, whatever came of it. */
  | { readonly event: 'store_asked'; readonly operation: 'get' | 'put'; readonly tookMs: Milliseconds }
  | {
      readonly event: 'cache_evicted';
      readonly partition: 'active' | 'inactive';
      /** `share`: its client had more than its share of a full memory. */
      readonly cause: 'space' | 'share' | 'expired' | 'forgotten';
    }
  /** A check joined an enquiry that was already under way (decision 7). */
  | { readonly event: 'enquiry_shared' }
  /**
   * Many waited for one new token, so the replicas agreed who asks. `found`: another one had asked; `missed`: it had no
   * answer for us; `late`: it took too long; `unavailable`: the store does not answer.
   */
  | {
      readonly event: 'enquiry_coalesced';
      readonly outcome: 'asked' | 'found' | 'missed' | 'late' | 'unavailable';
    }
  /** Nobody was asked about a token that nobody knows, for too many others of late were inactive. */
  | { readonly event: 'enquiry_refused'; readonly client: string; readonly spent: 'client' | 'source' }
  /** An answer whose time was over was served, for its server is out. */
  | { readonly event: 'stale_served'; readonly client: string; readonly pastFor: Milliseconds }
  /** The answer about a token in steady use was asked for again before it ran out. */
  | { readonly event: 'answer_refreshed'; readonly outcome: 'active' | 'inactive' | 'failed' }
  | {
      readonly event: 'introspected';
      readonly client: string;
      readonly outcome: 'active' | 'inactive' | FaultReason;
      readonly tookMs: Milliseconds;
      readonly detail: string | null;
    }
  | {
      readonly event: 'metadata_refreshed';
      readonly client: string;
      readonly outcome: 'changed' | 'unchanged' | FaultReason;
      readonly detail: string | null;
    }
  /** An access token for our own calls was asked for at the token endpoint. */
  | {
      readonly event: 'call_token_renewed';
      readonly client: string;
      readonly outcome: 'renewed' | FaultReason;
      readonly detail: string | null;
    }
  /** The server refused what proves who we are; from now on the other one of a rotation is used. */
  | {
      readonly event: 'credentials_switched';
      readonly client: string;
      readonly inUse: 'current' | 'previous';
    }
  /** The keys that an authorization server signs its answers with. */
  | {
      readonly event: 'signing_keys_refreshed';
      readonly client: string;
      readonly outcome: 'changed' | 'unchanged' | FaultReason;
      readonly detail: string | null;
    }
  /** An introspection endpoint is no longer asked, but for a few probes; or it is again. */
  | {
      readonly event: 'suspension_changed';
      readonly client: string;
      readonly cause: SuspensionCause;
      readonly isOn: boolean;
    }
  /** A record of the client store was looked at. `unusable`: this record is wrong; `unavailable`: the store is away. */
  | {
      readonly event: 'client_record_read';
      readonly outcome: 'read' | 'unchanged' | 'missing' | 'unusable' | 'unsealed' | 'unavailable';
    }
  /** An operator had answers forgotten: the audit record of it. */
  | {
      readonly event: 'forgotten';
      readonly id: string;
      /** What the operator showed: `bearer`, or the name in a certificate. */
      readonly by: string;
      readonly asked: Omit<Matcher, 'fingerprints'> & {
        /** Its fingerprint. */
        readonly token: string | null;
      };
      readonly told: ToldReplicas;
    }
  /** An operator had answers forgotten at another replica. */
  | {
      readonly event: 'forgotten_elsewhere';
      readonly id: string;
      readonly conditions: readonly (keyof Matcher)[];
    }
  /** What replicas tell each other did not get through. */
  | { readonly event: 'board_failed'; readonly cause: BoardFailure | 'unreadable' }
  /** Somebody wanted something of the admin door that was not theirs to have. */
  | { readonly event: 'operator_refused'; readonly path: string; readonly cause: OperatorRefusal }
  /** A rule with `enforce: false` was judged beside what is in force. `reason` is its own; `null` when it cannot be known. */
  | {
      readonly event: 'trial_judged';
      readonly route: string;
      /** Name of the rule in force; `null` when there is none. */
      readonly inForce: string | null;
      readonly outcome: TrialOutcome;
      readonly reason: Decision['reason'] | null;
    }
  /** A claim was too long or not text, so its header was removed instead. */
  | { readonly event: 'header_dropped'; readonly route: string; readonly header: string }
  | { readonly event: 'settings_loaded'; readonly generation: string }
  /** A changed settings file was refused; the one before stays in force. */
  | { readonly event: 'settings_refused'; readonly problems: readonly string[] }
  /** Something that must not happen did; the check it happened to was denied. `cause` is a class name only. */
  | { readonly event: 'crashed'; readonly where: string; readonly cause: string }
  /** Life of the process and its doors: opening, ready, draining, stopped. */
  | { readonly event: 'lifecycle'; readonly phase: LifecyclePhase; readonly detail: string };

/** `unknown`: only an authorization server that was not asked could tell. */
export type TrialOutcome = 'same' | 'would_allow' | 'would_deny' | 'unknown';

export type LifecyclePhase =
  'starting' | 'door_open' | 'ready' | 'not_ready' | 'draining' | 'stopped' | 'warning';

/**
 * Why an endpoint is not asked: it failed for most of the latest tokens, it told us to wait, or it refuses our
 * credentials.
 */
export type SuspensionCause = 'failing' | 'throttled' | 'credentials';

/** Why the admin door did not do it. */
export type OperatorRefusal =
  'not_configured' | 'credentials_missing' | 'credentials_wrong' | 'peer_not_allowed' | 'from_a_browser';
