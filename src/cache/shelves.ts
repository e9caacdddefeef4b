import { createShelf, type Shelf } from './slot-queue.ts';

/** The shelves of all clients that have entries. */
export interface Shelves {
  /** Makes one for a client that has none. */
  of(owner: string): Shelf;
  remove(shelf: Shelf): void;
  /** One that holds too much; who did the last time is asked first. `null`: none. */
  findOver(isOver: (shelf: Shelf) => boolean): Shelf | null;
  readonly size: number;
}

export function createShelves(): Shelves {
  const shelves = new Map<string, Shelf>();
  let walk = shelves.values();
  let last: Shelf | null = null;

  return {
    of(owner) {
      const known = shelves.get(owner);
      if (known !== undefined) return known;
      const shelf = createShelf(owner);
      shelves.set(owner, shelf);
      return shelf;
    },
    remove: ({ owner }) => void shelves.delete(owner),
    findOver(isOver) {
      if (last !== null && shelves.get(last.owner) === last && isOver(last)) return last;
      last = null;
      for (let asked = 0; asked < shelves.size && last === null; asked += 1) {
        const shelf = next();
        if (shelf !== null && isOver(shelf)) last = shelf;
      }
      return last;
    },
    get size() {
      return shelves.size;
    },
  };

  /** Goes round, on from where it was, so that many shelves are not asked again and again. */
  function next(): Shelf | null {
    let step = walk.next();
    if (step.done === true) {
      walk = shelves.values();
      step = walk.next();
    }
    return step.done === true ? null : step.value;
  }
}
