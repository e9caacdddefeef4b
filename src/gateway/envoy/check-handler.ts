import {
  classOf,
  type AnswerFor,
  type Check,
  type Clock,
  type Decision,
  type DenyReason,
  type EpochMilliseconds,
  fail,
  type FaultDecision,
  milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type Observe,
  type RequestContext,
  type Result,
  type Soon,
  type WaitSettings,
} from '../../domain/index.ts';
import { decodeCheckRequest } from './decode-check-request.ts';
import { createDecisionEncoder } from './encode-decision.ts';
import { CHECK_LIMITS } from './limits.ts';
import { denied, faulted } from './refusals.ts';
import { createWaitingRoom } from './waiting-room.ts';
import type { AtTheDoor } from './wire-request.ts';

export interface CheckHandlerParts {
  readonly check: Check;
  readonly answerFor: AnswerFor;
  readonly clock: Clock;
  readonly observe: Observe;
  /** Asked for each check, so that a reload takes effect. */
  readonly wait: () => WaitSettings;
  /** Entries of X-Forwarded-For from the right that name our own proxies; asked for each check, too. */
  readonly trustedHops: () => number;
}

/** The checks of one door, whatever transport brings them. */
export interface CheckHandler {
  /**
   * Answers one check.
   *
   * @param bytes an `envoy.service.auth.v3.CheckRequest`.
   * @param deadline when the caller gives up; `null` when it did not say.
   * @param reply called exactly once, perhaps before `handle` returns, unless the caller leaves first.
   * @returns `null` when the answer has been given already.
   */
  handle(bytes: Buffer, deadline: EpochMilliseconds | null, reply: Reply): OpenCheck | null;
  /** Denies a check unread. A failed call instead would be an error to Envoy, and perhaps an allow. */
  refuse(reason: DenyReason, reply: Reply): void;
  /**
   * Denies every check that still waits, and from now on every other: the door is about to be shut.
   * Returns how many waited.
   */
  abandon(): number;
}

/** A `CheckResponse`. */
export type Reply = (answer: Buffer) => void;

export interface OpenCheck {
  /** The caller has gone. It gets no answer; what was asked for it goes on, for the next. */
  leave(): void;
}

/**
 * Takes one check through: bytes, request context, verdict, bytes.
 *
 * In: bytes of a peer. Out: bytes of an answer and one event.
 * Never: an exception or a rejection let out, a second answer, or no answer. Envoy takes a failed call for an error
 * and may let the request through; so whatever goes wrong here is a denial that says 503.
 */
export function createCheckHandler(parts: CheckHandlerParts): CheckHandler {
  const { check, answerFor, clock, observe, wait, trustedHops } = parts;
  const encoder = createDecisionEncoder(answerFor);
  const waitingRoom = createWaitingRoom(clock);
  let isAbandoned = false;

  return {
    handle,
    refuse: (reason, reply) => answer(denied(reason), null, clock.monotonic(), reply),
    abandon() {
      isAbandoned = true;
      return waitingRoom.clear();
    },
  };

  function handle(bytes: Buffer, deadline: EpochMilliseconds | null, reply: Reply): OpenCheck | null {
    const arrivedAt = clock.monotonic();
    let context: RequestContext | null = null;
    let isOpen = true;

    try {
      const settings = wait();
      const waitUntil = monotonicMilliseconds(arrivedAt + waitOf(settings, deadline, clock.now()));
      const read = readContext(bytes, { waitUntil, trustedHops: trustedHops() });
      if (!read.ok) return conclude(denied(read.failure));
      context = read.value;

      const verdict: Soon<Decision> = isAbandoned ? faulted('draining') : check(context);
      if ('kind' in verdict) return conclude(verdict);

      // The rejection that must not be is met first: after the end of the wait nobody else would take it.
      const promised = Promise.resolve(verdict).catch(crashed);
      // The rooms keep to `waitUntil` themselves, and know the rule; the door steps in only when they do not.
      const backstop = monotonicMilliseconds(waitUntil + settings.margin / 2);
      const leaveRoom = waitingRoom.enter(promised, backstop, conclude);
      return { leave: () => leave(leaveRoom) };
    } catch (cause) {
      return conclude(crashed(cause));
    }

    function conclude(decision: Decision): null {
      if (!isOpen) return null;
      isOpen = false;
      answer(decision, context, arrivedAt, reply);
      return null;
    }

    function leave(leaveRoom: () => void): void {
      if (!isOpen) return;
      isOpen = false;
      leaveRoom();
      observe({ event: 'caller_left', door: 'grpc' });
    }
  }

  function answer(
    decision: Decision,
    context: RequestContext | null,
    arrivedAt: MonotonicMilliseconds,
    reply: Reply,
  ): void {
    const { told, bytes } = express(decision);
    give(bytes, reply);
    const tookMs = milliseconds(clock.monotonic() - arrivedAt);
    observe({ event: 'decided', door: 'grpc', context, decision: told, tookMs });
  }

  /** The bytes of a decision, or of a fault when it has none. */
  function express(decision: Decision): { readonly told: Decision; readonly bytes: Buffer } {
    try {
      return { told: decision, bytes: encoder.encode(decision) };
    } catch (cause) {
      return { told: crashed(cause), bytes: encoder.lastResort };
    }
  }

  function give(answer: Buffer, reply: Reply): void {
    try {
      reply(answer);
    } catch (cause) {
      // The connection is gone, and with it whoever wanted the answer.
      crashed(cause);
    }
  }

  function crashed(cause: unknown): FaultDecision {
    observe({ event: 'crashed', where: 'gateway/envoy', cause: classOf(cause) });
    return faulted('internal');
  }
}

/** The shorter of what the settings allow and what the caller's own deadline leaves. */
function waitOf(
  { max, margin }: WaitSettings,
  deadline: EpochMilliseconds | null,
  now: EpochMilliseconds,
): number {
  return deadline === null ? max : Math.max(0, Math.min(max, deadline - now - margin));
}

function readContext(bytes: Buffer, door: AtTheDoor): Result<RequestContext, DenyReason> {
  return bytes.length > CHECK_LIMITS.message ? fail('message_too_large') : decodeCheckRequest(bytes, door);
}
