import { createTurns } from '../../src/bounds/index.ts';
import {
  type Clock,
  epochMilliseconds,
  type Fault,
  type Introspection,
  monotonicMilliseconds,
  type Result,
  type SignedAnswerSettings,
} from '../../src/domain/index.ts';
import { createAnswers } from '../../src/introspection/answer/answers.ts';
import type { HttpAnswer } from '../../src/introspection/connection/exchange.ts';
import { aClient, NOON } from '../support/builders.ts';
import { outcomeOf, steadyRandomness } from './scene.ts';
import { ISSUER, SIGNED_TYPE, signedAnswers } from './signer.ts';

/** How an answer is read; what is left out is as `sign()` makes it. */
export interface Given {
  readonly settings?: Partial<SignedAnswerSettings>;
  readonly acceptIssuers?: readonly string[];
  readonly issuer?: string;
  /** Seconds after NOON. */
  readonly later?: number;
  readonly listed?: readonly string[] | null;
  readonly now?: number;
}

export function anAnswer(body: string | Buffer, type: string = SIGNED_TYPE): HttpAnswer {
  const bytes = Buffer.from(body as string);
  return { status: 200, headers: { 'content-type': type }, body: { kind: 'whole', bytes } };
}

/** What a client with these settings reads in a signed answer, with the keys at hand. */
export async function readIn(answer: HttpAnswer, given: Given = {}): Promise<Result<Introspection, Fault>> {
  const { settings = {}, acceptIssuers = [], issuer = ISSUER, later = 0, listed = null, now = NOON } = given;
  const clock: Clock = {
    now: () => epochMilliseconds((now + later) * 1000),
    monotonic: () => monotonicMilliseconds(0),
  };
  const client = aClient({
    issuer,
    acceptIssuers,
    introspection: { ...aClient().introspection, signedAnswers: signedAnswers(settings) },
  });
  const answers = createAnswers(client, {
    clock,
    randomness: steadyRandomness,
    observe: () => undefined,
    resolveName: async () => [],
    discoveriesAtOnce: () => 1,
    discoveries: createTurns(() => 1),
  });
  const reader = answers.readerFor({ jwksUri: null, answerAlgorithms: listed });
  if (!reader.ok) throw new Error(reader.failure);
  return reader.value.read(answer, new AbortController().signal);
}

export const read = (text: string | Buffer, given?: Given) => readIn(anAnswer(text), given);
export const outcome = async (text: string, given?: Given) => outcomeOf(await read(text, given));
