import type {
  AccessToken,
  CacheKey,
  CacheRecord,
  Forgotten,
  MemoryHit,
  Observe,
  PastAnswer,
  Question,
} from '../domain/index.ts';
import type { Tiers } from './tiers.ts';

export interface ForgottenAnswers {
  /** Of an answer in memory: whether it was forgotten since it was last looked at. Then it is dropped. */
  has(found: MemoryHit | PastAnswer, asked: AskedAbout): boolean;
  /** Of an answer in the shared store. */
  hasStored(record: CacheRecord, asked: AskedAbout): boolean;
}

export interface AskedAbout {
  readonly question: Pick<Question, 'client'>;
  readonly token: AccessToken;
  readonly key: CacheKey;
}

export interface ForgottenAnswersParts {
  readonly forgotten: Forgotten;
  readonly tiers: Pick<Tiers, 'forget'>;
  readonly observe: Observe;
}

export function createForgottenAnswers({
  forgotten,
  tiers,
  observe,
}: ForgottenAnswersParts): ForgottenAnswers {
  return {
    has(found, { question, token, key }) {
      const { introspection } = found.record;
      if (found.seen === forgotten.count) return false;
      if (!forgotten.covers({ introspection, client: question.client, token }, found.seen)) {
        // Looked at once for each thing that is forgotten, however often the token comes.
        if ('uses' in found) found.seen = forgotten.count;
        return false;
      }
      tiers.forget(key);
      observe({ event: 'cache_evicted', partition: introspection.kind, cause: 'forgotten' });
      return true;
    },
    hasStored: ({ introspection, storedAt }, { question, token }) =>
      forgotten.coversStored({ introspection, client: question.client, token }, storedAt),
  };
}
