import type { DenyReason } from '../domain/index.ts';

/** RFC 9110 section 9.1: a token. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** CONNECT asks for a tunnel and TRACE for an echo of the credentials; no server may be led to them by case. */
const NEVER = /^(?:CONNECT|TRACE)$/i;

/** Why a request with this method is denied before any rule is looked at; `null`: it is not. */
export function problemOfMethod(
  method: string,
): Extract<DenyReason, 'method_denied' | 'request_malformed'> | null {
  if (!METHOD.test(method)) return 'request_malformed';
  return NEVER.test(method) ? 'method_denied' : null;
}
