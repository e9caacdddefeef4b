import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { openSharedStore } from '../../src/cli/shared-store.ts';
import { systemClock, systemRandomness } from '../../src/cli/system.ts';
import { temporaryFolder } from '../support/processes.ts';

const folder = temporaryFolder('shared-store');
afterAll(() => folder.remove());

const told = globalThis as { disconnected?: readonly string[] };

/** A store of a module whose `disconnect` does this when it is called. */
function openModule(name: string, whatItDoes: string) {
  const path = join(folder.path, `${name}.mjs`);
  writeFileSync(
    path,
    `const nothing = async () => undefined;
export default {
  get: nothing, set: nothing, delete: nothing, clear: nothing, opts: {}, on: () => undefined,
  disconnect() {
    globalThis.disconnected = [...(globalThis.disconnected ?? []), '${name}'];
    ${whatItDoes}
  },
};`,
  );
  const parts = { clock: systemClock, randomness: systemRandomness, observe: () => undefined };
  return openSharedStore({ kind: 'module', path }, parts);
}

describe('the store of a module', () => {
  it.each([
    ['well', ''],
    ['throwing', 'throw new Error("not now");'],
    ['rejecting', 'return Promise.reject(new Error("not now"));'],
    ['endless', 'return new Promise(() => undefined);'],
  ])('is told to disconnect and let go of, whatever comes of it: %s', async (name, whatItDoes) => {
    const store = await openModule(name, whatItDoes);
    await store.close();
    expect(told.disconnected).toContain(name);
  });
});
