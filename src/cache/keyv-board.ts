/**
 * Where replicas that share some Keyv store tell each other what was forgotten: one entry, which all of them read.
 *
 * In: texts. Out: the same, in every replica, when it looks next.
 * Never: a rejection, a wait beyond the budget, an entry that grows without end. Two that write at once may undo each
 * other: whoever misses its text in what it reads writes again.
 */
import type { Keyv } from 'keyv';
import { withinBudget } from '../bounds/index.ts';
import {
  type BoardFailure,
  type Clock,
  fail,
  type MarkBoard,
  type Milliseconds,
  milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type Result,
  succeed,
} from '../domain/index.ts';
import { MARKS_NAME } from './entry-name.ts';
import { parseOwnJson } from './parse-own-json.ts';

export interface KeyvBoardParts {
  /** Where it is, for people. */
  readonly place: string;
  /** As `openKeyv` makes it. */
  readonly store: Keyv<string>;
  readonly clock: Clock;
}

const BUDGET: Milliseconds = milliseconds(1_000);
/** A store that never answers is not asked again and again, and is after a while: it may have lost the question. */
const ASK_AGAIN_MS = 10_000;
/** Of the entry; whatever is longer was not written by us. */
const LONGEST = 8 * 1024 * 1024;

interface Kept {
  readonly text: string;
  /** By the wall clock of the replica that wrote it. */
  readonly until: number;
}

export function createKeyvBoard({ place, store, clock }: KeyvBoardParts): MarkBoard {
  /** Since when a reading is under way; `null`: none is. */
  let readingSince: MonotonicMilliseconds | null = null;

  return {
    place,
    // Nobody is told; all of them look.
    onText: () => undefined,
    publish: (texts, keepFor) => within(() => add(texts, keepFor)),
    async load() {
      const now = clock.monotonic();
      if (readingSince !== null && now - readingSince < ASK_AGAIN_MS) return fail('unavailable');
      readingSince = now;
      return within(async () => {
        const kept = await read().finally(() => (readingSince = null));
        return succeed({ texts: kept.map(({ text }) => text), until: null, isWhole: true });
      });
    },
  };

  async function add(texts: readonly string[], keepFor: Milliseconds): Promise<Result<null, BoardFailure>> {
    const until = clock.now() + keepFor;
    const before = (await read()).filter((kept) => kept.until > clock.now() && !texts.includes(kept.text));
    const value = JSON.stringify([...before, ...texts.map((text) => ({ text, until }))]);
    if (value.length > LONGEST) return fail('refused');
    const isKept = await store.set(MARKS_NAME, value, Math.ceil(keepFor));
    return isKept ? succeed(null) : fail('refused');
  }

  async function read(): Promise<readonly Kept[]> {
    const value: unknown = await store.get(MARKS_NAME);
    if (typeof value !== 'string' || value.length > LONGEST) return [];
    const list = parseOwnJson(value);
    return Array.isArray(list) ? list.filter(isKept) : [];
  }

  async function within<Value>(
    call: () => Promise<Result<Value, BoardFailure>>,
  ): Promise<Result<Value, BoardFailure>> {
    const until = monotonicMilliseconds(clock.monotonic() + BUDGET);
    // A stranger's store: what it throws says nothing about whether it will be back.
    const outcome = await withinBudget(
      call().catch(() => fail<BoardFailure>('unavailable')),
      until,
      clock,
    );
    return outcome.ok ? outcome.value : fail('unavailable');
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'text' in value && typeof value.text === 'string' && 'until' in value && typeof value.until === 'number'
  );
}
