import { type AllowDecision, type HeaderField, milliseconds, succeed } from '../../../domain/index.ts';
import type { OriginalRequest, Profile } from '../profile.ts';
import { onlyValue } from '../request-headers.ts';
import { allowReply } from './allow-reply.ts';
import { foldRefusal } from './fold-refusal.ts';
import { HOP_FIELDS } from './hop-fields.ts';
import { originalRequestUnknown } from './original-request.ts';
import { refuseStrays } from './refuse-strays.ts';
import { rememberReplies } from './remember-replies.ts';
import { returnAuthorization } from './return-authorization.ts';

const EXAMPLE = 'deploy/ingress-nginx';

/**
 * The annotation `auth-url` of ingress-nginx (deploy/ingress-nginx).
 *
 * In: a GET whose `X-Original-URL` (absolute) and `X-Original-Method` say what the client asked. Out: as for `nginx`;
 * headers that `auth-response-headers` names and the answer lacks, the controller removes.
 * Never: a word from `X-Original-URI`, `X-Forwarded-Host`, `-Uri` or `-Method`, which the client can set here.
 */
export function createIngressNginxProfile(): Profile {
  const admit = rememberReplies((decision) => allowWith(decision, []));

  return {
    door: 'http:ingress-nginx',
    // `auth-keepalive-timeout` and the upstream's are 60 s.
    idle: milliseconds(75_000),
    hidden: new Set([
      ...HOP_FIELDS,
      ...['x-original-url', 'x-original-method', 'x-sent-from', 'x-auth-request-redirect'],
    ]),
    tellsClientAddress: true,
    longestWait: () => null,

    decode({ fields }) {
      const url = readUrl(onlyValue(fields, 'x-original-url') ?? '');
      const method = onlyValue(fields, 'x-original-method');
      if (url === null) return originalRequestUnknown('X-Original-URL', EXAMPLE);
      if (method === null) return originalRequestUnknown('X-Original-Method', EXAMPLE);
      return succeed({ method, ...url });
    },

    admit: (decision, authorization = []) =>
      refuseStrays(decision, 'ingress-nginx') ??
      returnAuthorization(decision, authorization, (returned) =>
        returned.length === 0 ? admit(decision) : allowWith(decision, returned),
      ),

    refuse: foldRefusal,
  };
}

function allowWith(decision: AllowDecision, returned: readonly HeaderField[]) {
  const told = { name: 'x-authz-authorization', value: decision.mutations.authorization };
  return allowReply(decision, [told, ...returned]);
}

/**
 * `$scheme://$http_host$request_uri`: the host ends at the first slash, for NGINX takes no Host with one.
 * Not read by a parser of URLs, which would rewrite the path (design, decision 10).
 */
function readUrl(url: string): Omit<OriginalRequest, 'method'> | null {
  const [, scheme, host, path] = /^(https?):\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  return scheme === undefined || host === undefined || path === undefined ? null : { scheme, host, path };
}
