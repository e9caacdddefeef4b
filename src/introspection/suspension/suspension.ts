import { createFailureWindow, createProbingPause } from '../../bounds/index.ts';
import {
  type Clock,
  type Fault,
  fault,
  type Introspection,
  type Milliseconds,
  milliseconds,
  type Result,
  seconds,
  type SuspensionCause,
} from '../../domain/index.ts';
import type { IntrospectionFault } from '../answer/introspection-fault.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/**
 * Decides whether one client's endpoint is asked at all just now.
 *
 * In: tokens by opaque names, and how their enquiries ended. Out: a fault at once, or nothing in the way.
 * Never: a suspension because of one token, unless the server itself names a time to wait or our credentials.
 */
export interface Suspension {
  /** What `enter` would say now, taking no place among the probes. */
  refusal(token: string): Fault | null;
  /** Before a request is sent: a fault, or `null` when it may be. */
  enter(token: string): Fault | null;
  /** After the request: how it ended. */
  learn(token: string, outcome: Result<Introspection, IntrospectionFault>): void;
  /** `null`: the endpoint is asked. */
  readonly state: SuspensionState | null;
}

export interface SuspensionState {
  readonly cause: SuspensionCause;
  /** Until a token is let through. */
  readonly left: Milliseconds;
}

export interface SuspensionParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly onChange: (cause: SuspensionCause, isOn: boolean) => void;
}

export function createSuspension({ clock, onChange }: SuspensionParts): Suspension {
  const window = createFailureWindow(clock, WINDOW);
  const failing = createProbingPause(clock, PAUSE);
  const credentials = createProbingPause(clock, PAUSE);
  const throttle = createThrottle(clock);
  const refusedTokens = new Set<string>();
  const told = { failing: false, credentials: false, throttled: false };

  return {
    refusal: (token) => refusalOf((pause) => pause.admits(token)),
    enter(token) {
      const refusal = refusalOf((pause) => pause.enter(token));
      if (refusal === null) tell();
      return refusal;
    },
    learn(token, outcome) {
      if (outcome.ok) {
        answered(token);
        accepted();
      } else learnFault(token, outcome.failure);
      tell();
    },
    get state(): SuspensionState | null {
      if (throttle.isOn) return { cause: 'throttled', left: throttle.left };
      if (failing.isOn) return { cause: 'failing', left: failing.left };
      return credentials.isOn ? { cause: 'credentials', left: credentials.left } : null;
    },
  };

  function refusalOf(admits: (pause: Pick<Throttle, 'admits' | 'enter'>) => boolean): Fault | null {
    if (!admits(throttle)) return fault('introspection_suspended', THROTTLED);
    if (!admits(failing)) return fault('introspection_suspended', FAILING);
    return admits(credentials) ? null : fault('credentials_refused', REFUSED);
  }

  function learnFault(token: string, failure: IntrospectionFault): void {
    const { reason, retryAfter } = failure;
    const isServerError = reason === 'introspection_server_error';
    if (isServerError || reason === 'introspection_unreachable' || reason === 'introspection_timeout') {
      window.record(token, true);
      if (window.isFailing) failing.begin();
    } else answered(token);

    if (reason === 'introspection_throttled') throttle.wait(retryAfter ?? seconds(1));
    else if (isServerError && retryAfter !== undefined) throttle.wait(retryAfter);
    else throttle.release();

    if (reason === 'credentials_refused') refused(token, failure.isOurClientNamed === true);
  }

  function answered(token: string): void {
    window.record(token, false);
    if (!failing.isOn) return;
    failing.end();
    window.clear();
  }

  function accepted(): void {
    throttle.release();
    credentials.end();
    refusedTokens.clear();
  }

  function refused(token: string, isOurClientNamed: boolean): void {
    refusedTokens.add(token);
    if (!isOurClientNamed && refusedTokens.size < REFUSALS) return;
    refusedTokens.clear();
    credentials.begin();
  }

  function tell(): void {
    const now = { failing: failing.isOn, credentials: credentials.isOn, throttled: throttle.isOn };
    for (const cause of CAUSES) {
      if (now[cause] === told[cause]) continue;
      told[cause] = now[cause];
      onChange(cause, now[cause]);
    }
  }
}

const CAUSES: readonly SuspensionCause[] = ['failing', 'credentials', 'throttled'];
/** One in four answered is still worth asking. */
const WINDOW = { length: milliseconds(10_000), least: 20, most: 100, share: 0.75 };
/** A server that is back is found within `longest`, well under the ten seconds of design section 6. */
const PAUSE = { first: milliseconds(1_000), longest: milliseconds(4_000), probes: 3 };
/** Distinct tokens that must be answered 401 before it is taken to be about us. */
const REFUSALS = 3;

const FAILING = 'most of the latest tokens got no answer; a few are let through every few seconds';
const THROTTLED = 'the endpoint told us to wait (429, or Retry-After)';
const REFUSED = 'our credentials were refused; they are tried again every few seconds';
