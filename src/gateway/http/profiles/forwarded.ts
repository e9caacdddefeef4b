import {
  type AllowDecision,
  type HeaderField,
  type Milliseconds,
  milliseconds,
  type Refusal,
  type Result,
} from '../../../domain/index.ts';
import type { AllowReply, Profile } from '../profile.ts';
import { allowReply } from './allow-reply.ts';
import { HOP_FIELDS } from './hop-fields.ts';
import { carriedRequest } from './original-request.ts';
import { refuseStrays } from './refuse-strays.ts';
import { rememberReplies } from './remember-replies.ts';
import { returnAuthorization } from './return-authorization.ts';

type Front = 'traefik' | 'caddy' | 'apisix';

/** These fronts count bytes alone; an empty field for every spelling of every managed header adds up. */
const FIELDS_MAX = 400;
/** Longer than each keeps an idle connection of its own accord: 90 s, 2 min and 60 s. */
const IDLE: Readonly<Record<Front, Milliseconds>> = {
  traefik: milliseconds(120_000),
  caddy: milliseconds(150_000),
  apisix: milliseconds(75_000),
};

/**
 * Fronts that say what was asked in `X-Forwarded-*`: ForwardAuth of Traefik, `forward_auth` of Caddy, the plugin
 * `forward-auth` of APISIX.
 *
 * Out: 200, or the refusal as the client sees it. An allow carries every header that may not be the client's, empty
 * where there is no value, because some versions of these fronts keep the client's own when the answer lacks it.
 * Never: a word from `X-Original-*`, `Forwarded` or a look-alike of the headers it reads (T-9).
 */
export function createForwardedProfile(front: Front): Profile {
  const admit = rememberReplies((decision) => allowWith(decision, []));
  const carrying = {
    uri: 'X-Forwarded-Uri',
    method: 'X-Forwarded-Method',
    host: 'X-Forwarded-Host',
    tellsScheme: true,
    example: `deploy/${front}`,
  };

  return {
    door: `http:${front}`,
    idle: IDLE[front],
    // X-Forwarded-Proto and -For stay visible: they are the client's chain as this front extended it, as over gRPC.
    hidden: new Set([...HOP_FIELDS, 'x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host']),
    tellsClientAddress: true,
    longestWait: () => null,
    decode: ({ fields }) => carriedRequest(fields, carrying),

    admit: (decision, authorization = []) =>
      refuseStrays(decision, front) ??
      returnAuthorization(decision, authorization, (returned) =>
        returned.length === 0 ? admit(decision) : allowWith(decision, returned),
      ),
    refuse: (_refusal, { status, headers, body }) => ({ status, headers, body }),
  };
}

function allowWith(decision: AllowDecision, returned: readonly HeaderField[]): Result<AllowReply, Refusal> {
  const { set, remove, authorization } = decision.mutations;
  const without = new Set(remove);
  if (authorization === 'strip') without.add('authorization');
  for (const { name } of set) without.delete(name);
  const own = [
    // For fronts whose configuration can branch on it.
    { name: 'x-authz-authorization', value: authorization },
    ...[...without].map((name) => ({ name, value: '' })),
    ...returned,
  ];
  return allowReply(decision, own, FIELDS_MAX);
}
