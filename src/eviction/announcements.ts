import type { BoardFailure, Clock, Milliseconds, Result } from '../domain/index.ts';

/** What this process has to tell the others, until no answer from before lives any more. */
export interface Announcements {
  add(id: string, texts: readonly string[], keepFor: Milliseconds): void;
  /** The store keeps it. */
  settle(id: string): void;
  /** This is all that the store keeps: what is missing was lost there, and is told again. */
  compare(ids: ReadonlySet<string>): void;
  /** Tells what is untold, in the order in which it came, until that fails. */
  send(publish: (texts: readonly string[]) => Promise<Result<null, BoardFailure>>): Promise<void>;
  readonly untold: number;
}

/** So many at a time. */
const BATCH = 100;

interface Announcement {
  readonly id: string;
  readonly texts: readonly string[];
  readonly until: number;
}

export function createAnnouncements({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): Announcements {
  const told = new Map<string, Announcement>();
  const untold = new Map<string, Announcement>();

  return {
    add(id, texts, keepFor) {
      prune();
      untold.set(id, { id, texts, until: clock.monotonic() + keepFor });
    },
    settle: (id) => move(id, untold, told),
    compare(ids) {
      prune();
      for (const id of told.keys()) if (!ids.has(id)) move(id, told, untold);
    },
    async send(publish) {
      prune();
      while (untold.size > 0) {
        const batch = [...untold.values()].slice(0, BATCH);
        const published = await publish(batch.flatMap(({ texts }) => texts));
        if (!published.ok) return;
        for (const { id } of batch) move(id, untold, told);
      }
    },
    get untold() {
      return untold.size;
    },
  };

  function prune(): void {
    const now = clock.monotonic();
    for (const announcements of [told, untold])
      for (const { id, until } of announcements.values()) if (until <= now) announcements.delete(id);
  }
}

function move(id: string, from: Map<string, Announcement>, to: Map<string, Announcement>): void {
  const announcement = from.get(id);
  if (announcement === undefined) return;
  from.delete(id);
  to.set(id, announcement);
}
