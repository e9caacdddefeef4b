import { LRUCache } from 'lru-cache';
import {
  type ClientContext,
  type ClientRefusal,
  type ClientStoreSettings,
  type Clock,
  fail,
  fault,
  type JsonObject,
  type Milliseconds,
  type MonotonicMilliseconds,
  monotonicMilliseconds,
  type Observe,
  type Result,
  succeed,
  unreachable,
} from '../domain/index.ts';
import type { Reading } from './record-source.ts';
import { isSameClient } from './same-client.ts';

export type ClientAnswer = Result<ClientContext, ClientRefusal>;

/** The records in memory, and the names for which there is none: both bounded. */
export interface RecordShelf<Version> {
  /** The answer for a name, while nobody has to look again; counts as use. */
  fresh(name: string): ClientAnswer | null;
  /** The last good record, however old. */
  last(name: string): { readonly answer: ClientAnswer; readonly version: Version } | null;
  /** Takes in what a look has brought, and says what to answer. */
  keep(name: string, reading: Reading<Version>): ClientAnswer;
  clients(): readonly ClientContext[];
  status(): JsonObject;
}

interface Known<Version> {
  readonly client: ClientContext;
  readonly answer: ClientAnswer;
  readonly version: Version;
  readonly until: MonotonicMilliseconds;
  /** What is wrong with a newer version; `null`: nothing. */
  readonly problem: string | null;
}

interface Refused {
  readonly answer: ClientAnswer;
  readonly until: MonotonicMilliseconds;
}

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
  settings: Pick<ClientStoreSettings, 'recheck' | 'missing' | 'entries'>,
): RecordShelf<Version> {
  const { clock, observe, changed } = parts;
  const known = new LRUCache<string, Known<Version>>({
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
      return held !== undefined && clock.monotonic() < held.until ? held.answer : null;
    },
    last: (name) => known.peek(name) ?? null,
    keep,
    clients: () => Array.from(known.values(), ({ client }) => client),
    status: () => ({
      tenants: known.size,
      absent: refused.size,
      broken: Array.from(known.values()).filter(({ problem }) => problem !== null).length,
    }),
  };

  function keep(name: string, reading: Reading<Version>): ClientAnswer {
    const before = known.peek(name);
    switch (reading.kind) {
      case 'read':
        return keepRead(name, reading.client, reading.version);
      case 'unchanged':
        if (before === undefined) return refuse(name, failed('changed while it was read'));
        known.set(name, { ...before, until: after(settings.recheck), problem: null });
        return before.answer;
      case 'missing':
        if (known.delete(name)) changed();
        return refuse(name, NO_RECORD);
      case 'failed':
        return before === undefined
          ? refuse(name, failed(`the record "${name}" ${reading.detail}`))
          : keepBroken(name, before, reading.detail);
      default:
        return unreachable(reading);
    }
  }

  function keepRead(name: string, client: ClientContext, version: Version): ClientAnswer {
    const before = known.peek(name);
    const until = after(settings.recheck);
    refused.delete(name);
    if (before !== undefined && isSameClient(before.client, client)) {
      known.set(name, { ...before, version, until, problem: null });
      return before.answer;
    }
    const answer = succeed(client);
    known.set(name, { client, answer, version, until, problem: null });
    changed();
    return answer;
  }

  function keepBroken(name: string, before: Known<Version>, problem: string): ClientAnswer {
    if (before.problem !== problem) {
      const detail = `client store: the record "${name}" ${problem}; the version before stays in force`;
      observe({ event: 'lifecycle', phase: 'warning', detail });
    }
    known.set(name, { ...before, until: after(settings.recheck), problem });
    return before.answer;
  }

  function refuse(name: string, answer: ClientAnswer): ClientAnswer {
    refused.set(name, { answer, until: after(settings.missing) });
    return answer;
  }

  function after(pause: Milliseconds): MonotonicMilliseconds {
    return monotonicMilliseconds(clock.monotonic() + pause);
  }
}

export function failed(detail: string): ClientAnswer {
  return fail({ kind: 'fault', fault: fault('client_store_failed', detail) });
}
