import { Buffer } from 'node:buffer';

import { type ClientContext, fail, type Result, Secret, succeed, unreachable } from '../domain/index.ts';
import { formEncode } from './form-encode.ts';

export type AuthenticationMethod = 'client_secret_basic' | 'client_secret_post';

/** What proves on the wire who we are: one of the two is empty (RFC 6749 section 2.3, INT-6). */
export interface Credentials {
  /** Names and values in turn; values are secrets. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
  /** Continues a form: `&client_id=…&client_secret=…`, or nothing. */
  readonly form: Secret;
}

/**
 * Settles how we authenticate, once for each client: what the settings name, else basic, else post, as far as the
 * metadata allows (META-8). `offered` is `null` when the server does not say, or when there is no metadata.
 */
export function chooseMethod(
  method: ClientContext['authentication']['method'],
  offered: readonly string[] | null,
): Result<AuthenticationMethod, string> {
  const wanted: readonly AuthenticationMethod[] =
    method === 'automatic' ? ['client_secret_basic', 'client_secret_post'] : [method];
  const chosen = offered === null ? wanted[0] : wanted.find((candidate) => offered.includes(candidate));
  if (chosen !== undefined) return succeed(chosen);
  return fail(
    `the server does not offer ${wanted.join(' or ')} at its introspection endpoint; ` +
      'set `auth`, or `introspection.endpoint` if its metadata is wrong',
  );
}

export function credentialsOf(
  { clientId, authentication }: Pick<ClientContext, 'clientId' | 'authentication'>,
  method: AuthenticationMethod,
): Credentials {
  const id = formEncode(clientId);
  const secret = formEncode(authentication.secret.reveal());
  switch (method) {
    case 'client_secret_basic': {
      // RFC 6749 section 2.3.1: both halves are form-encoded before base64 (INT-5).
      const value = new Secret(`Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`);
      return { headers: [{ name: 'authorization', value }], form: new Secret('') };
    }
    case 'client_secret_post':
      return { headers: [], form: new Secret(`&client_id=${id}&client_secret=${secret}`) };
    default:
      return unreachable(method);
  }
}
