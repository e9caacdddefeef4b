import { Buffer } from 'node:buffer';

import { compactVerify } from 'jose';

import { unlessAborted } from '../../bounds/index.ts';
import { fail, fault, type Result, succeed, type VerificationKey } from '../../domain/index.ts';
import type { AnswerKeys } from './answer-keys.ts';
import { type JoseHeader, readJoseHeader } from './compact-jose.ts';
import { type IntrospectionFault, settingsFault } from './introspection-fault.ts';

export interface VerificationRules {
  /** `alg` values that are accepted; never `none`. */
  readonly algorithms: readonly string[];
  /** Takes a `typ` of `JWT`, and none, for the right one: servers older than RFC 9701 say no more. */
  readonly takesOldType: boolean;
}

/**
 * Checks who signed a compact JWS (JIR-2, JIR-9).
 *
 * Out: the bytes that a key of the server signed, or why they are not trusted.
 * Never: a key that the JWS itself brings or points at; a key with an algorithm that is not of its kind.
 */
export async function verifyAnswer(
  text: string,
  rules: VerificationRules,
  keys: AnswerKeys,
  signal: AbortSignal,
): Promise<Result<Buffer, IntrospectionFault>> {
  const header = readHeader(text, rules);
  if (!header.ok) return header;

  const atHand = await inTime(keys.get(), signal);
  if (!atHand.ok) return atHand;
  const first = await tryKeys(text, header.value, atHand.value);
  if (first.ok) return first;

  // The server may have new keys, under new names or under the old ones.
  const renewed = await inTime(keys.renew(), signal);
  return renewed.ok && renewed.value !== atHand.value ? tryKeys(text, header.value, renewed.value) : first;
}

function readHeader(text: string, rules: VerificationRules): Result<JoseHeader, IntrospectionFault> {
  const header = readJoseHeader(text);
  if (!header.ok) return fail(fault('introspection_unreadable', `the JWT cannot be read: ${header.failure}`));
  const { algorithm, type, demand } = header.value;
  if (demand !== null) return fail(settingsFault('signed_answer_header', `its header has "${demand}"`));
  if (!rules.algorithms.includes(algorithm))
    return fail(settingsFault('signed_answer_algorithm', `accepted are ${rules.algorithms.join(', ')}`));
  if (!isRightType(type, rules.takesOldType)) return fail(settingsFault('signed_answer_type'));
  return header;
}

/** RFC 7515 section 4.1.9: of a media type `application/` may be left out, and case does not matter. */
function isRightType(type: string | null, takesOldType: boolean): boolean {
  const bare = type?.toLowerCase().replace(/^application\//, '') ?? null;
  return bare === 'token-introspection+jwt' || (takesOldType && (bare === null || bare === 'jwt'));
}

async function tryKeys(
  text: string,
  { algorithm, keyId }: JoseHeader,
  keys: readonly VerificationKey[],
): Promise<Result<Buffer, IntrospectionFault>> {
  const fitting = keys.filter(
    ({ id, algorithms }) => algorithms.includes(algorithm) && (id === null || keyId === null || id === keyId),
  );
  if (fitting.length === 0)
    return fail(fault('signed_answer_key', 'no key has its `kid` and goes with its `alg`'));
  for (const { key } of fitting) {
    const payload = await payloadBy(text, key, algorithm);
    if (payload !== null) return succeed(payload);
  }
  return fail(fault('signed_answer_signature'));
}

async function payloadBy(
  text: string,
  key: VerificationKey['key'],
  algorithm: string,
): Promise<Buffer | null> {
  try {
    const { payload } = await compactVerify(text, key, { algorithms: [algorithm] });
    return Buffer.from(payload);
  } catch {
    return null;
  }
}

async function inTime(
  keys: ReturnType<AnswerKeys['get']>,
  signal: AbortSignal,
): Promise<Result<readonly VerificationKey[], IntrospectionFault>> {
  if (!(keys instanceof Promise)) return keys;
  const outcome = await unlessAborted(keys, signal);
  return outcome.ok
    ? outcome.value
    : fail(fault('signing_keys_unavailable', 'its keys did not come within `introspection.timeout`'));
}
