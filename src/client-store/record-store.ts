import { withinBudget } from '../bounds/index.ts';
import {
  type ClientContext,
  type ClientStore,
  type Clock,
  fail,
  fault,
  type JsonObject,
  type Observe,
  type RecordStoreSettings,
  type RequestContext,
  type Soon,
} from '../domain/index.ts';
import { createChangeListeners } from './change-listeners.ts';
import { familiesOf } from './families.ts';
import { createLooks } from './looks.ts';
import { type ClientAnswer, createRecordShelf, type Held } from './record-shelf.ts';
import type { RecordSource } from './record-source.ts';
import { createStoreHealth } from './store-health.ts';
import { createTenantOf, isHostKey, isTenantName } from './tenant-key.ts';

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
/**
 * Answers from memory, and reads a record when it is first needed and when the last look is too old.
 *
 * In: the name that a rule gives, or a request that names its tenant. Out: the tenant's client.
 * Never: two readings of one record at once; a wait beyond the caller's; a reading beyond `timeout` that anybody
 * waits for; a wait for a store that does not answer, where the last good record is at hand.
 */
export function createRecordStore<Version>(
  { source, clock, observe }: RecordStoreParts<Version>,
  settings: RecordStoreSettings,
): RecordStore {
  const tenantOf = createTenantOf(settings.by);
  const hasFamilies = source.hasFamilies && isHostKey(settings.by);
  const health = createStoreHealth({ observe });
  const listeners = createChangeListeners(
    () => shelf.clients(),
    () => shelf.size,
  );
  const shelf = createRecordShelf<Version>({ clock, observe, changed: () => listeners.changed() }, settings);
  const looks = createLooks({ source, shelf, health, clock, observe }, settings);
  source.watch?.((name) => looks.changed(name));

  return {
    get,
    onChange: (listener) => listeners.add(listener),
    inForce: () => shelf.clients(),
    status: () => ({ ...shelf.status(), ...looks.status(), trouble: health.trouble }),
    close: () => listeners.close(),
  };

  function get(client: string | null, context: RequestContext): Soon<ClientAnswer> {
    const name = client ?? tenantOf(context);
    if (name === null || !isTenantName(name)) return NOBODY;
    const held = atHand(name, context);
    if (client !== null || !hasFamilies)
      return held?.answer ?? waitFor(name, context).then(({ answer }) => answer);
    return held !== null && !held.isAbsent ? held.answer : getOfFamily(name, held, context);
  }

  /** Without a promise where all that has to be known is at hand. */
  function getOfFamily(host: string, own: Held | null, context: RequestContext): Soon<ClientAnswer> {
    if (own === null) return findOneOf([host, ...familiesOf(host)], context);
    const families = familiesOf(host);
    for (const name of families) {
      const held = atHand(name, context);
      if (held === null) return findOneOf(families, context);
      if (!held.isAbsent) return held.answer;
    }
    return own.answer;
  }

  /** A record that is broken does not give way to that of a wider family. */
  async function findOneOf(names: readonly string[], context: RequestContext): Promise<ClientAnswer> {
    let answer = NOBODY;
    for (const name of names) {
      const held = atHand(name, context) ?? (await waitFor(name, context));
      if (!held.isAbsent) return held.answer;
      ({ answer } = held);
    }
    return answer;
  }

  /** What can be answered without a wait; `null`: nothing. */
  function atHand(name: string, context: RequestContext): Held | null {
    const fresh = shelf.fresh(name);
    if (fresh !== null) return fresh;
    const last = shelf.last(name);
    if (last === null) return null;
    // A tenant in use all the time does not wait for the look that is due; nor does anybody, for a store in trouble.
    const overdueMs = clock.monotonic() - last.until;
    if (overdueMs >= settings.recheck && health.trouble === null) return null;
    void looks.take(name, context);
    return last;
  }

  /** A record that takes too long is no reason to stop a tenant who is known. */
  async function waitFor(name: string, context: RequestContext): Promise<Held> {
    const waited = await withinBudget(looks.take(name, context), context.waitUntil, clock);
    if (waited.ok) return waited.value;
    return shelf.last(name) ?? { answer: TOO_LATE, isAbsent: false };
  }
}

const TOO_LATE: ClientAnswer = fail({ kind: 'fault', fault: fault('wait_exceeded') });
