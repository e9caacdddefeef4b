/**
 * Has answers forgotten, here and in every replica.
 *
 * In: what an operator asks for, and what other replicas tell. Out: whether an answer is from before.
 * Never: a wait for the store before it is in force here; something forgotten here that other replicas are not told of
 * in the end; a token, or a matcher in clear, outside of this process.
 */
import {
  type Clock,
  type Forget,
  type ForgetOutcome,
  type ForgetRequest,
  type Forgotten,
  type JsonObject,
  type MarkBoard,
  type Matcher,
  type Milliseconds,
  type Observe,
  type Randomness,
  type Seal,
  type ToldReplicas,
} from '../domain/index.ts';
import { createAnnouncements } from './announcements.ts';
import { type BoardWatch, watchBoard } from './board-watch.ts';
import { conditionsOf, type Mark } from './mark.ts';
import { idOf, readMark, writeMark } from './mark-text.ts';
import { createMarks, MARKS_MOST } from './marks.ts';
import type { FingerprintsOf } from './values-of.ts';

export interface Eviction {
  readonly forgotten: Forgotten;
  readonly forget: Forget;
  /**
   * Whether something may have been forgotten elsewhere that is not known here yet: until it is, answers in the shared
   * store are not to be believed.
   */
  readonly isBehind: boolean;
  /** Marks that are in force, and those that the store was not told of yet. */
  stats(): { readonly marks: number; readonly untold: number };
  /** For the operator's status page. */
  status(): JsonObject;
  close(): void;
}

export interface EvictionParts {
  /** `null`: there are no replicas. */
  readonly board: MarkBoard | null;
  /** What a token is called, under every key. */
  readonly fingerprintsOf: FingerprintsOf;
  /** Of every key that replicas may use now, the newest first; asked each time. */
  readonly seals: () => readonly Seal[];
  /** How long an answer may live at the most, in any tier. */
  readonly lifetime: () => Milliseconds;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'bytes'>;
  readonly observe: Observe;
}

const ID_BYTES = 16;

export function createEviction(parts: EvictionParts): Eviction {
  const { board, fingerprintsOf, seals, lifetime, clock, randomness, observe } = parts;
  const marks = createMarks({ clock, fingerprintsOf, lifetime });
  const announcements = createAnnouncements({ clock });
  const watch = board === null ? null : watchBoard({ board, announcements, hear, lifetime, observe });

  return {
    forgotten: marks,
    forget,
    get isBehind() {
      return watch?.isBehind ?? false;
    },
    stats: () => ({ marks: marks.size, untold: announcements.untold }),
    status: () => ({
      marks: marks.size,
      untold: announcements.untold,
      toldThrough: board?.place ?? null,
      hears: watch?.isWell ?? null,
    }),
    close: () => watch?.close(),
  };

  async function forget(request: ForgetRequest, by: string): Promise<ForgetOutcome> {
    const matcher = matcherOf(request, fingerprintsOf);
    const isEverything = conditionsOf(matcher).length === 0;
    if (marks.room === 0 && !isEverything) return { kind: 'full', most: MARKS_MOST };

    const mark = { id: randomness.bytes(ID_BYTES).toString('hex'), madeAt: clock.now(), matcher };
    marks.add(mark);
    const told = watch === null ? 'nobody' : await tell(mark, watch);
    const { fingerprints, ...asked } = matcher;
    const fingerprint = fingerprints?.[0] ?? null;
    observe({ event: 'forgotten', id: mark.id, by, told, asked: { ...asked, token: fingerprint } });
    return { kind: 'forgotten', id: mark.id, before: mark.madeAt, fingerprint, told };
  }

  async function tell(mark: Mark, to: BoardWatch): Promise<ToldReplicas> {
    const texts = seals().map((seal) => writeMark(mark, seal));
    announcements.add(mark.id, texts, lifetime());
    const published = await to.publish(texts);
    if (!published.ok) return 'later';
    announcements.settle(mark.id);
    return 'everybody';
  }

  function hear(text: string): void {
    const id = idOf(text);
    if (id === null || marks.isKnown(id)) return;
    const mark = readMark(text, seals());
    if (mark === null) observe({ event: 'board_failed', cause: 'unreadable' });
    else if (marks.add(mark))
      observe({ event: 'forgotten_elsewhere', id, conditions: conditionsOf(mark.matcher) });
  }
}

function matcherOf({ token, fingerprint, ...rest }: ForgetRequest, fingerprintsOf: FingerprintsOf): Matcher {
  if (token !== null) return { ...rest, fingerprints: fingerprintsOf(token) };
  return { ...rest, fingerprints: fingerprint === null ? null : [fingerprint] };
}
