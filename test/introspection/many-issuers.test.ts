import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { ClientContext } from '../../src/domain/index.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

const IS_LONG = process.env['GATEHOUSE_LONG'] === '1';
const ISSUERS = IS_LONG ? 20_000 : 200;
const PATIENCE_MS = IS_LONG ? 1_200_000 : 60_000;
const AT_ONCE = 8;
/** Tenants in memory at once, as a client store with few `entries` has them. */
const ENTRIES = ISSUERS / 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let server: FaultServer;
let scene: Scene;
let running = 0;
let most = 0;
beforeEach(async () => {
  running = 0;
  most = 0;
  server = await startFaultServer();
  server.on('/introspect', json({ active: true }));
  server.always(async ({ path }) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    const tenant = path.split('/').at(-1) ?? '';
    return json({ issuer: server.url(`/${tenant}`), introspection_endpoint: server.url('/introspect') });
  });
  scene = openScene({ discoveriesAtOnce: AT_ONCE });
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

const tenant = (number: number): ClientContext =>
  aDiscoveringClient(server.url(`/tenant-${number}`), { name: `tenant-${number}` });

/** In use after everything that can go is gone, in bytes. */
async function heapInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

describe(`${ISSUERS} issuers`, () => {
  it(
    'are discovered so many at once as are set, and each is kept in some KiB',
    async () => {
      const clients = Array.from({ length: ISSUERS }, (_, number) => tenant(number));
      await scene.ask(tenant(-1));
      server.forget();
      const before = await heapInUse();
      const questions = await Promise.all(clients.map((client) => scene.prepare(client)));
      expect(questions.every(({ ok }) => ok)).toBe(true);
      expect(most).toBeLessThanOrEqual(AT_ONCE);
      expect(server.requests).toHaveLength(ISSUERS);

      server.forget();
      scene.events.length = 0;
      questions.length = 0;
      const each = ((await heapInUse()) - before) / ISSUERS;
      process.stdout.write(`figure heap_for_each_issuer ${Math.round(each)} bytes\n`);
      expect(each).toBeLessThan(32 * 1024);
      expect(scene.introspector.stats()).toHaveLength(ISSUERS + 1);
    },
    PATIENCE_MS,
  );

  it(
    'that come and go leave nothing behind: as many are held as are in force',
    async () => {
      const gone: WeakRef<ClientContext>[] = [];
      let inForce: ClientContext[] = [];
      for (let first = 0; first < ISSUERS; first += ENTRIES) {
        inForce = Array.from({ length: ENTRIES }, (_, number) => tenant(first + number));
        scene.introspector.retain(inForce);
        const outcomes = await Promise.all(inForce.map((client) => scene.ask(client, 'token')));
        expect(outcomes.map(outcomeOf).every((outcome) => outcome === 'active')).toBe(true);
        expect(scene.introspector.stats()).toHaveLength(ENTRIES);
        if (first + ENTRIES < ISSUERS) gone.push(...inForce.map((client) => new WeakRef(client)));
      }
      expect(most).toBeLessThanOrEqual(AT_ONCE);
      await heapInUse();
      const held = gone.filter((reference) => reference.deref() !== undefined).length;
      expect(held).toBeLessThanOrEqual(ENTRIES);
      expect(inForce).toHaveLength(ENTRIES);
    },
    PATIENCE_MS,
  );
});
