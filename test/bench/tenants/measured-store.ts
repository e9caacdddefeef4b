/** One client store and what hangs on its clients, measured from within; told to the parent as a message. */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { openRedisStore } from '../../../src/cache/redis-store.ts';
import {
  createDirectorySource,
  createHttpSource,
  createKeyvSource,
  createRecordReader,
  createRecordStore,
  type RecordStore,
} from '../../../src/client-store/index.ts';
import { readClientRecord } from '../../../src/config/index.ts';
import { milliseconds, type RecordStoreSettings, type RequestContext } from '../../../src/domain/index.ts';
import { createIntrospector } from '../../../src/introspection/index.ts';
import { createRecordSeal } from '../../../src/sealing/index.ts';
import { systemClock, systemRandomness } from '../../../src/index.ts';
import { aRequest } from '../../support/builders.ts';
import { residentMemoryOf } from '../process-account.ts';
import { ISSUERS, tenantName, type TenantsJob, type TenantsMeasured } from './job.ts';

const AT_ONCE = 64;
const LOOKUPS = 200_000;
const ROUNDS = 5;

process.once('message', (job: TenantsJob) => {
  void measure(job).then((measured) => process.send?.(measured, () => process.exit(0)));
});

async function measure(job: TenantsJob): Promise<TenantsMeasured> {
  const store = await openStore(job);
  const system = { clock: systemClock, randomness: systemRandomness, observe: () => undefined };
  const introspector = createIntrospector({
    ...system,
    resolveName: async () => [],
    discoveriesAtOnce: () => 16,
  });
  store.onChange((clients) => introspector.retain(clients));

  const began = process.cpuUsage();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < job.tenants) {
        const request = requestFor((next += 1) - 1);
        const answer = await store.get(null, request);
        if (!answer.ok) throw new Error(JSON.stringify(answer.failure));
        if (!job.isAsked) continue;
        const question = await introspector.prepare(answer.value, request);
        if (!question.ok) throw new Error(JSON.stringify(question.failure));
      }
    }),
  );
  const look = microsecondsSince(began) / job.tenants;
  await sleep(3_000);
  const residentMemory = residentMemoryOf(process.pid);
  return { residentMemory, look, lookup: lookupsOf(store, job), inMemory: store.inForce().length };
}

/** Of as many tenants whatever their number is, out of those that were looked at last and are in memory. */
function lookupsOf(store: RecordStore, { tenants, entries }: TenantsJob): number {
  const known = Math.min(tenants, entries);
  const requests = Array.from({ length: Math.min(known, 1_000) }, () =>
    requestFor(tenants - 1 - Math.floor(Math.random() * known)),
  );
  const rounds = Array.from({ length: ROUNDS }, () => {
    const began = process.cpuUsage();
    for (let index = 0; index < LOOKUPS; index += 1) {
      const answer = store.get(null, requests[index % requests.length] ?? aRequest());
      if (answer instanceof Promise || !answer.ok) throw new Error('a tenant is not in memory');
    }
    return (microsecondsSince(began) * 1_000) / LOOKUPS;
  });
  return Math.min(...rounds);
}

function microsecondsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return user + system;
}

function requestFor(index: number): RequestContext {
  return aRequest({ host: tenantName(index) });
}

async function openStore({ kind, place, key, entries }: TenantsJob): Promise<RecordStore> {
  const settings: RecordStoreSettings = {
    by: { kind: 'host' },
    // Nothing is looked at twice here: that is what is measured apart.
    recheck: milliseconds(3_600_000),
    missing: milliseconds(5_000),
    timeout: milliseconds(60_000),
    entries,
    limits: { concurrent: AT_ONCE, queue: 1_024 },
  };
  const parts = { clock: systemClock, observe: () => undefined };
  const reader = createRecordReader(
    { readRecord: (record) => readClientRecord(record, { issuers: ISSUERS }) },
    { secrets: null },
  );
  switch (kind) {
    case 'directory':
      return createRecordStore(
        { ...parts, source: createDirectorySource({ reader }, { path: place }) },
        settings,
      );
    case 'http': {
      const service = {
        url: place,
        headers: [],
        tls: { ca: null, minVersion: 'TLSv1.2' },
        maxAge: milliseconds(0),
        timeout: milliseconds(60_000),
        connections: AT_ONCE,
      } as const;
      return createRecordStore({ ...parts, source: createHttpSource({ reader }, service) }, settings);
    }
    case 'keyv': {
      const redis = openRedisStore(
        {
          place: {
            kind: 'single',
            node: { host: '127.0.0.1', port: Number(new URL(place).port) },
            database: 0,
          },
          username: null,
          password: null,
          tls: null,
        },
        { observe: () => undefined, randomness: systemRandomness },
      );
      while (redis.status()['state'] !== 'connected') await sleep(20);
      const seal = createRecordSeal([Buffer.from(key, 'base64')]);
      const source = createKeyvSource({ reader, entries: redis.store, seal: () => seal });
      return createRecordStore({ ...parts, source }, settings);
    }
  }
}
