import {
  type Answer,
  type DenyReason,
  DENY_REASONS,
  fail,
  type HeaderField,
  milliseconds,
  type Refusal,
  type Result,
  succeed,
  unreachable,
  type UpstreamMutations,
} from '../../../domain/index.ts';
import type { AllowReply, Profile } from '../profile.ts';
import { denied } from '../refusals.ts';
import { onlyValue } from '../request-headers.ts';
import { allowReply } from './allow-reply.ts';
import { forwardedScheme } from './forwarded-scheme.ts';
import { HOP_FIELDS } from './hop-fields.ts';

/**
 * NGINX `auth_request`, told by deploy/nginx what to send.
 *
 * In: a GET whose `X-Original-*` and `X-Forwarded-Host` headers say what the client asked. Out: 200, 401 or 403, and 503
 * for our faults, which NGINX turns into a 500 that alarms see.
 * Never: a body (NGINX does not read it and drops the connection), or another status, which would be a 500 too.
 */
export function createNginxProfile(): Profile {
  const kept = new WeakMap<UpstreamMutations, Result<AllowReply, Refusal>>();

  return {
    door: 'http:nginx',
    // `keepalive_timeout` of an upstream block is 60 s.
    idle: milliseconds(75_000),
    // X-Forwarded-Proto and -For stay visible: they are the client's chain as this front extended it, as over gRPC.
    hidden: new Set([...HOP_FIELDS, 'x-original-uri', 'x-original-method', 'x-forwarded-host']),
    longestWait: () => null,

    decode({ fields }) {
      const path = onlyValue(fields, 'x-original-uri');
      const method = onlyValue(fields, 'x-original-method');
      const host = onlyValue(fields, 'x-forwarded-host');
      if (path === null) return unknown('X-Original-URI');
      if (method === null) return unknown('X-Original-Method');
      if (host === null) return unknown('X-Forwarded-Host');
      return succeed({ method, path, host, scheme: forwardedScheme(fields) });
    },

    admit(decision) {
      const { mutations, strays, route } = decision;
      // NGINX cannot be told to remove a header that its configuration does not name.
      if (strays.length > 0)
        return fail(denied('header_unremovable', 'NGINX cannot remove what the request carries', route));

      let reply = kept.get(mutations);
      if (reply === undefined) {
        reply = allowReply(decision, [{ name: 'x-authz-authorization', value: mutations.authorization }]);
        kept.set(mutations, reply);
      }
      return reply;
    },

    refuse: (refusal, answer) => ({
      status: folded(refusal, answer.status),
      headers: [
        ...answer.headers.filter(({ name }) => name !== 'content-type'),
        { name: 'x-authz-status', value: String(answer.status) },
        { name: 'x-authz-reason', value: refusal.reason },
      ] satisfies readonly HeaderField[],
      body: '',
    }),
  };
}

/** NGINX passes on 401 and 403 and turns all else into 500 (NGX-1). */
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

function unknown(header: string): Result<never, Refusal> {
  const detail = `${header} must be sent exactly once; see deploy/nginx/gatehouse-auth.conf`;
  return fail(denied('original_request_unknown', detail));
}
