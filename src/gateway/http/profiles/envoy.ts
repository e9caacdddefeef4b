import {
  type AllowDecision,
  fail,
  type HeaderField,
  milliseconds,
  type Milliseconds,
  type Refusal,
  type Result,
  succeed,
} from '../../../domain/index.ts';
import type { AllowReply, Profile } from '../profile.ts';
import { denied } from '../refusals.ts';
import { type Fields, onlyValue } from '../request-headers.ts';
import { allowReply } from './allow-reply.ts';
import { forwardedScheme } from './forwarded-scheme.ts';
import { HOP_FIELDS } from './hop-fields.ts';
import { rememberReplies } from './remember-replies.ts';

const EXPECTED_TIMEOUT = 'x-envoy-expected-rq-timeout-ms';
/** Below Envoy's usual `server_uri.timeout` of 200 ms, for when it does not tell. */
const WAIT_UNTOLD = milliseconds(150);

/**
 * The HTTP service of Envoy's ext_authz filter.
 *
 * In: the client's own method, path (behind `pathPrefix`) and Host. Out: 200, or the refusal as the client sees it.
 * Never: a 5xx. Envoy takes one as its own error, and `failure_mode_allow` would let the request through.
 */
export function createEnvoyProfile({ pathPrefix }: { readonly pathPrefix: string }): Profile {
  const admit = rememberReplies((decision) => admitRemoving(decision, []));

  return {
    door: 'http:envoy',
    // Envoy keeps idle upstream connections for an hour.
    idle: milliseconds(3_660_000),
    hidden: new Set([...HOP_FIELDS, EXPECTED_TIMEOUT, 'x-envoy-internal']),
    tellsClientAddress: true,
    longestWait,

    decode({ method, target, fields }) {
      const path = behindPrefix(target);
      const host = onlyValue(fields, 'host');
      if (path === null)
        return unknown('the path is outside `pathPrefix`; compare it with `path_prefix` of Envoy');
      if (host === null) return unknown('the Host header must be sent exactly once');
      return succeed({ method, path, host, scheme: forwardedScheme(fields) });
    },

    admit(decision) {
      const { strays, route } = decision;
      const reply = admit(decision);
      if (strays.length === 0 || !reply.ok) return reply;

      const removing = admitRemoving(decision, strays);
      if (removing.ok) return removing;
      // More look-alikes than an answer can name: the caller's doing, not ours.
      return fail(denied('header_unremovable', 'too many look-alikes of managed headers', route));
    },

    refuse(_refusal, answer) {
      const { status, headers, body } = answer;
      if (status < 500) return { status, headers, body };
      return { status: 403, headers: [...headers, { name: 'x-authz-status', value: String(status) }], body };
    },
  };

  function behindPrefix(target: string): string | null {
    if (!target.startsWith(pathPrefix)) return null;
    const path = target.slice(pathPrefix.length);
    // `*` is the target of a server-wide OPTIONS; anything else without a slash lies beside the prefix, not below it.
    return path.startsWith('/') || path === '*' ? path : null;
  }
}

/** Envoy removes last, so a name that is set must not be listed. */
function admitRemoving(decision: AllowDecision, strays: readonly string[]): Result<AllowReply, Refusal> {
  const { set, remove, authorization } = decision.mutations;
  const removed = new Set([...remove, ...strays]);
  if (authorization === 'strip') removed.add('authorization');
  for (const { name } of set) removed.delete(name);

  const own: readonly HeaderField[] =
    removed.size === 0 ? [] : [{ name: 'x-envoy-auth-headers-to-remove', value: [...removed].join(',') }];
  return allowReply(decision, own);
}

function longestWait(fields: Fields, margin: Milliseconds): Milliseconds {
  const told = onlyValue(fields, EXPECTED_TIMEOUT);
  if (told === null || !/^[1-9][0-9]{0,9}$/.test(told)) return WAIT_UNTOLD;
  return milliseconds(Math.max(0, Number(told) - margin));
}

function unknown(detail: string): Result<never, Refusal> {
  return fail(denied('original_request_unknown', detail));
}
