import { describe, expect, it } from '@jest/globals';

import { createFailureWindow } from '../../src/bounds/index.ts';
import { milliseconds, monotonicMilliseconds } from '../../src/domain/index.ts';

const SETTINGS = { length: milliseconds(1_000), least: 4, most: 8, share: 0.75 };

function aWindow() {
  let now = 0;
  const window = createFailureWindow({ monotonic: () => monotonicMilliseconds(now) }, SETTINGS);
  const record = (hasFailed: boolean, ...names: readonly string[]): void => {
    for (const name of names) window.record(name, hasFailed);
  };
  return { window, record, pass: (ms: number) => void (now += ms) };
}

describe('createFailureWindow', () => {
  it('says failing only once enough distinct names have failed', () => {
    const { window, record } = aWindow();
    record(true, 'a', 'b', 'c');
    expect(window.isFailing).toBe(false);
    record(true, 'd');
    expect(window.isFailing).toBe(true);
  });

  it('counts a name once, however often it fails', () => {
    const { window, record } = aWindow();
    for (let attempt = 0; attempt < 100; attempt += 1) record(true, 'poison');
    record(false, 'a', 'b', 'c');
    expect(window.isFailing).toBe(false);
  });

  it('counts the latest outcome of a name', () => {
    const { window, record } = aWindow();
    record(true, 'a', 'b', 'c', 'd');
    record(false, 'a', 'b');
    expect(window.isFailing).toBe(false);
    record(true, 'a');
    expect(window.isFailing).toBe(true);
  });

  it.each([
    ['failing at', 3, true],
    ['not failing under', 2, false],
  ])('is %s the share that is set', (_word, failed, isFailing) => {
    const { window, record } = aWindow();
    ['a', 'b', 'c', 'd'].forEach((name, index) => record(index < failed, name));
    expect(window.isFailing).toBe(isFailing);
  });

  it('forgets what is older than its length', () => {
    const { window, record, pass } = aWindow();
    record(true, 'a', 'b', 'c', 'd');
    pass(1_000);
    expect(window.isFailing).toBe(true);
    pass(1);
    expect(window.isFailing).toBe(false);
  });

  it('remembers the latest names only', () => {
    const { window, record } = aWindow();
    record(false, ...Array.from({ length: 100 }, (_, index) => `good-${index}`));
    record(true, 'a', 'b', 'c', 'd', 'e', 'f');
    expect(window.isFailing).toBe(true);
  });

  it('starts afresh when it is cleared', () => {
    const { window, record } = aWindow();
    record(true, 'a', 'b', 'c', 'd');
    window.clear();
    expect(window.isFailing).toBe(false);
  });
});
