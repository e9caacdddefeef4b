import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';

import { type JWTHeaderParameters, SignJWT } from 'jose';

import {
  type ClientAuthentication,
  type ClientContext,
  type Clock,
  type Randomness,
  unreachable,
} from '../../domain/index.ts';
import type { AuthenticationChoice } from './client-authentication.ts';
import { formEncode } from '../question/form-encode.ts';

export interface AssertionParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly randomness: Pick<Randomness, 'bytes'>;
}

/** Where a client's server is, as far as authentication may speak of it. */
export interface Whereabouts {
  readonly introspectionEndpoint: string;
  /** `null`: not known. */
  readonly tokenEndpoint: string | null;
}

/** JWTs that say who we are (RFC 7523 section 2.2), a new one for every attempt (CA-6). */
export interface Assertions {
  /** Continues a form: `&client_assertion_type=…&client_assertion=…`. A secret until it has been used. */
  next(): Promise<string>;
}

type AssertingClient = Pick<ClientContext, 'clientId' | 'issuer'> & {
  readonly authentication: Extract<ClientAuthentication, { readonly assertion: unknown }>;
};

/** @throws TypeError for what the settings cannot hold: a key that does not sign, an audience that is not known. */
export function createAssertions(
  { clientId, issuer, authentication }: AssertingClient,
  { algorithm }: AuthenticationChoice,
  whereabouts: Whereabouts,
  { clock, randomness }: AssertionParts,
): Assertions {
  const { audience, type, lifetime, sendClientId } = authentication.assertion;
  const recipient = recipientOf(audience, issuer, whereabouts);
  const key = keyOf(authentication);
  const id = authentication.method === 'private_key_jwt' ? authentication.key.id : null;
  if (algorithm === null || recipient === null) throw new TypeError('an assertion that cannot be made');
  const header: JWTHeaderParameters = {
    alg: algorithm,
    ...(id === null ? {} : { kid: id }),
    ...(type === null ? {} : { typ: type }),
  };
  const prefix =
    (sendClientId ? `&client_id=${formEncode(clientId)}` : '') +
    `&client_assertion_type=${formEncode(ASSERTION_TYPE)}&client_assertion=`;

  return {
    async next() {
      const issuedAt = Math.floor(clock.now() / 1000);
      const claims = {
        iss: clientId,
        sub: clientId,
        // One text, not a list: whoever it is shown to must be the one it is for (CA-3).
        aud: recipient,
        jti: randomness.bytes(24).toString('base64url'),
        iat: issuedAt,
        exp: issuedAt + Math.ceil(lifetime / 1000),
      };
      return prefix + (await new SignJWT(claims).setProtectedHeader(header).sign(key));
    },
  };
}

function recipientOf(
  audience: AssertingClient['authentication']['assertion']['audience'],
  issuer: string | null,
  { introspectionEndpoint, tokenEndpoint }: Whereabouts,
): string | null {
  switch (audience) {
    case 'issuer':
      return issuer;
    case 'token_endpoint':
      return tokenEndpoint;
    case 'introspection_endpoint':
      return introspectionEndpoint;
    default:
      return unreachable(audience);
  }
}

function keyOf(authentication: AssertingClient['authentication']): KeyObject {
  return authentication.method === 'private_key_jwt'
    ? createPrivateKey(authentication.key.pem.reveal())
    : createSecretKey(authentication.secret.reveal(), 'utf8');
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
