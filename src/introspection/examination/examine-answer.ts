import { URL } from 'node:url';

import {
  type Fault,
  FAULT_REASONS,
  type FaultReason,
  type Introspection,
  isJsonObject,
  type Result,
} from '../../domain/index.ts';
import type { HttpAnswer } from '../connection/exchange.ts';
import { JSON_LIMITS, parseStrictJson } from '../answer/parse-strict-json.ts';
import { type Notes, quoted, withoutQuery } from './finding.ts';

/** Judges the answer to a question about a token that nobody issued. Whether credentials were refused is not its matter. */
export function examineAnswer(
  answer: HttpAnswer,
  reading: Result<Introspection, Fault>,
  endpoint: string,
  notes: Notes,
): void {
  if (reading.ok) {
    if (reading.value.kind === 'inactive') notes.fine('a token that nobody issued is inactive there');
    else notes.broken('a token that nobody issued is active there: this server must not be believed');
    return;
  }
  const { reason, detail } = reading.failure;
  const { meaning, remedy } = FAULT_REASONS[reason];
  const words = detail ?? withoutStop(meaning);
  const tell = TELLERS[reason];
  if (tell === undefined) {
    notes.broken(words);
    notes.fact(withoutStop(remedy));
  } else tell({ answer, endpoint, words }, notes);
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

interface Bad {
  readonly answer: HttpAnswer;
  readonly endpoint: string;
  readonly words: string;
}

/** Where more can be said than the fault says itself. */
const TELLERS: Partial<Record<FaultReason, (bad: Bad, notes: Notes) => void>> = {
  introspection_content_type: tellContentType,
  introspection_unreadable: tellUnreadable,
  introspection_signed: (_bad, notes) =>
    notes.broken('the answer is signed, which was not asked for', 'introspection: { response: jwt }'),
  introspection_unsigned: (_bad, notes) =>
    notes.broken(
      'the answer is plain JSON, and a signed one was asked for',
      'introspection: { response: json }',
    ),
  introspection_compressed: (_bad, notes) =>
    notes.broken('the answer is compressed although identity was asked for; the server must be mended'),
  introspection_too_large: (_bad, notes) =>
    notes.broken('the answer is too long', 'introspection: { maxAnswer: 1MiB }'),
  introspection_redirected: (bad, notes) => notes.broken(bad.words, ...locationAdvice(bad)),
  introspection_status: ({ words, endpoint }, notes) =>
    notes.broken(`${words}; is ${withoutQuery(endpoint)} the introspection endpoint?`, ENDPOINT),
};

function tellContentType({ answer: { headers } }: Bad, notes: Notes): void {
  const type = headers['content-type'];
  const shown = typeof type === 'string' ? quoted(type) : 'none';
  if (typeof type === 'string' && /^\s*text\/html/i.test(type))
    notes.broken(
      `an HTML page came back with status 200: a login page, or another address than it should be`,
      ENDPOINT,
    );
  else
    notes.broken(
      `the content type is ${shown}; RFC 7662 section 2.2 has application/json. No setting reads it: the server, or the front that changes it, must be mended`,
    );
}

function tellUnreadable({ answer: { body }, words }: Bad, notes: Notes): void {
  const parsed = body.kind === 'whole' ? parseStrictJson(body.bytes, JSON_LIMITS) : null;
  const active = parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value['active'] : undefined;
  if (active !== undefined && typeof active !== 'boolean')
    notes.broken(
      `"active" is a JSON ${typeof active}; RFC 7662 section 2.2 has a boolean. No setting reads it: the server must be mended`,
    );
  else notes.broken(`${words} (RFC 7662 section 2.2); the server must be mended`);
}

function locationAdvice({ answer: { headers }, endpoint }: Bad): readonly string[] {
  const location = headers['location'];
  if (typeof location !== 'string' || !URL.canParse(location, endpoint)) return [ENDPOINT];
  return [`introspection: { endpoint: ${quoted(new URL(location, endpoint).href)} }  # if that is right`];
}

const ENDPOINT = 'introspection: { endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT }';
