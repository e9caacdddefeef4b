import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { entryNameOf, sealRecord } from '../../../src/client-store/index.ts';
import { createRecordSeal } from '../../../src/sealing/index.ts';
import { startRedis } from '../../support/redis.ts';
import type { Bench, Scenario } from '../bench.ts';
import { nextMessage, startPinned } from '../pinned-process.ts';
import { tenantName, tenantRecord, type TenantsJob, type TenantsMeasured } from '../tenants/job.ts';

const MANY = 100_000;
const FEW = 1_000;
const WITHIN = 600_000;
const GIBIBYTE = 1_073.7;

/** Memory and lookups with 100,000 tenants in a folder, at a service and in Redis. */
export const tenants: Scenario = {
  name: 'tenants',
  onlyFull: true,
  async run(bench) {
    const { figures } = bench;
    const key = randomBytes(32);
    await withFolder(async (place) => {
      await inUse(bench, { kind: 'directory', place, key: '' });
      const store = { kind: 'directory', place, key: '', isAsked: false } as const;
      const few = await measured(bench, { ...store, tenants: FEW, entries: FEW });
      const many = await measured(bench, { ...store, tenants: MANY, entries: MANY });
      figures.add('tenants-all-in-memory-resident-memory', [many.residentMemory / 1e6], 'MB', GIBIBYTE);
      figures.add('tenants-lookup-of-100000', [many.lookup], 'ns');
      // The same work; what is left is that more of it is out of the processor's caches.
      figures.add('tenants-lookup-of-100000-against-1000', [many.lookup / few.lookup], 'ratio', 4);
    });
    await withService(async (place) => inUse(bench, { kind: 'http', place, key: '' }));
    await withRedis(key, async (place) => inUse(bench, { kind: 'keyv', place, key: key.toString('base64') }));
  },
};

/** As many in memory as without a setting, each of the 100,000 asked about in turn. */
async function inUse(bench: Bench, store: Pick<TenantsJob, 'kind' | 'place' | 'key'>): Promise<void> {
  const found = await measured(bench, { ...store, tenants: MANY, entries: 10_000, isAsked: true });
  const name = `tenants-${store.kind}-100000`;
  bench.figures.add(`${name}-resident-memory`, [found.residentMemory / 1e6], 'MB', GIBIBYTE);
  bench.figures.add(`${name}-first-look`, [found.look], 'us');
}

async function measured({ say }: Bench, job: TenantsJob): Promise<TenantsMeasured> {
  const started = startPinned(
    process.execPath,
    // As an instance runs.
    ['--max-semi-space-size=2', join(import.meta.dirname, '../tenants/measured-store.ts')],
    'measured',
  );
  try {
    started.child.send(job);
    const found = await nextMessage<TenantsMeasured>(started, WITHIN);
    say(
      `  ${job.kind}, ${job.tenants} tenants, ${found.inMemory} in memory: ${(found.residentMemory / 1e6).toFixed(0)} MB, ${found.look.toFixed(0)} us a look, ${found.lookup.toFixed(0)} ns a lookup`,
    );
    return found;
  } finally {
    await started.stop();
  }
}

async function withFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-tenants-'));
  try {
    for (const name of namesOf(MANY)) writeFileSync(join(folder, `${name}.json`), tenantRecord(name));
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withService(use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const record = tenantRecord(decodeURIComponent(request.url?.slice(1) ?? ''));
    response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' }).end(record);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/{tenant}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function withRedis(key: Buffer, use: (url: string) => Promise<void>): Promise<void> {
  const redis = await startRedis();
  const seal = createRecordSeal([key]);
  try {
    await fill(redis.port, function* () {
      for (const name of namesOf(MANY))
        yield [entryNameOf(name), sealRecord(seal, name, Buffer.from(tenantRecord(name)))];
    });
    await use(redis.url);
  } finally {
    await redis.stop();
  }
}

/** Straight on the wire, without waiting for each reply. */
async function fill(port: number, entries: () => Iterable<readonly [string, string]>): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  const answered = new Promise<void>((resolve, reject) => {
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes === MANY * '+OK\r\n'.length) resolve();
    });
    socket.once('error', reject);
  });
  for (const [name, value] of entries()) {
    const words = ['SET', name, value].map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    if (!socket.write(`*${words.length}\r\n${words.join('')}`))
      await new Promise((resolve) => socket.once('drain', resolve));
  }
  await answered;
  socket.destroy();
}

function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => tenantName(index));
}
