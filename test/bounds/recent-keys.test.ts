import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createRecentKeys } from '../../src/bounds/index.ts';

const key = (name: number) => createHash('sha256').update(String(name)).digest('base64url');

describe('createRecentKeys', () => {
  it('knows what was added, until it is removed', () => {
    const keys = createRecentKeys(100);
    expect(keys.has(key(1))).toBe(false);
    keys.add(key(1));
    expect(keys.has(key(1))).toBe(true);
    keys.remove(key(1));
    expect(keys.has(key(1))).toBe(false);
  });

  it('leaves another alone that has the same place', () => {
    const keys = createRecentKeys(1);
    for (let name = 0; name < 100; name += 1) keys.add(key(name));
    for (let name = 100; name < 200; name += 1) keys.remove(key(name));
    const known = Array.from({ length: 100 }, (_, name) => keys.has(key(name))).filter(Boolean);
    expect(known.length).toBeGreaterThan(10);
  });

  it('hardly ever takes one for another', () => {
    const keys = createRecentKeys(10_000);
    for (let name = 0; name < 10_000; name += 1) keys.add(key(name));
    const wrong = Array.from({ length: 20_000 }, (_, index) => keys.has(key(10_000 + index))).filter(Boolean);
    expect(wrong.length).toBeLessThan(10);
  });
});
