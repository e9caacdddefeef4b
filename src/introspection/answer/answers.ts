import {
  type ClientContext,
  fail,
  type Fault,
  type Introspection,
  type Result,
  SIGNATURE_ALGORITHMS,
  type SignedAnswerSettings,
  type Soon,
  succeed,
} from '../../domain/index.ts';
import type { AnswerKeys } from './answer-keys.ts';
import { createDecryptAnswer } from './decrypt-answer.ts';
import type { HttpAnswer } from '../connection/exchange.ts';
import type { EnquirerParts } from '../introspector-parts.ts';
import type { FreshnessState } from '../discovery/keep-fresh.ts';
import { createKeySources } from './key-sources.ts';
import { readAnswer } from './read-answer.ts';
import type { ServerMetadata } from '../discovery/read-metadata.ts';
import { readSignedAnswer, type SignedAnswerRules } from './signed-answer.ts';

/** How the answers to one question are read. */
export interface AnswerReader {
  /** A request is about to be sent: whatever reading will need may be fetched meanwhile. */
  expect(): void;
  /** @param signal ends every wait of the reading. */
  read(answer: HttpAnswer, signal: AbortSignal): Soon<Result<Introspection, Fault>>;
}

/** How the answers of one client are read, whatever question is in force: keys live longer than questions. */
export interface Answers {
  /** For a question that is made of this metadata, or what is wrong with it. */
  readerFor(metadata: AnswerMetadata): Result<AnswerReader, string>;
  /** Of the keys; `null`: none are fetched. */
  readonly keyFreshness: FreshnessState | null;
  pause(): void;
  resume(): void;
}

type AnswerMetadata = Pick<ServerMetadata, 'jwksUri' | 'answerAlgorithms'>;

export function createAnswers(client: ClientContext, parts: EnquirerParts): Answers {
  const { signedAnswers } = client.introspection;
  return signedAnswers === null ? PLAIN_ANSWERS : createSignedAnswers(client, signedAnswers, parts);
}

/** Plain JSON (RFC 7662), which needs nothing. */
export const PLAIN: AnswerReader = { expect: () => undefined, read: readAnswer };

const PLAIN_ANSWERS: Answers = {
  readerFor: () => succeed(PLAIN),
  keyFreshness: null,
  pause: () => undefined,
  resume: () => undefined,
};

/** JWTs (RFC 9701). */
function createSignedAnswers(
  client: ClientContext,
  settings: SignedAnswerSettings,
  parts: EnquirerParts,
): Answers {
  const { issuer, acceptIssuers } = client;
  const { audience, maxAge, takesOldType, decryption } = settings;
  const fixedRules = {
    issuers: issuer === null ? acceptIssuers : [issuer, ...acceptIssuers],
    audience,
    maxAge,
    takesOldType,
    decrypt: decryption === null ? null : createDecryptAnswer(decryption),
    demandsEncryption: decryption?.required ?? false,
  };
  const sources = createKeySources(client, settings, parts);

  return {
    readerFor({ jwksUri, answerAlgorithms }) {
      const algorithms = algorithmsOf(settings, answerAlgorithms);
      if (!algorithms.ok) return algorithms;
      const keys = sources.at(jwksUri);
      if (keys === null) return fail('the document names no "jwks_uri"; set `introspection.jwt.jwksUri`');
      return succeed(readerOf({ ...fixedRules, algorithms: algorithms.value }, keys));
    },
    get keyFreshness() {
      return sources.current?.freshness ?? null;
    },
    pause: () => sources.pause(),
    resume: () => sources.resume(),
  };

  function readerOf(rules: SignedAnswerRules, keys: AnswerKeys): AnswerReader {
    const signedParts = { keys, clock: parts.clock };
    return {
      expect: () => void keys.get(),
      read: (answer, signal) => readSignedAnswer(answer, rules, signedParts, signal),
    };
  }
}

/** Of what a server lists, HMAC is never taken by itself: only settings can say that our secret is a key. */
function algorithmsOf(
  { algorithms }: SignedAnswerSettings,
  listed: readonly string[] | null,
): Result<readonly string[], string> {
  if (algorithms !== null) return succeed(algorithms);
  // RFC 9701 section 6: what a client gets that registered nothing.
  if (listed === null) return succeed(['RS256']);
  const known = SIGNATURE_ALGORITHMS.filter((algorithm) => listed.includes(algorithm));
  return known.length > 0
    ? succeed(known)
    : fail(
        '"introspection_signing_alg_values_supported" lists no algorithm of a public key that is known here',
      );
}
