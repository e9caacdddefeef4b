import { describe, expect, it } from '@jest/globals';

import { createProbingPause } from '../../src/bounds/index.ts';
import { milliseconds, monotonicMilliseconds } from '../../src/domain/index.ts';

function aPause() {
  let now = 0;
  const pause = createProbingPause(
    { monotonic: () => monotonicMilliseconds(now) },
    { first: milliseconds(100), longest: milliseconds(400), probes: 2 },
  );
  return {
    pause,
    pass: (ms: number) => void (now += ms),
    entering: (...names: readonly string[]) => names.filter((name) => pause.enter(name)),
  };
}

describe('createProbingPause', () => {
  it('lets everybody through while it is off', () => {
    const { pause, entering } = aPause();
    expect(entering('a', 'a', 'b', 'c')).toEqual(['a', 'a', 'b', 'c']);
    expect([pause.isOn, pause.left]).toEqual([false, 0]);
  });

  it('lets nobody through at first, then a few distinct ones in each round', () => {
    const { pause, pass, entering } = aPause();
    pause.begin();
    pass(99);
    expect(entering('a', 'b')).toEqual([]);
    expect(pause.left).toBe(1);
    pass(1);
    expect(entering('a', 'b', 'c')).toEqual(['a', 'b']);
  });

  it('lets one name through once in a round, so that the others have their places', () => {
    const { pause, pass, entering } = aPause();
    pause.begin();
    pass(100);
    expect(entering('poison', 'poison', 'poison', 'good')).toEqual(['poison', 'good']);
  });

  it('begins a round after pauses that double up to a bound, whatever became of the probes', () => {
    const { pause, pass, entering } = aPause();
    pause.begin();
    const counts = [99, 1, 199, 1, 399, 1, 399, 1].map((ms) => {
      pass(ms);
      return entering('a', 'b', 'c').length;
    });
    expect(counts).toEqual([0, 2, 0, 2, 0, 2, 0, 2]);
  });

  it('says beforehand what entering would give, and takes no place by that', () => {
    const { pause, pass, entering } = aPause();
    pause.begin();
    expect(pause.admits('a')).toBe(false);
    pass(100);
    expect([pause.admits('a'), pause.admits('b'), pause.admits('c')]).toEqual([true, true, true]);
    expect(entering('a')).toEqual(['a']);
    expect([pause.admits('a'), pause.admits('b')]).toEqual([false, true]);
  });

  it('begins once, and again from the first pause after its end', () => {
    const { pause, pass, entering } = aPause();
    pause.begin();
    pass(100);
    pause.begin();
    expect(entering('a')).toEqual(['a']);
    pause.end();
    expect(entering('a', 'b', 'c')).toEqual(['a', 'b', 'c']);
    pause.begin();
    pass(99);
    expect(entering('a')).toEqual([]);
    pass(1);
    expect(entering('a')).toEqual(['a']);
  });
});
