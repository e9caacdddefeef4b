import {
  type ClientAuthentication,
  type ClientContext,
  type Fault,
  followedBy,
  type Result,
  Secret,
  type Soon,
  succeed,
  unreachable,
} from '../../domain/index.ts';
import { createAskingAuthenticator } from './asking-authenticator.ts';
import { type AssertionParts, createAssertions, type Whereabouts } from './assertions.ts';
import { type CallToken, createCallToken } from './call-token.ts';
import type { AuthenticationChoice } from './client-authentication.ts';
import { createGrant, type GrantParts } from './client-credentials-grant.ts';
import { type Authenticator, type Credentials, inForm, inHeader, secretCredentials } from './credentials.ts';
import { createFallbackAuthenticator } from './fallback-authenticator.ts';
import { formEncode } from '../question/form-encode.ts';

export type AuthenticatorParts = AssertionParts & GrantParts;

export function createAuthenticator(
  client: ClientContext,
  choice: AuthenticationChoice,
  whereabouts: Whereabouts,
  parts: AuthenticatorParts,
): Authenticator {
  const current = settled(client, choice, whereabouts, parts);
  const { previous, name } = client;
  if (previous === undefined || previous === null) return current;
  const { authentication, until } = previous;
  return createFallbackAuthenticator({
    current,
    previous: settled({ ...client, authentication }, choiceFor(authentication, choice), whereabouts, parts),
    until,
    clock: parts.clock,
    onSwitch: (inUse) => parts.observe({ event: 'credentials_switched', client: name, inUse }),
  });
}

/** The metadata has chosen among what the current key can do; an older one may be of another kind. */
function choiceFor(authentication: ClientAuthentication, choice: AuthenticationChoice): AuthenticationChoice {
  if (!('assertion' in authentication)) return choice;
  const { algorithms } = authentication.assertion;
  const isPossible = choice.algorithm !== null && algorithms.includes(choice.algorithm);
  return isPossible ? choice : { ...choice, algorithm: algorithms[0] ?? null };
}

function settled(
  client: ClientContext,
  choice: AuthenticationChoice,
  whereabouts: Whereabouts,
  parts: AuthenticatorParts,
): Authenticator {
  const { authentication, secretFrom = null } = client;
  if (secretFrom !== null && 'secret' in authentication) {
    const withSecret = (secret: Secret): Authenticator =>
      settled(
        { ...client, authentication: { ...authentication, secret }, secretFrom: null },
        choice,
        whereabouts,
        parts,
      );
    return createAskingAuthenticator({ ask: secretFrom, withSecret }, choice);
  }
  if ('assertion' in authentication) {
    const assertions = createAssertions({ ...client, authentication }, choice, whereabouts, parts);
    return {
      choice,
      callToken: null,
      rotation: null,
      credentials: async () => succeed(inForm(await assertions.next())),
    };
  }
  if (authentication.method === 'bearer' && 'grant' in authentication) {
    const callToken = createCallToken(createGrant(client, authentication.grant, choice, whereabouts, parts));
    return { choice, callToken, rotation: null, credentials: (signal) => withCallToken(callToken, signal) };
  }
  const same = succeed(lasting(client.clientId, authentication, choice));
  return { choice, callToken: null, rotation: null, credentials: () => same };
}

type Lasting = Exclude<ClientAuthentication, { readonly assertion: unknown } | { readonly grant: unknown }>;

/** The methods whose bytes are the same on every request. */
function lasting(clientId: string, authentication: Lasting, { method }: AuthenticationChoice): Credentials {
  switch (authentication.method) {
    case 'automatic':
    case 'client_secret_basic':
    case 'client_secret_post': {
      const { secret } = authentication;
      const encoding = authentication.method === 'client_secret_basic' ? authentication.encoding : 'form';
      const chosen = method === 'client_secret_post' ? method : 'client_secret_basic';
      return secretCredentials(clientId, secret, { method: chosen, encoding: encoding ?? 'form' });
    }
    case 'bearer':
      return bearer(authentication.token);
    case 'automatic_tls':
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
    case 'none':
      // With a certificate that is the proof, and the name says whose it is (MTLS-1).
      return inForm(`&client_id=${formEncode(clientId)}`);
    default:
      return unreachable(authentication);
  }
}

/** RFC 6750 section 2.1. The token says who we are, so that no name goes beside it. */
function bearer(token: Secret): Credentials {
  return inHeader(new Secret(`Bearer ${token.reveal()}`));
}

function withCallToken(callToken: CallToken, signal: AbortSignal): Soon<Result<Credentials, Fault>> {
  return followedBy(callToken.get(signal), (token) =>
    token.ok ? succeed({ ...bearer(token.value), renew: () => callToken.discard(token.value) }) : token,
  );
}
