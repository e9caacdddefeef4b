import { type Clock, fail, fault, type Introspection, type Result, succeed } from '../../domain/index.ts';
import type { AnswerKeys } from './answer-keys.ts';
import { countParts } from './compact-jose.ts';
import type { DecryptAnswer } from './decrypt-answer.ts';
import type { HttpAnswer } from '../connection/exchange.ts';
import { type IntrospectionFault, settingsFault } from './introspection-fault.ts';
import { JSON_LIMITS, parseStrictJson } from './parse-strict-json.ts';
import { wholeBody } from './read-answer.ts';
import { readIntrospection } from './read-introspection.ts';
import { readSignedClaims, type SignedClaimsRules } from './signed-claims.ts';
import { type VerificationRules, verifyAnswer } from './verify-answer.ts';

export interface SignedAnswerRules extends VerificationRules, SignedClaimsRules {
  /** `null`: an encrypted answer is not for us. */
  readonly decrypt: DecryptAnswer | null;
  /** Refuses what is signed only. */
  readonly demandsEncryption: boolean;
}

export interface SignedAnswerParts {
  readonly keys: AnswerKeys;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Reads an answer that was asked for as a JWT (RFC 9701).
 *
 * In: the HTTP answer, and a signal that ends the wait for keys. Out: what the server said about the token, or a fault.
 * Never: a fact from anything but a JWT that a key of this server signed, of this type, for us, just now.
 */
export async function readSignedAnswer(
  answer: HttpAnswer,
  rules: SignedAnswerRules,
  { keys, clock }: SignedAnswerParts,
  signal: AbortSignal,
): Promise<Result<Introspection, IntrospectionFault>> {
  const body = wholeBody(answer, 'jwt');
  if (!body.ok) return body;
  const signed = await openEncrypted(body.value.toString('latin1'), rules);
  if (!signed.ok) return signed;
  const payload = await verifyAnswer(signed.value, rules, keys, signal);
  if (!payload.ok) return payload;

  const claims = parseStrictJson(payload.value, JSON_LIMITS);
  if (!claims.ok) return unreadable(`what is signed is not strict JSON: ${claims.failure}`);
  const facts = readSignedClaims(claims.value, rules, clock.now());
  if (!facts.ok) return facts;
  const introspection = readIntrospection(facts.value);
  return introspection.ok ? introspection : unreadable(introspection.failure);
}

async function openEncrypted(
  text: string,
  { decrypt, demandsEncryption }: SignedAnswerRules,
): Promise<Result<string, IntrospectionFault>> {
  switch (countParts(text)) {
    case 3:
      return demandsEncryption ? fail(settingsFault('signed_answer_unencrypted')) : succeed(text);
    case 5:
      if (decrypt !== null) return decrypt(text);
      return fail(
        settingsFault('signed_answer_undecryptable', 'set `introspection.jwt.decryption` with the key to it'),
      );
    default:
      return unreadable('the body is not a JWT in compact form');
  }
}

function unreadable(detail: string): Result<never, IntrospectionFault> {
  return fail(fault('introspection_unreadable', detail));
}
