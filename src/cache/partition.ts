/**
 * One bounded part of the memory tier.
 *
 * In: entries with their sizes and owners. Out: the same, until they are pushed out.
 * Never: more than the bounds; an entry that is in use pushed out by entries that are used once (T-34), however many;
 * an entry of a client that has less than its share pushed out by those of another (CACHE-9).
 */
import { createRecentKeys } from '../bounds/index.ts';
import type { Bytes, CacheKey } from '../domain/index.ts';
import { createShelves } from './shelves.ts';
import { append, bytesOf, entriesOf, type Entry, type Shelf, type Slot, takeOut } from './slot-queue.ts';

export interface Partition {
  /** Counts as use. */
  find(key: CacheKey): Entry | undefined;
  /** Does not count as use. */
  peek(key: CacheKey): Entry | undefined;
  /** Replaces what was there. Keeps nothing when the entry alone is larger than the partition. */
  keep(key: CacheKey, entry: Entry, size: Bytes, owner: string): void;
  drop(key: CacheKey): void;
  /** Drops it; when it was in use and comes again soon, it has its place back. */
  expire(key: CacheKey): void;
  stats(): PartitionStats;
}

export interface PartitionBounds {
  /** At least 1. */
  readonly entries: number;
  readonly bytes: Bytes;
}

// An alias, so that it counts as JSON on the status page.
export type PartitionStats = {
  readonly entries: number;
  /** By the estimate of `sizeOfRecord`. */
  readonly bytes: number;
};

/** `space`: for another of the same client. `share`: its client had more than its share, and another needed some. */
export type PushedOut = 'space' | 'share';

/**
 * New entries are on probation, a tenth of what their client holds; one that is used there, or comes again soon after,
 * is kept beside those that were used before, so that a flood of entries that are used once passes through that tenth
 * alone (S3-FIFO, Yang et al., SOSP 2023). A use costs a count and no reordering.
 */
const PROBATION_SHARE = 0.1;
/** So many uses are remembered: as often may an entry be passed over without being used again. */
const MOST_CREDIT = 3;

export function createPartition(
  bounds: PartitionBounds,
  whenPushedOut: (cause: PushedOut) => void,
): Partition {
  const slots = new Map<CacheKey, Slot>();
  const shelves = createShelves();
  const gone = createRecentKeys(bounds.entries);
  let bytesHeld = 0;

  return {
    find(key) {
      const slot = slots.get(key);
      if (slot === undefined) return undefined;
      if (slot.credit < MOST_CREDIT) slot.credit += 1;
      return slot.entry;
    },
    peek: (key) => slots.get(key)?.entry,
    keep(key, entry, size, owner) {
      if (size > bounds.bytes) {
        drop(key);
        whenPushedOut('space');
        return;
      }
      const known = slots.get(key);
      const shelf = known === undefined ? shelves.of(owner) : known.shelf;
      if (known === undefined) add(key, entry, size, shelf);
      else replace(known, entry, size);
      while (isOver()) pushOut(shelf);
    },
    drop,
    expire(key) {
      const slot = slots.get(key);
      if (slot === undefined) return;
      if (slot.queue === slot.shelf.kept) gone.add(key);
      remove(slot);
    },
    stats: () => ({ entries: slots.size, bytes: bytesHeld }),
  };

  function add(key: CacheKey, entry: Entry, size: Bytes, shelf: Shelf): void {
    const queue = gone.has(key) ? shelf.kept : shelf.probation;
    const slot: Slot = { key, entry, size, credit: 0, shelf, queue, older: null, newer: null };
    slots.set(key, slot);
    append(slot, queue);
    bytesHeld += size;
  }

  /** Where it is: a new answer about a token says nothing about how often the token is used. */
  function replace(slot: Slot, entry: Entry, size: Bytes): void {
    const more = size - slot.size;
    slot.entry = entry;
    slot.size = size;
    slot.queue.bytes += more;
    bytesHeld += more;
  }

  function drop(key: CacheKey): void {
    const slot = slots.get(key);
    if (slot !== undefined) remove(slot);
  }

  function remove(slot: Slot): void {
    takeOut(slot);
    slots.delete(slot.key);
    bytesHeld -= slot.size;
    if (entriesOf(slot.shelf) === 0) shelves.remove(slot.shelf);
  }

  function isOver(): boolean {
    return slots.size > bounds.entries || bytesHeld > bounds.bytes;
  }

  function pushOut(needing: Shelf): void {
    // When there is too much in all, somebody has more than the average.
    const shelf = isOverItsShare(needing) ? needing : (shelves.findOver(isOverItsShare) ?? needing);
    const slot = nextOut(shelf);
    if (slot.queue === shelf.probation) gone.add(slot.key);
    remove(slot);
    whenPushedOut(shelf === needing ? 'space' : 'share');
  }

  /** Of what there is too much of: entries, or bytes. */
  function isOverItsShare(shelf: Shelf): boolean {
    if (bytesHeld > bounds.bytes) return bytesOf(shelf) > bounds.bytes / shelves.size;
    return entriesOf(shelf) > bounds.entries / shelves.size;
  }
}

/** Passes over what was used since it was last looked at. Ends, for that takes credit away each time. */
function nextOut(shelf: Shelf): Slot {
  for (;;) {
    const { probation, kept } = shelf;
    const queue = isProbationFull(shelf) ? probation : kept;
    const slot = queue.oldest;
    if (slot === null) throw new Error('a shelf without entries has nothing to push out');
    if (slot.credit === 0) return slot;

    takeOut(slot);
    slot.credit = queue === probation ? 0 : slot.credit - 1;
    append(slot, kept);
  }
}

/** The one that has just come must have its time, however small the shelf. */
function isProbationFull(shelf: Shelf): boolean {
  const { probation, kept } = shelf;
  if (kept.entries === 0) return true;
  if (probation.entries <= 1) return false;
  return (
    probation.entries > entriesOf(shelf) * PROBATION_SHARE ||
    probation.bytes > bytesOf(shelf) * PROBATION_SHARE
  );
}
