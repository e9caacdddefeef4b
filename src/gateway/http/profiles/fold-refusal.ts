import {
  type Answer,
  type DenyReason,
  DENY_REASONS,
  type Refusal,
  unreachable,
} from '../../../domain/index.ts';
import type { RefusalReply } from '../profile.ts';

/**
 * A refusal for NGINX's `auth_request`, which passes on 401 and 403 and turns all else into 500 (NGX-1).
 *
 * Never: a body, which NGINX does not read and drops the connection over.
 */
export function foldRefusal(refusal: Refusal, answer: Answer): RefusalReply {
  return {
    status: folded(refusal, answer.status),
    headers: [
      ...answer.headers.filter(({ name }) => name !== 'content-type'),
      { name: 'x-authz-status', value: String(answer.status) },
      { name: 'x-authz-reason', value: refusal.reason },
    ],
    body: '',
  };
}

function folded(refusal: Refusal, status: Answer['status']): Answer['status'] {
  switch (status) {
    case 400:
      return refusal.kind === 'deny' && isAtCredential(refusal.reason) ? 401 : 403;
    case 404:
    case 413:
    case 429:
    case 431:
      return 403;
    case 401:
    case 403:
    case 503:
      return status;
    default:
      return unreachable(status);
  }
}

function isAtCredential(reason: DenyReason): boolean {
  return DENY_REASONS[reason].at === 'credential';
}
