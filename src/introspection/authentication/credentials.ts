import { Buffer } from 'node:buffer';

import { type Fault, type RequestContext, type Result, Secret, type Soon } from '../../domain/index.ts';
import type { CallToken } from './call-token.ts';
import type { AuthenticationChoice, SecretMethod } from './client-authentication.ts';
import { formEncode } from '../question/form-encode.ts';
import type { Rotation } from './rotation.ts';

/** What proves on the wire who we are: one of the two is empty (RFC 6749 section 2.3, INT-6). */
export interface Credentials {
  /** Values are secrets. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
  /** Continues a form: `&client_id=…&client_secret=…`, or nothing. */
  readonly form: Secret;
  /** Told that the server refused them (401): whether others may be had. Left out: these are all there are. */
  readonly renew?: () => boolean;
}

/** Who we are, for one request after the other. */
export interface Authenticator {
  readonly choice: AuthenticationChoice;
  /** The access token that our calls carry; `null`: they carry none that is fetched. */
  readonly callToken: CallToken | null;
  /** `null`: there is one way to say it. */
  readonly rotation: Rotation | null;
  /**
   * For one attempt of one request. Settles by the signal at the latest; never rejects.
   *
   * @param request that caused the enquiry; `null`: none did.
   */
  credentials(signal: AbortSignal, request: RequestContext | null): Soon<Result<Credentials, Fault>>;
}

/** Our name and secret, in one of the two ways of RFC 6749 section 2.3.1. */
export function secretCredentials(
  clientId: string,
  secret: Secret,
  { method, encoding }: { readonly method: SecretMethod; readonly encoding: 'form' | 'raw' },
): Credentials {
  return method === 'client_secret_post'
    ? inForm(`&client_id=${formEncode(clientId)}&client_secret=${formEncode(secret.reveal())}`)
    : basic(clientId, secret, encoding);
}

/** Both halves are form-encoded before base64 (INT-5), unless the server wants them raw. */
function basic(clientId: string, secret: Secret, encoding: 'form' | 'raw'): Credentials {
  const encode = encoding === 'form' ? formEncode : (text: string): string => text;
  const pair = `${encode(clientId)}:${encode(secret.reveal())}`;
  return inHeader(new Secret(`Basic ${Buffer.from(pair).toString('base64')}`));
}

export function inHeader(authorization: Secret): Credentials {
  return { headers: [{ name: 'authorization', value: authorization }], form: new Secret('') };
}

/** @param form continues a form: `&client_id=…`. */
export function inForm(form: string): Credentials {
  return { headers: [], form: new Secret(form) };
}
