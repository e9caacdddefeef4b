import { setTimeout as sleep } from 'node:timers/promises';

import type { Gate, Preference } from '../bounds/index.ts';
import {
  type AccessToken,
  type Bytes,
  type Clock,
  type Fault,
  fail,
  fault,
  type Introspection,
  type Randomness,
  type Result,
  type Soon,
  unreachable,
} from '../domain/index.ts';
import type { ConnectionFailure } from './connection/connection-failure.ts';
import type { ConnectionPools } from './connection/connection-pools.ts';
import { exchange, type Exchange, type ExchangeLimits } from './connection/exchange.ts';
import type { PreparedQuestion } from './question/introspection-request.ts';
import { refusesOurClient } from './answer/read-answer.ts';
import { deservesAnother } from './suspension/second-attempt.ts';
import type { Suspension } from './suspension/suspension.ts';
import type { NameToken } from './token-names.ts';

export interface EnquiryParts {
  readonly gate: Gate;
  /** At the gate. */
  readonly preference: Preference;
  readonly pools: ConnectionPools;
  readonly suspension: Suspension;
  readonly nameOf: NameToken;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

/**
 * Puts a question for one token: waits for its turn, asks, reads the answer, all within the client's own budget.
 *
 * Never: a second attempt, except when a connection kept alive from before died before a status came, for the server was
 * closing it as we wrote; when what proves who we are was refused and another can be had; and, where `introspection.retry`
 * says so, one when there was no answer and half the time is left.
 */
export async function enquire(
  parts: EnquiryParts,
  question: PreparedQuestion,
  token: AccessToken,
): Promise<Result<Introspection, Fault>> {
  const { timeout, maxAnswer } = question.client.introspection;
  const { gate, suspension } = parts;
  const name = parts.nameOf(token);
  const refusal = suspension.refusal(name);
  if (refusal !== null) return fail(refusal);
  const expiry = new AbortController();
  const timer = setTimeout(() => expiry.abort(), timeout);
  try {
    const leave = await gate.enter(expiry.signal, parts.preference);
    if (leave === 'full') return fail(fault('enquiries_exhausted', fullness(gate)));
    if (leave === 'expired') {
      const noTurn = fault('introspection_timeout', `no turn came within ${timeout} ms`);
      return fail({ ...noTurn, isOurs: true });
    }
    try {
      // Things may have changed while it waited for its turn.
      const lateRefusal = suspension.enter(name);
      if (lateRefusal !== null) return fail(lateRefusal);
      const limits = { signal: expiry.signal, bodyLimit: bodyLimitFor(maxAnswer) };
      const last = await attempt(parts, question, token, limits);
      const outcome = await read(last, question, expiry.signal);
      if (last.kind !== 'unasked') suspension.learn(name, outcome);
      return outcome;
    } finally {
      leave();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(
  { pools, suspension, clock, randomness }: EnquiryParts,
  question: PreparedQuestion,
  token: AccessToken,
  limits: ExchangeLimits,
): Promise<Attempt> {
  const { timeout, retry } = question.client.introspection;
  const startedAt = clock.monotonic();
  let mayRenew = true;
  const ask = async (): Promise<Attempt> => {
    const request = await question.requestFor(token, limits.signal);
    if (!request.ok) return { kind: 'unasked', fault: request.failure };
    const outcome = await exchange(pools.to(question.origin), request.value, limits);
    if (!mayRenew || !isRefusal(outcome) || !request.value.renew()) return outcome;
    // Once: a server that refuses what came in its place means us.
    mayRenew = false;
    return ask();
  };

  const first = await ask();
  if (diedWhileKept(first)) return ask();
  const isWanted = retry && first.kind !== 'unasked' && deservesAnother(first) && suspension.state === null;
  if (!isWanted || clock.monotonic() - startedAt > timeout / 2) return first;
  // Not at the very moment when everybody who failed together comes again.
  await sleep(Math.min(50 + randomness.fraction() * 100, timeout / 4));
  return ask();
}

/** `unasked`: we cannot say who we are, so nothing was sent. */
type Attempt = Exchange | { readonly kind: 'unasked'; readonly fault: Fault };

/** Error pages are read to their end when they are short, so that their connection can be kept. */
function bodyLimitFor(maxAnswer: Bytes): (status: number) => number {
  return (status) => (status === 200 ? maxAnswer : SHORT_PAGE);
}

function isRefusal(outcome: Exchange): boolean {
  return outcome.kind === 'answered' && refusesOurClient(outcome.answer);
}

function diedWhileKept(outcome: Attempt): boolean {
  return outcome.kind === 'failed' && outcome.wasKept && outcome.failure.kind === 'lost';
}

function read(
  outcome: Attempt,
  question: PreparedQuestion,
  signal: AbortSignal,
): Soon<Result<Introspection, Fault>> {
  switch (outcome.kind) {
    case 'answered':
      return question.readAnswer(outcome.answer, signal);
    case 'unasked':
      return fail(outcome.fault);
    case 'timeout': {
      const { timeout } = question.client.introspection;
      return fail(fault('introspection_timeout', `no answer within ${timeout} ms`));
    }
    case 'failed':
      return fail(noAnswer(outcome.failure));
    default:
      return unreachable(outcome);
  }
}

function noAnswer({ kind, detail }: ConnectionFailure): Fault {
  return fault(kind === 'not_http' ? 'introspection_unreadable' : 'introspection_unreachable', detail);
}

function fullness({ inside, waiting }: Gate): string {
  return `${inside} enquiries are under way and ${waiting} are waiting; see \`limits\``;
}

const SHORT_PAGE = 16_384;
