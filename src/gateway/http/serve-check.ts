import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import {
  classOf,
  type AnswerFor,
  type Check,
  type Clock,
  type Decision,
  type DenyReason,
  milliseconds,
  type MonotonicMilliseconds,
  type Observe,
  type RequestContext,
} from '../../domain/index.ts';
import { discardBody } from './discard-body.ts';
import { createExpression } from './express-decision.ts';
import type { Profile } from './profile.ts';
import type { ReadContext } from './read-context.ts';
import { denied, faulted } from './refusals.ts';
import { createWaitingRoom } from './waiting-room.ts';
import { refuseOnSocket, writeReply } from './write-reply.ts';

export interface ServeCheckParts {
  readonly check: Check;
  readonly answerFor: AnswerFor;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly observe: Observe;
  readonly profile: Profile;
  readonly readContext: ReadContext;
}

export interface ServeCheck {
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
  /** Refuses what node:http could not make an ordinary request of, and gives up the connection. */
  readonly refuse: (socket: Duplex, reason: DenyReason, detail: string) => void;
  /** From now on every answer is the last on its connection. */
  readonly drain: () => void;
  /** Refuses every check that still waits. */
  readonly abandon: () => void;
}

/**
 * Takes one sub-request through: what it asks, the verdict, the reply.
 *
 * In: a request of node:http. Out: one reply and one event.
 * Never: 2xx without an allow; a second reply; an exception let out, or one that leaves the caller without an answer.
 */
export function createServeCheck(parts: ServeCheckParts): ServeCheck {
  const { check, answerFor, clock, observe, profile, readContext } = parts;
  const { door } = profile;
  const { express, expressRefusal } = createExpression(profile, answerFor);
  const waitingRoom = createWaitingRoom(clock);
  let draining = false;

  return {
    serve,
    refuse,
    drain: () => {
      draining = true;
    },
    abandon: () => waitingRoom.clear(),
  };

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const arrivedAt = clock.monotonic();
    let context: RequestContext | null = null;
    const conclude = (decision: Decision): void =>
      tell(arrivedAt, context, answer(response, decision, context));

    try {
      discardBody(request);
      const asked = readContext(request, arrivedAt);
      if (!asked.ok) {
        conclude(asked.failure);
        return;
      }
      context = asked.value;

      const verdict = check(context);
      if (!(verdict instanceof Promise)) {
        conclude(verdict);
        return;
      }
      void waitingRoom.await(verdict, context.waitUntil, response).then(
        (decision) => {
          if (decision === 'caller left') observe({ event: 'caller_left', door });
          else conclude(decision);
        },
        (cause: unknown) => conclude(crashed('gateway/http', cause)),
      );
    } catch (cause) {
      conclude(crashed('gateway/http', cause));
    }
  }

  /** Replies, and says with which decision. */
  function answer(response: ServerResponse, decision: Decision, context: RequestContext | null): Decision {
    try {
      const [carried, reply] = express(decision, context);
      writeReply(response, reply, draining);
      return carried;
    } catch (cause) {
      const fault = crashed('gateway/http reply', cause);
      const isSecondTry = decision.kind === 'fault' && decision.reason === 'internal';
      if (!isSecondTry) return answer(response, fault, context);
      response.destroy();
      return fault;
    }
  }

  function refuse(socket: Duplex, reason: DenyReason, detail: string): void {
    const arrivedAt = clock.monotonic();
    const decision = denied(reason, detail);
    try {
      refuseOnSocket(socket, expressRefusal(decision));
    } catch (cause) {
      crashed('gateway/http refusal', cause);
      socket.destroy();
    }
    tell(arrivedAt, null, decision);
  }

  function tell(arrivedAt: MonotonicMilliseconds, context: RequestContext | null, decision: Decision): void {
    const tookMs = milliseconds(clock.monotonic() - arrivedAt);
    observe({ event: 'decided', door, context, decision, tookMs });
  }

  function crashed(where: string, cause: unknown): Decision {
    observe({ event: 'crashed', where, cause: classOf(cause) });
    return faulted('internal', null);
  }
}
