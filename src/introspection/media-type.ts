import type { AnswerHeaders } from './exchange.ts';

/**
 * Whether a body is JSON by its one `Content-Type`: `application/json` or `application/*+json`, in any case, parameters
 * ignored (INT-15). A JWT type is not: signed answers are another question than the one we asked.
 */
export function isJson(headers: AnswerHeaders): boolean {
  const contentType = headers['content-type'];
  return typeof contentType === 'string' && JSON_TYPE.test(contentType);
}

/** Whether a body is encoded although identity was asked for; a small body may then unfold without end (T-48). */
export function isCompressed(headers: AnswerHeaders): boolean {
  const encoding = headers['content-encoding'];
  if (encoding === undefined) return false;
  return typeof encoding !== 'string' || !/^\s*(?:identity)?\s*$/i.test(encoding);
}

const JSON_TYPE = /^\s*application\/(?:json|[\w!#$&^.+-]+\+json)\s*(?:;|$)/i;
