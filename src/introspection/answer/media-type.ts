import type { AnswerHeaders } from '../connection/exchange.ts';

/**
 * Whether a body is JSON by its one `Content-Type`: `application/json` or `application/*+json`, in any case, parameters
 * ignored (INT-15).
 */
export function isJson(headers: AnswerHeaders): boolean {
  return hasType(headers, JSON_TYPE);
}

/** Whether a body is a signed introspection answer by its one `Content-Type` (RFC 9701 section 5, JIR-2). */
export function isSignedAnswer(headers: AnswerHeaders): boolean {
  return hasType(headers, SIGNED_TYPE);
}

/** Whether a body is some JWT by its one `Content-Type`; servers older than the RFC say no more than that. */
export function isSomeJwt(headers: AnswerHeaders): boolean {
  return hasType(headers, JWT_TYPE);
}

/** Whether a body is encoded although identity was asked for; a small body may then unfold without end (T-48). */
export function isCompressed(headers: AnswerHeaders): boolean {
  const encoding = headers['content-encoding'];
  if (encoding === undefined) return false;
  return typeof encoding !== 'string' || !/^\s*(?:identity)?\s*$/i.test(encoding);
}

function hasType(headers: AnswerHeaders, pattern: RegExp): boolean {
  const contentType = headers['content-type'];
  return typeof contentType === 'string' && pattern.test(contentType);
}

const JSON_TYPE = /^\s*application\/(?:json|[\w!#$&^.+-]+\+json)\s*(?:;|$)/i;
const SIGNED_TYPE = /^\s*application\/token-introspection\+jwt\s*(?:;|$)/i;
const JWT_TYPE = /^\s*application\/(?:jwt|[\w!#$&^.+-]+\+jwt)\s*(?:;|$)/i;
