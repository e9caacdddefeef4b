import { AccessToken, type Fault, type Introspection, type Result } from '../../domain/index.ts';
import type { Exchange } from '../connection/exchange.ts';
import type { PreparedQuestion } from '../question/introspection-request.ts';
import type { EnquirerParts } from '../introspector-parts.ts';
import { createQuestionSource } from '../question/question-source.ts';
import { askOnce } from './ask-once.ts';
import { examineAnswer } from './examine-answer.ts';
import { type Notes, withoutQuery } from './finding.ts';
import { otherWays } from './other-ways.ts';

/** Asks about a random token, as an enquiry does, and when we are refused, in other ways, too. */
export function examineQuestion(
  question: PreparedQuestion,
  parts: EnquirerParts,
  notes: Notes,
): Promise<void> {
  return askAndJudge(question, parts, notes, { mayRenew: true });
}

async function askAndJudge(
  question: PreparedQuestion,
  parts: EnquirerParts,
  notes: Notes,
  { mayRenew }: { readonly mayRenew: boolean },
): Promise<void> {
  const { endpoint, authentication, client } = question;
  const asked = await askOnce(question, aToken(parts), parts);
  if ('unasked' in asked) {
    notes.broken(`we cannot say who we are: ${asked.unasked.detail ?? asked.unasked.reason}`);
    return;
  }
  const { exchange, tookMs } = asked;
  if (exchange.kind !== 'answered') {
    tellNoAnswer(exchange, question, notes);
    return;
  }
  notes.fact(
    `asked ${withoutQuery(endpoint)} about a random token: status ${exchange.answer.status} after ${Math.round(tookMs)} ms`,
  );
  const reading = await question.readAnswer(exchange.answer, budgetOf(question));
  if (!isRefused(reading, exchange.answer.status)) {
    examineAnswer(exchange.answer, reading, endpoint, notes);
    return;
  }
  const who = `client id and secret as ${authentication.method}`;
  if (mayRenew && isAboutUs(reading) && asked.renew()) {
    notes.odd(`the server refuses our ${who}; the previous one is tried, as an enquiry would`);
    return askAndJudge(question, parts, notes, { mayRenew: false });
  }

  const working: string[] = [];
  for (const { client: differing, setting } of otherWays(client, endpoint, authentication.method)) {
    const source = createQuestionSource(differing, parts);
    const other = await source.get();
    source.pause();
    if (other.ok && (await works(other.value, parts))) working.push(setting);
  }
  if (working.length > 0)
    notes.broken(`the server refuses our ${who}, and takes them another way`, ...working);
  else
    notes.broken(
      `the server refuses our ${who} (status ${exchange.answer.status}): is \`clientId\` right, is the secret, may this client introspect?`,
    );
}

/** 403 without a word about whom is refused says the same here: nobody else but us can be meant. */
function isRefused(reading: Result<Introspection, Fault>, status: number): boolean {
  return isAboutUs(reading) || (!reading.ok && status === 403);
}

function isAboutUs(reading: Result<Introspection, Fault>): boolean {
  return !reading.ok && reading.failure.reason === 'credentials_refused';
}

async function works(question: PreparedQuestion, parts: EnquirerParts): Promise<boolean> {
  const asked = await askOnce(question, aToken(parts), parts);
  if ('unasked' in asked || asked.exchange.kind !== 'answered') return false;
  return (await question.readAnswer(asked.exchange.answer, budgetOf(question))).ok;
}

function tellNoAnswer(
  exchange: Exclude<Exchange, { readonly kind: 'answered' }>,
  { client, endpoint }: PreparedQuestion,
  notes: Notes,
): void {
  const place = withoutQuery(endpoint);
  if (exchange.kind === 'timeout')
    notes.broken(
      `${place} did not answer within ${client.introspection.timeout} ms`,
      'introspection: { timeout: 10s }',
    );
  else notes.broken(`${place}: ${exchange.failure.detail}`);
}

/** Reading a signed answer may need the keys of the server. */
function budgetOf({ client }: PreparedQuestion): AbortSignal {
  return AbortSignal.timeout(client.introspection.timeout);
}

function aToken({ randomness }: EnquirerParts): AccessToken {
  return new AccessToken(randomness.bytes(24).toString('base64url'));
}
