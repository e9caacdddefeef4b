/**
 * Keeps the replicas of one deployment from asking the same about a token that many wait for.
 *
 * In: a token that nobody knows, and how long the caller can wait. Out: what another replica was told meanwhile, or the
 * word to ask, and a way to say when that is done.
 * Never: a wait for more than a quarter of the time that is left; a wait for a store that does not answer.
 */
import {
  type CacheRecord,
  type Clock,
  type EnquiryLock,
  milliseconds,
  type Milliseconds,
  type Observe,
  type Randomness,
  type Recall,
} from '../domain/index.ts';
import type { Wanted } from './wanted.ts';

export type AcrossReplicas = (wanted: Wanted, recall: () => Promise<Recall>) => Promise<Turn>;

export type Turn =
  | { readonly kind: 'found'; readonly record: CacheRecord }
  /** `done`: the answer is in the store, or will never be. */
  | { readonly kind: 'ask'; readonly done: () => void };

export interface AcrossReplicasParts {
  readonly lock: EnquiryLock;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'fraction'>;
  readonly observe: Observe;
}

/** Nobody waits for the answer. */
export const ASK: Turn = { kind: 'ask', done: () => undefined };
/** Of a replica that died with the lock in its hands, others wait no longer than this, whatever the server may take. */
const LONGEST_LOCK_MS = 5_000;
const WAIT_SHARE = 0.25;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 40;

export function createAcrossReplicas({
  lock,
  clock,
  randomness,
  observe,
}: AcrossReplicasParts): AcrossReplicas {
  return async function acrossReplicas(wanted, recall) {
    const { key, question } = wanted;
    const forMs = Math.min(question.client.introspection.timeout, LONGEST_LOCK_MS);
    const taken = await lock.take(key, milliseconds(forMs));
    if (taken.kind === 'unavailable') return told('unavailable', ASK);
    if (taken.kind === 'taken') {
      return told('asked', {
        kind: 'ask',
        done: () => void lock.release(key, taken.fence).catch(() => undefined),
      });
    }
    if (!(await isReleased(wanted))) return told('late', ASK);
    const found = await recall();
    // What the other one was told is not shared, or it was told nothing.
    return found.kind === 'hit'
      ? told('found', { kind: 'found', record: found.record })
      : told('missed', ASK);
  };

  async function isReleased({ key, waitUntil }: Wanted): Promise<boolean> {
    const until = clock.monotonic() + Math.max(0, waitUntil - clock.monotonic()) * WAIT_SHARE;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const leftMs = until - clock.monotonic();
      if (leftMs <= 0) return false;
      await sleep(milliseconds(Math.min(leftMs, pauseMs * (0.75 + randomness.fraction() / 2))));
      if (!(await lock.isHeld(key))) return true;
    }
  }

  function told(outcome: 'asked' | 'found' | 'missed' | 'late' | 'unavailable', turn: Turn): Turn {
    observe({ event: 'enquiry_coalesced', outcome });
    return turn;
  }
}

function sleep(ms: Milliseconds): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
