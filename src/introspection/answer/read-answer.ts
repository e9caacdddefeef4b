import type { Buffer } from 'node:buffer';

import { fail, fault, type Introspection, isJsonObject, type Result, succeed } from '../../domain/index.ts';
import type { AnswerBody, AnswerHeaders, HttpAnswer } from '../connection/exchange.ts';
import { faultWithRetry, type IntrospectionFault, settingsFault } from './introspection-fault.ts';
import { isCompressed, isJson, isSignedAnswer, isSomeJwt } from './media-type.ts';
import { JSON_LIMITS, parseStrictJson } from './parse-strict-json.ts';
import { readIntrospection } from './read-introspection.ts';

/**
 * Reads the HTTP answer of an introspection endpoint that was asked for plain JSON (INT-14 to INT-16, INT-25).
 *
 * Out: what the server said about the token, or the typed fault of how it failed to.
 * Never: an introspection from anything but a whole, plain, JSON body under status 200.
 */
export function readAnswer(answer: HttpAnswer): Result<Introspection, IntrospectionFault> {
  const body = wholeBody(answer, 'json');
  if (!body.ok) return body;

  const claims = parseStrictJson(body.value, JSON_LIMITS);
  if (!claims.ok)
    return fail(fault('introspection_unreadable', `the body is not strict JSON: ${claims.failure}`));
  const introspection = readIntrospection(claims.value);
  return introspection.ok ? introspection : fail(fault('introspection_unreadable', introspection.failure));
}

/** The body of an answer that has come to its end and is of the kind that was asked for. */
export function wholeBody(answer: HttpAnswer, wanted: AnswerKind): Result<Buffer, IntrospectionFault> {
  const { status, headers, body } = answer;
  if (status !== 200) return fail(statusFault(answer));
  if (isCompressed(headers)) return fail(fault('introspection_compressed'));
  const otherKind = kindFault(headers, wanted);
  if (otherKind !== null) return fail(otherKind);
  return body.kind === 'cut' ? fail(CUT[body.cause]) : succeed(body.bytes);
}

export type AnswerKind = 'json' | 'jwt';

/** Never taken for one another: whoever could choose would choose the weaker (JIR-3). */
function kindFault(headers: AnswerHeaders, wanted: AnswerKind): IntrospectionFault | null {
  if (wanted === 'json') {
    if (isJson(headers)) return null;
    return isSomeJwt(headers) ? settingsFault('introspection_signed') : fault('introspection_content_type');
  }
  if (isSignedAnswer(headers)) return null;
  return isJson(headers) ? settingsFault('introspection_unsigned') : fault('introspection_content_type');
}

const CUT = {
  too_large: fault('introspection_too_large'),
  timeout: fault('introspection_timeout', 'the body did not come to its end in time'),
  lost: fault('introspection_unreachable', 'the connection was lost within the body'),
} as const satisfies Record<Extract<AnswerBody, { kind: 'cut' }>['cause'], IntrospectionFault>;

/** Whether the server does not take us for who we say we are. */
export function refusesOurClient({ status, body }: HttpAnswer): boolean {
  return status === 401 || ((status === 400 || status === 403) && saysInvalidClient(body));
}

function statusFault(answer: HttpAnswer): IntrospectionFault {
  const { status, headers, body } = answer;
  const detail = `the introspection endpoint answered with status ${status}`;
  if (refusesOurClient(answer))
    return { ...fault('credentials_refused', detail), isOurClientNamed: saysInvalidClient(body) };
  if (status === 429) return faultWithRetry('introspection_throttled', detail, headers);
  if (status >= 500 && status < 600) return faultWithRetry('introspection_server_error', detail, headers);
  if (status >= 300 && status < 400) return fault('introspection_redirected', detail);
  return fault('introspection_status', detail);
}

/** RFC 6749 section 5.2. */
function saysInvalidClient(body: AnswerBody): boolean {
  if (body.kind === 'cut') return false;
  const error = parseStrictJson(body.bytes, JSON_LIMITS);
  return error.ok && isJsonObject(error.value) && error.value['error'] === 'invalid_client';
}
