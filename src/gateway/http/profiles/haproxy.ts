import { milliseconds } from '../../../domain/index.ts';
import type { Profile } from '../profile.ts';
import { allowReply } from './allow-reply.ts';
import { HOP_FIELDS } from './hop-fields.ts';
import { carriedRequest, type CarryingHeaders } from './original-request.ts';
import { refuseStrays } from './refuse-strays.ts';
import { rememberReplies } from './remember-replies.ts';

const CARRYING: CarryingHeaders = {
  uri: 'X-Original-URI',
  method: 'X-Original-Method',
  host: 'X-Forwarded-Host',
  tellsScheme: false,
  example: 'deploy/haproxy/haproxy.cfg',
};

/**
 * HAProxy, which asks by a Lua action (deploy/haproxy).
 *
 * In: any method; `X-Original-Method`, `X-Original-URI` and `X-Forwarded-Host`, which the configuration sets just before
 * it asks. HAProxy itself sends nothing of its own, so nothing else is believed: neither scheme nor address.
 * Out: 200, or the refusal as the client sees it.
 */
export function createHaproxyProfile(): Profile {
  const admit = rememberReplies((decision) =>
    allowReply(decision, [{ name: 'x-authz-authorization', value: decision.mutations.authorization }]),
  );

  return {
    door: 'http:haproxy',
    // It opens a connection for each check; one that pools them keeps them for 5 s (`pool-purge-delay`).
    idle: milliseconds(75_000),
    hidden: new Set([...HOP_FIELDS, 'x-original-uri', 'x-original-method', 'x-forwarded-host']),
    tellsClientAddress: false,
    longestWait: () => null,
    decode: ({ fields }) => carriedRequest(fields, CARRYING),
    admit: (decision) => refuseStrays(decision, 'HAProxy') ?? admit(decision),
    refuse: (_refusal, { status, headers, body }) => ({ status, headers, body }),
  };
}
