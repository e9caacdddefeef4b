import { createGate, createSingleFlight, withinBudget } from '../bounds/index.ts';
import {
  classOf,
  type Clock,
  type JsonObject,
  milliseconds,
  monotonicMilliseconds,
  type Observe,
  type RecordStoreSettings,
  type RequestContext,
} from '../domain/index.ts';
import { failed, type Held, type RecordInUse, type RecordShelf } from './record-shelf.ts';
import { cannotAsk, cannotUse, type Look, type Reading, type RecordSource } from './record-source.ts';
import type { StoreHealth } from './store-health.ts';

/** Looks at records where they are, and puts what they bring on the shelf. */
export interface Looks {
  /** Joins the look at this name that is under way, or begins one. Settles within twice `timeout`; never rejects. */
  take(name: string, request: RequestContext): Promise<Held>;
  /** The record has changed: what is held, and what a look that is under way brings, may be from before. */
  changed(name: string): void;
  status(): JsonObject;
}

interface LookParts<Version> {
  readonly source: RecordSource<Version>;
  readonly shelf: RecordShelf<Version>;
  readonly health: StoreHealth;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly observe: Observe;
}

export function createLooks<Version>(
  { source, shelf, health, clock, observe }: LookParts<Version>,
  { timeout, limits }: Pick<RecordStoreSettings, 'timeout' | 'limits'>,
): Looks {
  const flights = createSingleFlight<string, Held>(() => milliseconds(0));
  const gate = createGate(limits);
  /** Names that are being read, and whether their record has changed since that began. */
  const underWay = new Map<string, boolean>();
  return { take, changed, status: () => ({ reading: gate.inside, waiting: gate.waiting }) };

  function take(name: string, context: RequestContext): Promise<Held> {
    return flights.join(name) ?? flights.start(name, () => look(name, context));
  }

  function changed(name: string): void {
    shelf.expire(name);
    if (underWay.has(name)) underWay.set(name, true);
  }

  async function look(name: string, request: RequestContext): Promise<Held> {
    const leave = await gate.enter(AbortSignal.timeout(timeout));
    if (typeof leave === 'string') return shelf.last(name) ?? { answer: TOO_MANY, isAbsent: false };
    try {
      underWay.set(name, false);
      const before = shelf.last(name);
      const reading = await read(name, before, request);
      const outcome = reading.kind === 'failed' ? reading.cause : reading.kind;
      observe({ event: 'client_record_read', outcome });
      health.note(reading);
      const held = shelf.keep(name, reading, before);
      if (underWay.get(name) === true) shelf.expire(name);
      return held;
    } finally {
      underWay.delete(name);
      leave();
    }
  }

  async function read(
    name: string,
    before: RecordInUse<Version> | null,
    request: RequestContext,
  ): Promise<Reading<Version>> {
    const until = monotonicMilliseconds(clock.monotonic() + timeout);
    const given = new AbortController();
    const look = { request, signal: given.signal };
    const reading = await withinBudget(readSafely(name, before, look), until, clock);
    if (reading.ok) return reading.value;
    given.abort();
    return cannotAsk(`could not be read within ${timeout} ms`);
  }

  async function readSafely(
    name: string,
    before: RecordInUse<Version> | null,
    look: Look,
  ): Promise<Reading<Version>> {
    try {
      return await source.read(name, before?.version ?? null, look);
    } catch (cause) {
      observe({ event: 'crashed', where: 'client-store', cause: classOf(cause) });
      return cannotUse('cannot be read');
    }
  }
}

const TOO_MANY = failed('too many records are being read; see `clientStore.limits`');
