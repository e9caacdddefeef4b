import type { CacheKey, MemoryHit, MonotonicMilliseconds } from '../domain/index.ts';

export interface Entry {
  /** The answer to whoever asks, made once. */
  readonly hit: MemoryHit;
  /** Not served from then on, whatever the wall clock says. */
  readonly servedUntil: MonotonicMilliseconds;
}

/** Entries in a row, the oldest first. Plain data, since there may be two for each of many thousand clients. */
export interface SlotQueue {
  oldest: Slot | null;
  newest: Slot | null;
  entries: number;
  bytes: number;
}

/** The place of one entry: in the queue of its client, between its neighbours. */
export interface Slot {
  readonly key: CacheKey;
  entry: Entry;
  size: number;
  /** Uses since it was last looked at for eviction, as far as they count. */
  credit: number;
  readonly shelf: Shelf;
  queue: SlotQueue;
  older: Slot | null;
  newer: Slot | null;
}

/** All entries of one client: those that have not proved themselves yet, and those that were used again. */
export interface Shelf {
  readonly owner: string;
  readonly probation: SlotQueue;
  readonly kept: SlotQueue;
}

export function createShelf(owner: string): Shelf {
  return { owner, probation: createQueue(), kept: createQueue() };
}

export const entriesOf = ({ probation, kept }: Shelf): number => probation.entries + kept.entries;
export const bytesOf = ({ probation, kept }: Shelf): number => probation.bytes + kept.bytes;

/** Puts it at the end of its shelf's queue. */
export function append(slot: Slot, queue: SlotQueue): void {
  slot.queue = queue;
  slot.older = queue.newest;
  slot.newer = null;
  if (queue.newest === null) queue.oldest = slot;
  else queue.newest.newer = slot;
  queue.newest = slot;
  queue.entries += 1;
  queue.bytes += slot.size;
}

export function takeOut(slot: Slot): void {
  const { queue, older, newer } = slot;
  if (older === null) queue.oldest = newer;
  else older.newer = newer;
  if (newer === null) queue.newest = older;
  else newer.older = older;
  queue.entries -= 1;
  queue.bytes -= slot.size;
}

function createQueue(): SlotQueue {
  return { oldest: null, newest: null, entries: 0, bytes: 0 };
}
