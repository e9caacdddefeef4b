import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPartition, type PartitionBounds } from '../../src/cache/partition.ts';
import type { Entry } from '../../src/cache/slot-queue.ts';
import { bytes, monotonicMilliseconds } from '../../src/domain/index.ts';
import { aKey, anActiveRecord } from './records.ts';

const ENTRY: Entry = {
  hit: {
    kind: 'hit',
    record: anActiveRecord(),
    askedAt: monotonicMilliseconds(0),
    uses: 0,
    seen: 0,
    refreshAt: Infinity,
  },
  servedUntil: monotonicMilliseconds(1),
};
const EACH = bytes(1_000);

describe('a scan of tokens that are used once (T-34)', () => {
  it('leaves what is used in its place, however long it is', () => {
    const { put, use, has } = aPartition({ entries: 100, bytes: bytes(1_000_000) });
    for (let index = 0; index < 80; index += 1) put(`hot ${index}`);
    for (let index = 0; index < 80; index += 1) use(`hot ${index}`);
    for (let index = 0; index < 10_000; index += 1) put(`once ${index}`);
    const left = Array.from({ length: 80 }, (_, index) => has(`hot ${index}`)).filter(Boolean);
    expect(left.length).toBe(80);
  });

  it('is over, and what was hot before it makes room for what is used now', () => {
    const { put, use, has } = aPartition({ entries: 20, bytes: bytes(1_000_000) });
    for (const era of ['old', 'new'])
      for (let round = 0; round < 40; round += 1)
        for (let index = 0; index < 18; index += 1) {
          if (!use(`${era} ${index}`)) put(`${era} ${index}`);
        }
    const left = (era: string) =>
      Array.from({ length: 18 }, (_, index) => has(`${era} ${index}`)).filter(Boolean).length;
    expect([left('old') <= 2, left('new') >= 17]).toEqual([true, true]);
  });

  it('is remembered for the while that a new token needs to be used again', () => {
    const { put, use, has } = aPartition({ entries: 10, bytes: bytes(1_000_000) });
    for (let index = 0; index < 10; index += 1) put(`hot ${index}`);
    for (let index = 0; index < 10; index += 1) use(`hot ${index}`);
    for (let index = 0; index < 50; index += 1) {
      put(`new ${index}`);
      expect(has(`new ${index}`)).toBe(true);
    }
  });
});

describe('an entry in use whose time is over', () => {
  it('has its place back when it comes again soon', () => {
    const { put, use, has, expire } = aPartition({ entries: 20, bytes: bytes(1_000_000) });
    for (let index = 0; index < 20; index += 1) put(`hot ${index}`);
    for (let index = 0; index < 20; index += 1) use(`hot ${index}`);
    for (let index = 0; index < 5; index += 1) put(`once ${index}`);
    const [hot] = Array.from({ length: 20 }, (_, index) => `hot ${index}`)
      .filter(has)
      .slice(-1);
    expire(hot ?? '');
    expect(has(hot ?? '')).toBe(false);
    put(hot ?? '');
    for (let index = 0; index < 500; index += 1) put(`again ${index}`);
    expect(has(hot ?? '')).toBe(true);
  });
});

describe('the share of a client (CACHE-9)', () => {
  it('is its own: another that takes all there is pushes out its own entries only', () => {
    const { put, has, causes } = aPartition({ entries: 100, bytes: bytes(1_000_000) });
    for (let index = 0; index < 50; index += 1) put(`${index}`, 'modest');
    for (let index = 0; index < 1_000; index += 1) put(`greedy ${index}`, 'greedy');
    const left = Array.from({ length: 50 }, (_, index) => has(`${index}`)).filter(Boolean);
    expect([left.length, new Set(causes)]).toEqual([50, new Set(['space'])]);
  });

  it('is given back by who has more than that: entries used there as well', () => {
    const { put, use, has, causes } = aPartition({ entries: 100, bytes: bytes(1_000_000) });
    for (let index = 0; index < 100; index += 1) put(`greedy ${index}`, 'greedy');
    for (let index = 0; index < 100; index += 1) use(`greedy ${index}`);
    for (let index = 0; index < 50; index += 1) put(`${index}`, 'modest');
    const left = (prefix: string, of: number) =>
      Array.from({ length: of }, (_, index) => has(`${prefix}${index}`)).filter(Boolean).length;
    expect([left('', 50), left('greedy ', 100), causes.length]).toEqual([50, 50, 50]);
    expect(new Set(causes)).toEqual(new Set(['share']));
  });

  it('counts bytes as well as entries', () => {
    const { put, has } = aPartition({ entries: 1_000, bytes: bytes(100_000) });
    for (let index = 0; index < 20; index += 1) put(`${index}`, 'modest');
    for (let index = 0; index < 100; index += 1) put(`greedy ${index}`, 'greedy', 20_000);
    expect(Array.from({ length: 20 }, (_, index) => has(`${index}`))).not.toContain(false);
  });

  it('is as large as all there is while nobody else needs any', () => {
    const { put, stats } = aPartition({ entries: 100, bytes: bytes(1_000_000) });
    put('one', 'modest');
    for (let index = 0; index < 99; index += 1) put(`greedy ${index}`, 'greedy');
    expect(stats().entries).toBe(100);
  });

  it('of many clients is found without asking all of them each time', () => {
    const { put, stats } = aPartition({ entries: 5_000, bytes: bytes(100_000_000) });
    for (let index = 0; index < 20_000; index += 1) put(`${index}`, `client ${index % 4_000}`);
    expect(stats().entries).toBe(5_000);
  });
});

describe('a partition', () => {
  it('is never over its bounds, counts right, and finds what it did not push out or drop', () => {
    const action = fc.record({
      key: fc.nat(30),
      owner: fc.nat(3),
      size: fc.integer({ min: 1, max: 400 }),
      kind: fc.constantFrom('put', 'put', 'use', 'drop'),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), fc.integer({ min: 1, max: 12 }), (actions, most) => {
        const bounds = { entries: most, bytes: bytes(1_000) };
        const { put, use, has, drop, stats, causes } = aPartition(bounds);
        const sizes = new Map<string, number>();
        for (const { key, owner, size, kind } of actions) {
          const name = `${owner} ${key}`;
          if (kind === 'use') use(name);
          else if (kind === 'drop') drop(name);
          else put(name, String(owner), size);
          if (kind === 'drop') sizes.delete(name);
          if (kind === 'put') sizes.set(name, size);
          const left = [...sizes].filter(([known]) => has(known));
          const gone = sizes.size - left.length;
          expect(causes.splice(0).length).toBe(gone);
          for (const known of [...sizes.keys()]) if (!has(known)) sizes.delete(known);
          expect(stats()).toEqual({
            entries: left.length,
            bytes: left.reduce((sum, [, bytesOf]) => sum + bytesOf, 0),
          });
          expect([stats().entries <= bounds.entries, stats().bytes <= bounds.bytes]).toEqual([true, true]);
        }
      }),
    );
  });
});

function aPartition(bounds: PartitionBounds) {
  const causes: string[] = [];
  const partition = createPartition(bounds, (cause) => void causes.push(cause));
  return {
    causes,
    put: (name: string, owner = 'main', size: number = EACH) =>
      partition.keep(aKey(name), ENTRY, bytes(size), owner),
    use: (name: string) => partition.find(aKey(name)) !== undefined,
    has: (name: string) => partition.peek(aKey(name)) !== undefined,
    drop: (name: string) => partition.drop(aKey(name)),
    expire: (name: string) => partition.expire(aKey(name)),
    stats: () => partition.stats(),
  };
}
