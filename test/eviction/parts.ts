import {
  AccessToken,
  type AnsweredToken,
  type BoardFailure,
  fail,
  type ForgetRequest,
  type MarkBoard,
  type Matcher,
  milliseconds,
  succeed,
} from '../../src/domain/index.ts';
import { createEviction } from '../../src/eviction/index.ts';
import { createKeyring } from '../../src/sealing/index.ts';
import { aClock, anAnswer, anObserver } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';

export const NO_CONDITION: Matcher = {
  fingerprints: null,
  tokenId: null,
  session: null,
  subject: null,
  clientId: null,
  issuer: null,
  tenant: null,
};

const NOTHING_ASKED: ForgetRequest = { ...NO_CONDITION, token: null, fingerprint: null };

export function asking(differing: Partial<ForgetRequest>): ForgetRequest {
  return { ...NOTHING_ASKED, ...differing };
}

export function anAnswered(differing: Partial<AnsweredToken> = {}): AnsweredToken {
  return { introspection: anAnswer(), client: aClient(), token: new AccessToken('token'), ...differing };
}

/** A board in memory that can be away or refuse, and that tells whoever is connected. */
export function aBoard() {
  const kept: string[] = [];
  const listeners = new Set<(text: string) => void>();
  let failure: BoardFailure | null = null;
  let isReadable = false;
  let published = 0;

  return {
    kept,
    /** @param readable as a store that has no room left is, or one that is a replica. */
    fail(next: BoardFailure | null, { readable = false } = {}) {
      failure = next;
      isReadable = readable;
    },
    published: () => published,
    /** What one replica has of it. */
    seenBy: (hears = true): MarkBoard => ({
      place: 'a board',
      async publish(texts) {
        published += 1;
        if (failure !== null) return fail(failure);
        kept.push(...texts);
        for (const listener of listeners) texts.forEach(listener);
        return succeed(null);
      },
      async load(since) {
        if (failure !== null && !isReadable) return fail(failure);
        const texts = kept.slice(Number(since ?? 0));
        return succeed({ texts, until: String(kept.length), isWhole: since === null });
      },
      onText(listener) {
        if (hears) listeners.add(listener);
      },
    }),
  };
}

export interface ReplicaDiffering {
  readonly newest?: number;
  readonly former?: number | null;
  readonly clock?: ReturnType<typeof aClock>;
}

let made = 0;

/** One process of a deployment. */
export function aReplica(board: MarkBoard | null, differing: ReplicaDiffering = {}) {
  const { newest = 7, former = null, clock = aClock() } = differing;
  const { observe, events } = anObserver();
  const keys = createKeyring(
    {
      newest: Buffer.alloc(32, newest),
      former: former === null ? null : Buffer.alloc(32, former),
      formerFor: milliseconds(60_000),
    },
    clock,
  );
  const eviction = createEviction({
    board,
    fingerprintsOf: (token) => keys.fingerprintsOf(token),
    seals: () => keys.markSeals,
    lifetime: () => milliseconds(600_000),
    clock,
    randomness: { bytes: (length) => Buffer.alloc(length, (made += 1)) },
    observe,
  });
  return { eviction, clock, keys, events };
}
