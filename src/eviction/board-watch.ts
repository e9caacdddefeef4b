/**
 * Keeps up with what other replicas tell, and tells what could not be told when it came.
 *
 * In: a board that may be away. Out: its texts, each at least once, and whether some may be missing.
 * Never: a board that is left alone while it is away.
 */
import {
  type BoardFailure,
  type MarkBoard,
  type Milliseconds,
  type Observe,
  type Result,
} from '../domain/index.ts';
import type { Announcements } from './announcements.ts';
import { idOf } from './mark-text.ts';

export interface BoardWatch {
  /** Some may be missing: it was not read yet, or is away. */
  readonly isBehind: boolean;
  readonly isWell: boolean;
  publish(texts: readonly string[]): Promise<Result<null, BoardFailure>>;
  close(): void;
}

export interface BoardWatchParts {
  readonly board: MarkBoard;
  readonly announcements: Announcements;
  readonly hear: (text: string) => void;
  /** How long texts are kept. */
  readonly lifetime: () => Milliseconds;
  readonly observe: Observe;
}

/** How often it is read, for what was told while nobody could hear. */
const LOOK_EVERY_MS = 2_000;
/** While it does not answer. */
const LOOK_AGAIN_MS = 200;

export function watchBoard({ board, announcements, hear, lifetime, observe }: BoardWatchParts): BoardWatch {
  let isBehind = true;
  let trouble: BoardFailure | null = null;
  let watermark: string | null = null;
  let next: NodeJS.Timeout | undefined;
  let isClosed = false;

  board.onText(hear);
  void look();

  return {
    get isBehind() {
      return isBehind;
    },
    get isWell() {
      return !isBehind && trouble === null;
    },
    publish,
    close() {
      isClosed = true;
      clearTimeout(next);
    },
  };

  async function publish(texts: readonly string[]): Promise<Result<null, BoardFailure>> {
    const published = await board.publish(texts, lifetime());
    if (!published.ok) failed(published.failure);
    return published;
  }

  async function look(): Promise<void> {
    // After a gap all of it: a store that failed over may have lost some, and put newer texts before older ones.
    const page = await board.load(isBehind ? null : watermark);
    if (page.ok) {
      const { texts, until, isWhole } = page.value;
      texts.forEach(hear);
      if (isWhole) announcements.compare(new Set(texts.flatMap((text) => idOf(text) ?? [])));
      watermark = until;
      isBehind = false;
      await announcements.send(publish);
      // A store may be read and yet take nothing.
      if (announcements.untold === 0) trouble = null;
    } else {
      // A store that refuses will refuse the next time, too; answers in it are all that there is then.
      isBehind = page.failure === 'unavailable';
      failed(page.failure);
    }
    if (isClosed) return;
    next = setTimeout(() => void look(), isBehind ? LOOK_AGAIN_MS : LOOK_EVERY_MS).unref();
  }

  /** Once for each trouble, and not for each attempt. */
  function failed(failure: BoardFailure): void {
    if (failure !== trouble) observe({ event: 'board_failed', cause: failure });
    trouble = failure;
  }
}
