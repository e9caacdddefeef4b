import { LRUCache } from 'lru-cache';
import {
  type ClientContext,
  type ClientRefusal,
  type Clock,
  fail,
  fault,
  type HouseEvent,
  type JsonObject,
  type Milliseconds,
  milliseconds,
  type MonotonicMilliseconds,
  monotonicMilliseconds,
  type Observe,
  type RecordStoreSettings,
  type Result,
  succeed,
  unreachable,
} from '../domain/index.ts';
import type { Reading, ReadingFailure } from './record-source.ts';
import { successorOf } from './successor.ts';

export type ClientAnswer = Result<ClientContext, ClientRefusal>;

/** What is in memory under a name. */
export interface Held {
  readonly answer: ClientAnswer;
  /** There is no record of this name. */
  readonly isAbsent: boolean;
}

/** A record in use. */
export interface RecordInUse<Version> extends Held {
  readonly client: ClientContext;
  readonly version: Version;
  /** From then on somebody has to look again. */
  readonly until: MonotonicMilliseconds;
  /** What is wrong with a newer version; `null`: nothing. */
  readonly problem: string | null;
}

/** The records in memory, and the names for which there is none: both bounded. */
export interface RecordShelf<Version> {
  /** What is held under a name, while nobody has to look again; counts as use. */
  fresh(name: string): Held | null;
  /** The last good record, however old. */
  last(name: string): RecordInUse<Version> | null;
  /**
   * Takes in what a look has brought, and says what is held now.
   * @param before what `last` gave when the look began: it may have left the memory since.
   */
  keep(name: string, reading: Reading<Version>, before: RecordInUse<Version> | null): Held;
  /** Somebody has to look again before the next answer. */
  expire(name: string): void;
  clients(): readonly ClientContext[];
  /** Tenants in memory. */
  readonly size: number;
  status(): JsonObject;
}

interface Refused extends Held {
  readonly until: MonotonicMilliseconds;
}

const LONG_AGO = monotonicMilliseconds(-Infinity);
const NO_RECORD: ClientAnswer = fail({
  kind: 'deny',
  reason: 'no_client',
  detail: 'the client store has no record for the tenant of the request',
});

/**
 * In: readings. Out: answers; for one record the same object until something of it changes.
 * Never: a record that broke in place of the last good one; more in memory than `entries`, however many names
 * strangers invent.
 *
 * @param parts `changed` is called when other clients than before are in memory.
 */
export function createRecordShelf<Version>(
  parts: {
    readonly clock: Pick<Clock, 'monotonic'>;
    readonly observe: Observe;
    readonly changed: () => void;
  },
  settings: Pick<RecordStoreSettings, 'recheck' | 'missing' | 'entries'>,
): RecordShelf<Version> {
  const { clock, observe, changed } = parts;
  const known = new LRUCache<string, RecordInUse<Version>>({
    max: settings.entries,
    dispose: (_known, _name, reason) => {
      if (reason === 'evict') changed();
    },
  });
  // Apart, so that names which strangers invent push out no tenant.
  const refused = new LRUCache<string, Refused>({ max: settings.entries });

  return {
    fresh(name) {
      const held = known.get(name) ?? refused.get(name);
      return held !== undefined && clock.monotonic() < held.until ? held : null;
    },
    last: (name) => known.peek(name) ?? null,
    keep,
    expire(name) {
      refused.delete(name);
      const held = known.peek(name);
      if (held !== undefined) known.set(name, { ...held, until: LONG_AGO });
    },
    clients: () => Array.from(known.values(), ({ client }) => client),
    get size() {
      return known.size;
    },
    status: () => ({ tenants: known.size, absent: refused.size, broken: countBroken(known.values()) }),
  };

  function keep(name: string, reading: Reading<Version>, before: RecordInUse<Version> | null): Held {
    switch (reading.kind) {
      case 'read':
        return keepRead(name, reading, before);
      case 'unchanged':
        if (before === null) return refuse(name, failed('changed while it was read'), settings.missing);
        return put(name, { ...before, version: reading.version, problem: null }, reading.freshFor);
      case 'missing':
        if (known.delete(name)) changed();
        return refuse(name, NO_RECORD, longer(settings.missing, reading.freshFor), true);
      case 'failed':
        return before === null
          ? refuse(name, failed(`the record "${name}" ${reading.detail}`), settings.missing)
          : keepBroken(name, reading, before);
      default:
        return unreachable(reading);
    }
  }

  function keepRead(
    name: string,
    { client, version, freshFor }: Extract<Reading<Version>, { readonly kind: 'read' }>,
    before: RecordInUse<Version> | null,
  ): Held {
    refused.delete(name);
    const next = before === null ? client : successorOf(before.client, client, clock.monotonic());
    const answer = before !== null && next === before.client ? before.answer : succeed(next);
    return put(name, { client: next, answer, isAbsent: false, version, problem: null }, freshFor);
  }

  /** What is wrong with all records at once is not told for each. */
  function keepBroken(name: string, { cause, detail }: ReadingFailure, before: RecordInUse<Version>): Held {
    if (cause === 'unavailable') return put(name, before);
    if (before.problem !== detail) observe(warningOf(name, detail));
    return put(name, { ...before, problem: detail });
  }

  function put(name: string, next: Omit<RecordInUse<Version>, 'until'>, freshFor?: Milliseconds): Held {
    const held = { ...next, until: after(longer(settings.recheck, freshFor)) };
    const isKnown = known.peek(name)?.client === next.client;
    known.set(name, held);
    if (!isKnown) changed();
    return held;
  }

  function refuse(name: string, answer: ClientAnswer, forMs: Milliseconds, isAbsent = false): Held {
    const held = { answer, isAbsent, until: after(forMs) };
    refused.set(name, held);
    return held;
  }

  function after(pause: Milliseconds): MonotonicMilliseconds {
    return monotonicMilliseconds(clock.monotonic() + pause);
  }
}

function warningOf(name: string, problem: string): HouseEvent {
  const detail = `client store: the record "${name}" ${problem}; the version before stays in force`;
  return { event: 'lifecycle', phase: 'warning', detail };
}

function countBroken(records: Iterable<RecordInUse<unknown>>): number {
  let count = 0;
  for (const { problem } of records) if (problem !== null) count += 1;
  return count;
}

/** A source may put off the next look, never hurry it. */
function longer(least: Milliseconds, wanted: Milliseconds | undefined): Milliseconds {
  return milliseconds(Math.max(least, wanted ?? 0));
}

export function failed(detail: string): ClientAnswer {
  return fail({ kind: 'fault', fault: fault('client_store_failed', detail) });
}
