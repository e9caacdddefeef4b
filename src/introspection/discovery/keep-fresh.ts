import { withinBudget } from '../../bounds/index.ts';
import {
  type Clock,
  fail,
  type Failed,
  type Fault,
  type FaultReason,
  type Milliseconds,
  milliseconds,
  type MonotonicMilliseconds,
  monotonicMilliseconds,
  type Randomness,
  type Result,
  type Soon,
  succeed,
  type Success,
} from '../../domain/index.ts';
import { createAppointment, type Schedule } from './appointment.ts';
import { FLOOR } from './refresh-after.ts';

/**
 * Holds one value that must be fetched, and fetches it again off the request path.
 *
 * Out: the last good value, for as long as an outage lasts (G15); before there is one, the first attempt's outcome;
 * after a failed one a fault at once, or within a quarter of a second when a fresh attempt is due (G14).
 * Never: a request that waits for a refresh; two fetches at a time; a timer that keeps the process alive.
 */
export interface KeptFresh<Value> {
  get(): Soon<Result<Value, Fault>>;
  /** For whoever knows that what is in hand is too old: settles when the fetch under way has ended, or a new one. */
  renew(): Promise<Result<Value, Fault>>;
  /** What is in hand; `null`: nothing yet. */
  readonly latest: Value | null;
  readonly state: FreshnessState;
  /** No more timers. `get` goes on answering, and fetches only what was never fetched. */
  pause(): void;
  resume(): void;
}

export interface FreshnessState {
  /** When the value was last confirmed; `null`: never yet. */
  readonly confirmedAt: MonotonicMilliseconds | null;
  /** When the next fetch is planned; `null`: none is. */
  readonly nextAt: MonotonicMilliseconds | null;
  /** Since the last success. */
  readonly failures: number;
  /** `null` after a success. */
  readonly lastFault: Fault | null;
}

export interface Fetched<Value> {
  readonly value: Value;
  readonly refreshAfter: Milliseconds;
  /** Why it could not be fetched, so that this one, kept elsewhere, has to do. Left out: it was fetched. */
  readonly insteadOf?: Fault;
}

/** How a fetch ended, as telemetry is told. */
export interface FetchOutcome {
  readonly outcome: 'changed' | 'unchanged' | FaultReason;
  readonly detail: string | null;
}

export interface KeepFreshParts<Value> {
  /** Told the value in hand, which it hands back when nothing has changed. Never rejects. */
  readonly fetch: (kept: Value | null) => Promise<Result<Fetched<Value>, Fault>>;
  readonly onOutcome: (told: FetchOutcome) => void;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'fraction'>;
  readonly schedule?: Schedule;
}

export function keepFresh<Value>(parts: KeepFreshParts<Value>): KeptFresh<Value> {
  const { fetch, onOutcome, clock, randomness } = parts;
  const appointment = createAppointment(clock, parts.schedule);
  let kept: Success<Value> | null = null;
  let failed: Failed<Fault> | null = null;
  let failures = 0;
  let attempt: Promise<Result<Value, Fault>> | null = null;
  let endedAt = monotonicMilliseconds(0);
  let confirmedAt: MonotonicMilliseconds | null = null;
  let isPaused = false;

  return {
    get,
    renew: current,
    get latest() {
      return kept?.value ?? null;
    },
    get state() {
      return { confirmedAt, nextAt: appointment.at, failures, lastFault: failed?.failure ?? null };
    },
    pause() {
      isPaused = true;
      appointment.cancel();
    },
    resume() {
      if (!isPaused) return;
      isPaused = false;
      if (kept !== null || failed !== null) plan(FLOOR);
    },
  };

  function get(): Soon<Result<Value, Fault>> {
    if (kept !== null) return kept;
    if (failed === null) return current();
    const isDue = attempt !== null || clock.monotonic() - endedAt >= RETRY_ON_DEMAND;
    return isDue ? withPatience(current(), failed) : failed;
  }

  /** The attempt that is under way, or a new one. */
  function current(): Promise<Result<Value, Fault>> {
    attempt ??= refresh();
    return attempt;
  }

  async function refresh(): Promise<Result<Value, Fault>> {
    appointment.cancel();
    const outcome = await fetch(kept?.value ?? null);
    attempt = null;
    endedAt = clock.monotonic();
    if (!outcome.ok) return excuse(outcome);
    const { value, insteadOf } = outcome.value;
    if (insteadOf === undefined) return confirm(outcome.value);
    // It serves, but nothing is confirmed: the fetch has failed, and is made again as after any failure.
    kept = succeed(value);
    return excuse(fail(insteadOf));
  }

  function confirm({ value, refreshAfter }: Fetched<Value>): Success<Value> {
    const isSame = kept !== null && kept.value === value;
    const confirmed = kept !== null && isSame ? kept : succeed(value);
    kept = confirmed;
    failed = null;
    failures = 0;
    confirmedAt = endedAt;
    // Earlier by up to a tenth, so that replicas do not ask in step.
    plan(milliseconds(Math.max(FLOOR, refreshAfter * (1 - randomness.fraction() / 10))));
    onOutcome({ outcome: isSame ? 'unchanged' : 'changed', detail: null });
    return confirmed;
  }

  function excuse(failure: Failed<Fault>): Result<Value, Fault> {
    failed = failure;
    failures += 1;
    plan(backOff(kept === null ? WITH_NOTHING : WITH_A_VALUE, failures, randomness.fraction()));
    onOutcome({ outcome: failure.failure.reason, detail: failure.failure.detail });
    return kept ?? failure;
  }

  async function withPatience(
    task: Promise<Result<Value, Fault>>,
    otherwise: Failed<Fault>,
  ): Promise<Result<Value, Fault>> {
    const until = monotonicMilliseconds(clock.monotonic() + PATIENCE);
    const outcome = await withinBudget(task, until, clock);
    return outcome.ok ? outcome.value : otherwise;
  }

  function plan(delay: Milliseconds): void {
    if (!isPaused) appointment.plan(delay, () => void current());
  }
}

interface Pace {
  readonly shortest: Milliseconds;
  readonly longest: Milliseconds;
}

const WITH_NOTHING: Pace = { shortest: milliseconds(1_000), longest: milliseconds(60_000) };
const WITH_A_VALUE: Pace = { shortest: FLOOR, longest: milliseconds(15 * 60_000) };

/** Doubles with every failure, and later by up to a half, so that replicas do not come back in step. */
function backOff({ shortest, longest }: Pace, failures: number, fraction: number): Milliseconds {
  const step = Math.min(longest, shortest * 2 ** Math.min(failures - 1, 16));
  return milliseconds(step * (1 + fraction / 2));
}

/** Between attempts that requests ask for while there is no value. */
const RETRY_ON_DEMAND = milliseconds(1_000);
/** How long a request waits for an attempt after one has failed. */
const PATIENCE = milliseconds(250);
