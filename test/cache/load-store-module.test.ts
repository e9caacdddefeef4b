import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createSharedCache, loadStoreModule, openKeyv } from '../../src/cache/index.ts';
import { milliseconds, MISS } from '../../src/domain/index.ts';
import { systemClock } from '../../src/cli/system.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { aKey, anActiveRecord, anObserver, SHARED } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-store-module-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const ADAPTER =
  '{ get: async () => undefined, set: async () => true, delete: async () => true, clear: async () => undefined }';

describe('a store module', () => {
  it.each([
    ['an adapter', `export default ${ADAPTER};`],
    ['a function that makes one', `export default () => (${ADAPTER});`],
    ['a function that makes one later', `export default async () => (${ADAPTER});`],
    [
      'a class instance',
      'class Store { get() {} set() {} delete() {} clear() {} }\nexport default new Store();',
    ],
  ])('gives a store when it exports %s', async (_what, text) => {
    expect((await load(text)).ok).toBe(true);
  });

  const FORM =
    'must export a Keyv store adapter as its default: an object with `get`, `set`, `delete` and `clear`, or a function that makes one';
  it.each([
    ['is not JavaScript', 'export default {', 'cannot be loaded (SyntaxError)'],
    ['throws', 'throw new RangeError("hunter2");', 'cannot be loaded (RangeError)'],
    [
      'makes one and throws',
      'export default () => { throw new RangeError("hunter2"); };',
      'cannot be loaded (RangeError)',
    ],
    ['exports nothing', 'export const store = 1;', FORM],
    ['exports something else', 'export default { get() {} };', FORM],
    ['makes nothing', 'export default () => null;', FORM],
    ['never comes back', 'export default () => new Promise(() => {});', 'did not load within 300 ms'],
  ])('that %s is refused, without a word of its own', async (_what, text, message) => {
    const loaded = await load(text);
    expect(loaded.ok ? '' : loaded.failure).toContain(message);
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
  });

  it('that is not there is refused', async () => {
    const loaded = await loadStoreModule(join(folder, 'absent.mjs'), milliseconds(2_000), systemClock);
    expect(loaded).toMatchObject({ ok: false });
  });
});

describe("an adapter of somebody else's", () => {
  it.each([
    [
      'throws',
      '{ get() { throw new Error(); }, set() { throw new Error(); }, delete() {}, clear() {} }',
      'error',
    ],
    [
      'rejects',
      '{ get: () => Promise.reject("x"), set: () => Promise.reject(), delete() {}, clear() {} }',
      'error',
    ],
    [
      'never answers',
      '{ get: () => new Promise(() => {}), set: () => new Promise(() => {}), delete() {}, clear() {} }',
      'timeout',
    ],
    [
      'answers with something strange',
      '{ get: async () => ({ value: { active: true } }), set: async () => false, delete() {}, clear() {} }',
      'unsealable',
    ],
  ])('that %s is a miss, counted, and nothing more', async (_what, adapter, cause) => {
    const loaded = await load(`export default ${adapter};`);
    if (!loaded.ok) throw new Error(loaded.failure);
    const { observe, failures } = anObserver();
    const { seal } = deriveKeys(Buffer.alloc(32, 7));
    const cache = createSharedCache(
      { store: openKeyv(loaded.value), seal, clock: systemClock, observe, readIntrospection },
      { ...SHARED, timeout: milliseconds(20) },
    );
    expect(await cache.get('introspection', aKey('alice'))).toEqual(MISS);
    await cache.put('introspection', aKey('alice'), anActiveRecord());
    expect(failures()[0]).toBe(`get ${cause}`);
    expect(failures()).toHaveLength(2);
  });
});

function load(text: string) {
  const path = join(folder, `store-${(count += 1)}.mjs`);
  writeFileSync(path, text);
  // Room for a busy machine, but where the module never comes back.
  const budget = text.includes('new Promise(() => {});') ? 300 : 10_000;
  return loadStoreModule(path, milliseconds(budget), systemClock);
}
