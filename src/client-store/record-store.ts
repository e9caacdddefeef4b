import { createGate, createSingleFlight, withinBudget } from '../bounds/index.ts';
import {
  type ClientContext,
  type ClientStore,
  type ClientStoreSettings,
  type Clock,
  fail,
  fault,
  type JsonObject,
  milliseconds,
  monotonicMilliseconds,
  type Observe,
  type RequestContext,
  type Soon,
} from '../domain/index.ts';
import { type ClientAnswer, createRecordShelf, failed } from './record-shelf.ts';
import type { Reading, RecordSource } from './record-source.ts';
import { createTenantOf, isTenantName } from './tenant-key.ts';

/** A client store whose records are elsewhere: as many as there are, of which a bounded number is in memory. */
export interface RecordStore extends ClientStore {
  /** Those in memory. */
  inForce(): readonly ClientContext[];
  status(): JsonObject;
  close(): void;
}

export interface RecordStoreParts<Version> {
  readonly source: RecordSource<Version>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly observe: Observe;
}

const NOBODY: ClientAnswer = fail({
  kind: 'deny',
  reason: 'no_client',
  detail: 'the request names no tenant of the client store',
});
/** Listeners hear of many changes at once. */
const TELL_AFTER_MS = 50;

/**
 * Answers from memory, and reads a record when it is first needed and when the last look is too old.
 *
 * In: the name that a rule gives, or a request that names its tenant. Out: the tenant's client.
 * Never: two readings of one record at once; a wait beyond the caller's; a reading beyond `timeout` that anybody
 * waits for.
 */
export function createRecordStore<Version>(
  { source, clock, observe }: RecordStoreParts<Version>,
  settings: Omit<ClientStoreSettings, 'directory'>,
): RecordStore {
  const tenantOf = createTenantOf(settings.by);
  const listeners = new Set<(clients: readonly ClientContext[]) => void>();
  const shelf = createRecordShelf<Version>({ clock, observe, changed: tellLater }, settings);
  const flights = createSingleFlight<string, ClientAnswer>(() => milliseconds(0));
  const gate = createGate(settings.limits);
  let telling: NodeJS.Timeout | null = null;

  return {
    get,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    inForce: () => shelf.clients(),
    status: () => ({ ...shelf.status(), reading: gate.inside, waiting: gate.waiting }),
    close() {
      listeners.clear();
      if (telling !== null) clearTimeout(telling);
    },
  };

  function get(client: string | null, context: RequestContext): Soon<ClientAnswer> {
    const name = client ?? tenantOf(context);
    if (name === null || !isTenantName(name)) return NOBODY;
    return shelf.fresh(name) ?? waitFor(name, context);
  }

  /** A record that takes too long is no reason to stop a tenant who is known. */
  async function waitFor(name: string, { waitUntil }: RequestContext): Promise<ClientAnswer> {
    const looking = flights.join(name) ?? flights.start(name, () => look(name));
    const waited = await withinBudget(looking, waitUntil, clock);
    if (waited.ok) return waited.value;
    return shelf.last(name)?.answer ?? fail({ kind: 'fault', fault: fault('wait_exceeded') });
  }

  async function look(name: string): Promise<ClientAnswer> {
    const leave = await gate.enter(AbortSignal.timeout(settings.timeout));
    if (typeof leave === 'string') {
      return shelf.last(name)?.answer ?? failed('too many records are being read; see `clientStore.limits`');
    }
    try {
      return shelf.keep(name, await read(name));
    } finally {
      leave();
    }
  }

  async function read(name: string): Promise<Reading<Version>> {
    const until = monotonicMilliseconds(clock.monotonic() + settings.timeout);
    const reading = await withinBudget(source.read(name, shelf.last(name)?.version ?? null), until, clock);
    if (reading.ok) return reading.value;
    return { kind: 'failed', detail: `could not be read within ${settings.timeout} ms` };
  }

  function tellLater(): void {
    telling ??= setTimeout(() => {
      telling = null;
      const clients = shelf.clients();
      for (const listener of listeners) listener(clients);
    }, TELL_AFTER_MS).unref();
  }
}
