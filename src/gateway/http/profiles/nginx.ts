import { milliseconds } from '../../../domain/index.ts';
import type { Profile } from '../profile.ts';
import { allowReply } from './allow-reply.ts';
import { foldRefusal } from './fold-refusal.ts';
import { HOP_FIELDS } from './hop-fields.ts';
import { carriedRequest, type CarryingHeaders } from './original-request.ts';
import { refuseStrays } from './refuse-strays.ts';
import { rememberReplies } from './remember-replies.ts';

const CARRYING: CarryingHeaders = {
  uri: 'X-Original-URI',
  method: 'X-Original-Method',
  host: 'X-Forwarded-Host',
  tellsScheme: true,
  example: 'deploy/nginx/gatehouse-auth.conf',
};

/**
 * NGINX `auth_request`, told by deploy/nginx what to send.
 *
 * In: a GET whose `X-Original-*` and `X-Forwarded-Host` headers say what the client asked. Out: 200, 401 or 403, and 503
 * for our faults, which NGINX turns into a 500 that alarms see.
 * Never: a body (NGINX does not read it and drops the connection), or another status, which would be a 500 too.
 */
export function createNginxProfile(): Profile {
  const admit = rememberReplies((decision) =>
    allowReply(decision, [{ name: 'x-authz-authorization', value: decision.mutations.authorization }]),
  );

  return {
    door: 'http:nginx',
    // `keepalive_timeout` of an upstream block is 60 s.
    idle: milliseconds(75_000),
    // X-Forwarded-Proto and -For stay visible: they are the client's chain as this front extended it, as over gRPC.
    hidden: new Set([...HOP_FIELDS, 'x-original-uri', 'x-original-method', 'x-forwarded-host']),
    tellsClientAddress: true,
    longestWait: () => null,
    decode: ({ fields }) => carriedRequest(fields, CARRYING),
    admit: (decision) => refuseStrays(decision, 'NGINX') ?? admit(decision),
    refuse: foldRefusal,
  };
}
