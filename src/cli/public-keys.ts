import { createPrivateKey } from 'node:crypto';
import {
  type ClientAuthentication,
  type ClientContext,
  type JsonObject,
  type MonotonicMilliseconds,
  publicJwkOf,
  type Secret,
  thumbprintOf,
} from '../domain/index.ts';

/**
 * What authorization servers need to know of our keys, as a JWK set (RFC 7517 section 5): those that we sign assertions
 * with, one that was replaced among them for as long as it may still be used (CA-8), and those that answers are
 * encrypted to.
 *
 * In: clients, and the name of one, or `null` for all. Out: the set; `null` when there is no such client.
 * Never: a member of a private key; a shared secret in any form.
 */
export function publicKeySet(
  clients: readonly ClientContext[],
  name: string | null,
  now: MonotonicMilliseconds,
): JsonObject | null {
  const chosen = name === null ? clients : clients.filter((client) => client.name === name);
  if (name !== null && chosen.length === 0) return null;
  // Several clients may use one key.
  const keys = new Map(
    chosen.flatMap((client) => keysOf(client, now)).map((jwk) => [JSON.stringify(jwk), jwk]),
  );
  return { keys: [...keys.values()] };
}

function keysOf(client: ClientContext, now: MonotonicMilliseconds): readonly JsonObject[] {
  const { authentication, previous = null, introspection } = client;
  const isOver = previous === null || (previous.until !== null && now >= previous.until);
  const decryptionKeys = introspection.signedAnswers?.decryption?.keys ?? [];
  return [
    ...signingKeysOf(authentication),
    ...(isOver ? [] : signingKeysOf(previous.authentication)),
    ...decryptionKeys.map((key) => jwkOf(key, 'enc', key.algorithms)),
  ];
}

function signingKeysOf(authentication: ClientAuthentication): readonly JsonObject[] {
  if (authentication.method !== 'private_key_jwt') return [];
  return [jwkOf(authentication.key, 'sig', authentication.assertion.algorithms)];
}

function jwkOf(
  { pem, id }: { readonly pem: Secret; readonly id: string | null },
  use: 'sig' | 'enc',
  algorithms: readonly string[],
): JsonObject {
  const key = createPrivateKey(pem.reveal());
  const { crv, e, kty, n, x, y } = publicJwkOf(key);
  const [only, ...others] = algorithms;
  const members = { kty, crv, n, e, x, y, use, kid: id ?? thumbprintOf(key) };
  const alg = only !== undefined && others.length === 0 ? { alg: only } : {};
  return JSON.parse(JSON.stringify({ ...members, ...alg })) as JsonObject;
}
