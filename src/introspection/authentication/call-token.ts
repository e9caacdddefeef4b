import { unlessAborted } from '../../bounds/index.ts';
import {
  type Clock,
  type Failed,
  type Fault,
  fail,
  fault,
  type Milliseconds,
  milliseconds,
  type MonotonicMilliseconds,
  monotonicMilliseconds,
  type Randomness,
  type Result,
  type Secret,
  type Soon,
  succeed,
  type Success,
} from '../../domain/index.ts';

/**
 * Holds the access token that our calls carry, and gets another before it ends.
 *
 * Out: the token in hand; while there is none, what the one attempt under way brings, or at once the fault of the last
 * one until the next is due.
 * Never: a token past its end; two attempts at a time; a timer. Nobody asks for tokens that nobody needs, so that the
 * first enquiry after a long rest waits for one.
 */
export interface CallToken {
  /** Settles by the signal at the latest; never rejects. */
  get(signal: AbortSignal): Soon<Result<Secret, Fault>>;
  /**
   * The server refused this token. True when the next `get` gives another one, or tries to; false when this one is so
   * new that it was not refused for its age.
   */
  discard(token: Secret): boolean;
  readonly state: CallTokenState;
}

export interface CallTokenState {
  /** When the token in hand ends; `null`: there is none. */
  readonly endsAt: MonotonicMilliseconds | null;
  /** Attempts since the last success. */
  readonly failures: number;
  /** `null` after a success. */
  readonly lastFault: Fault | null;
}

export interface GrantedToken {
  readonly token: Secret;
  /** From the moment it was asked for. */
  readonly life: Milliseconds;
}

export interface CallTokenParts {
  /** Never rejects. */
  readonly fetch: () => Promise<Result<GrantedToken, Fault>>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export function createCallToken({ fetch, clock, randomness }: CallTokenParts): CallToken {
  let held: Held | null = null;
  let failed: Failed<Fault> | null = null;
  let failures = 0;
  let nextAttemptAt = 0;
  let attempt: Promise<Result<Secret, Fault>> | null = null;

  return {
    get,
    discard(token) {
      const now = clock.monotonic();
      if (held === null || held.token.value !== token) return true;
      if (now - held.askedAt < SETTLED) return false;
      held = null;
      return true;
    },
    get state() {
      return { endsAt: held?.endsAt ?? null, failures, lastFault: failed?.failure ?? null };
    },
  };

  function get(signal: AbortSignal): Soon<Result<Secret, Fault>> {
    const now = clock.monotonic();
    const mayAttempt = attempt !== null || now >= nextAttemptAt;
    if (held !== null && now < held.endsAt) {
      // Off the path: whoever asks now has a token that is good for a while.
      if (now >= held.renewAt && mayAttempt) void current();
      return held.token;
    }
    if (failed !== null && !mayAttempt) return failed;
    return inTime(current(), signal);
  }

  /** The attempt that is under way, or a new one. */
  function current(): Promise<Result<Secret, Fault>> {
    attempt ??= renew();
    return attempt;
  }

  async function renew(): Promise<Result<Secret, Fault>> {
    const askedAt = clock.monotonic();
    const outcome = await fetch();
    attempt = null;
    if (!outcome.ok) {
      failed = outcome;
      failures += 1;
      nextAttemptAt = clock.monotonic() + backOff(outcome.failure, failures, randomness.fraction());
      return outcome;
    }
    failed = null;
    failures = 0;
    held = heldFrom(outcome.value, askedAt, randomness.fraction());
    return held.token;
  }
}

interface Held {
  readonly token: Success<Secret>;
  readonly askedAt: MonotonicMilliseconds;
  readonly renewAt: MonotonicMilliseconds;
  readonly endsAt: MonotonicMilliseconds;
}

/**
 * Ends a little early, for the way to the server and the time there; renewed in the last quarter to third, so that
 * replicas do not ask in step.
 */
function heldFrom({ token, life }: GrantedToken, askedAt: MonotonicMilliseconds, fraction: number): Held {
  const used = life - Math.min(life / 10, MARGIN);
  return {
    token: succeed(token),
    askedAt,
    renewAt: monotonicMilliseconds(askedAt + used * (2 / 3 + fraction / 12)),
    endsAt: monotonicMilliseconds(askedAt + used),
  };
}

/** Doubles with every failure, and later by up to a quarter; as long as the server asks us to wait, within a bound. */
function backOff({ retryAfter }: Fault, failures: number, fraction: number): number {
  const step = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures - 1, 16)) * (1 + fraction / 4);
  return Math.max(step, Math.min((retryAfter ?? 0) * 1_000, LONGEST_WAIT));
}

async function inTime(
  attempt: Promise<Result<Secret, Fault>>,
  signal: AbortSignal,
): Promise<Result<Secret, Fault>> {
  const outcome = await unlessAborted(attempt, signal);
  return outcome.ok ? outcome.value : fail(fault('introspection_timeout', LATE));
}

const FIRST_PAUSE = 1_000;
/** A token endpoint that is back is found well under ten seconds later. */
const LONGEST_PAUSE = 6_000;
const LONGEST_WAIT = milliseconds(60_000);
const MARGIN = milliseconds(30_000);
/** A token that is refused so soon is not refused for its age, and another one would be, too. */
const SETTLED = milliseconds(5_000);
const LATE = 'the token that shows who we are did not come in time; see the token endpoint';
