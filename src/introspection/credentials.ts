import { Buffer } from 'node:buffer';

import {
  type ClientAuthentication,
  type ClientContext,
  type Fault,
  type Result,
  Secret,
  type Soon,
  succeed,
  unreachable,
} from '../domain/index.ts';
import { type AssertionParts, createAssertions, type Whereabouts } from './assertions.ts';
import type { AuthenticationChoice } from './client-authentication.ts';
import { formEncode } from './form-encode.ts';

/** What proves on the wire who we are: one of the two is empty (RFC 6749 section 2.3, INT-6). */
export interface Credentials {
  /** Values are secrets. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
  /** Continues a form: `&client_id=…&client_secret=…`, or nothing. */
  readonly form: Secret;
}

/** Who we are, for one request after the other. */
export interface Authenticator {
  readonly choice: AuthenticationChoice;
  /** For one attempt of one request. Never rejects. */
  credentials(): Soon<Result<Credentials, Fault>>;
}

export function createAuthenticator(
  client: Pick<ClientContext, 'clientId' | 'issuer' | 'authentication'>,
  choice: AuthenticationChoice,
  whereabouts: Whereabouts,
  parts: AssertionParts,
): Authenticator {
  const { authentication } = client;
  if ('assertion' in authentication) {
    const assertions = createAssertions({ ...client, authentication }, choice, whereabouts, parts);
    return { choice, credentials: async () => succeed(inForm(await assertions.next())) };
  }
  const same = succeed(lasting(client.clientId, authentication, choice));
  return { choice, credentials: () => same };
}

/** The methods whose bytes are the same on every request. */
function lasting(
  clientId: string,
  authentication: Exclude<ClientAuthentication, { readonly assertion: unknown }>,
  { method }: AuthenticationChoice,
): Credentials {
  switch (authentication.method) {
    case 'automatic':
    case 'client_secret_basic':
    case 'client_secret_post': {
      const { secret } = authentication;
      const encoding = authentication.method === 'client_secret_basic' ? authentication.encoding : 'form';
      return method === 'client_secret_post'
        ? inForm(`&client_id=${formEncode(clientId)}&client_secret=${formEncode(secret.reveal())}`)
        : basic(clientId, secret, encoding ?? 'form');
    }
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

/** RFC 6749 section 2.3.1: both halves are form-encoded before base64 (INT-5), unless the server wants them raw. */
function basic(clientId: string, secret: Secret, encoding: 'form' | 'raw'): Credentials {
  const encode = encoding === 'form' ? formEncode : (text: string): string => text;
  const pair = `${encode(clientId)}:${encode(secret.reveal())}`;
  const value = new Secret(`Basic ${Buffer.from(pair).toString('base64')}`);
  return { headers: [{ name: 'authorization', value }], form: new Secret('') };
}

function inForm(form: string): Credentials {
  return { headers: [], form: new Secret(form) };
}
