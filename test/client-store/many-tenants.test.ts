import { describe, expect, it } from '@jest/globals';
import { createRecordReader, createRecordStore, type RecordSource } from '../../src/client-store/index.ts';
import { readClientRecord } from '../../src/config/index.ts';
import { type HouseEvent, milliseconds } from '../../src/domain/index.ts';
import { systemClock } from '../../src/index.ts';
import { aRequest } from '../support/builders.ts';
import { aRecord, ISSUERS } from './record-scene.ts';

// The short form of `make bench ONLY=tenants`, which measures memory and time.
const TENANTS = process.env['GATEHOUSE_LONG'] === '1' ? 100_000 : 2_000;
const ENTRIES = TENANTS / 10;

function aStore(source: Pick<RecordSource<unknown>, 'read'>) {
  const events: HouseEvent[] = [];
  const store = createRecordStore(
    {
      source: { hasFamilies: false, ...source },
      clock: systemClock,
      observe: (event) => void events.push(event),
    },
    {
      by: { kind: 'host' },
      recheck: milliseconds(3_600_000),
      missing: milliseconds(3_600_000),
      timeout: milliseconds(60_000),
      entries: ENTRIES,
      limits: { concurrent: 64, queue: 1_024 },
    },
  );
  return { store, events };
}

describe('many tenants', () => {
  it('are as many in memory as `entries` says, the latest ones, whatever their number', async () => {
    const looks = new Map<string, number>();
    const reader = createRecordReader(
      { readRecord: (record) => readClientRecord(record, { issuers: ISSUERS }) },
      { secrets: null },
    );
    const { store } = aStore({
      async read(name) {
        looks.set(name, (looks.get(name) ?? 0) + 1);
        return reader.read(name, Buffer.from(aRecord({ clientId: name })), null);
      },
    });
    let served = 0;
    for (let tenant = 0; tenant < TENANTS; tenant += 1)
      if ((await store.get(null, aRequest({ host: `t${tenant}.example` }))).ok) served += 1;
    expect(served).toBe(TENANTS);
    expect(store.inForce()).toHaveLength(ENTRIES);
    expect(store.status()).toMatchObject({ tenants: ENTRIES });

    const latest = Array.from({ length: ENTRIES }, (_, index) => TENANTS - 1 - index);
    const waiting = latest.filter(
      (tenant) => store.get(null, aRequest({ host: `t${tenant}.example` })) instanceof Promise,
    );
    expect(waiting).toEqual([]);
    expect(new Set(looks.values())).toEqual(new Set([1]));
  });

  it('that do not exist take no more room, and push out nobody', async () => {
    const known = { ok: true };
    const { store } = aStore({
      read: async (name) =>
        name === 'known.example'
          ? createRecordReader(
              { readRecord: (record) => readClientRecord(record, { issuers: ISSUERS }) },
              { secrets: null },
            ).read(name, Buffer.from(aRecord()), null)
          : { kind: 'missing' },
    });
    expect(await store.get(null, aRequest({ host: 'known.example' }))).toMatchObject(known);
    let refused = 0;
    for (let stranger = 0; stranger < TENANTS; stranger += 1)
      if (!(await store.get(null, aRequest({ host: `x${stranger}.example` }))).ok) refused += 1;
    expect(refused).toBe(TENANTS);
    expect(store.status()).toMatchObject({ tenants: 1, absent: ENTRIES });
    expect(store.get(null, aRequest({ host: 'known.example' }))).toMatchObject(known);
  });

  it('of a source that breaks its promise and rejects are failures, told as a crash', async () => {
    const { store, events } = aStore({ read: async () => Promise.reject(new TypeError('canary')) });
    expect(await store.get('a', aRequest())).toMatchObject({ ok: false, failure: { kind: 'fault' } });
    expect(events).toContainEqual({ event: 'crashed', where: 'client-store', cause: 'TypeError' });
  });
});
