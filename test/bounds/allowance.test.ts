import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createAllowance } from '../../src/bounds/index.ts';
import { monotonicMilliseconds } from '../../src/domain/index.ts';

function aClock() {
  let now = 0;
  return { monotonic: () => monotonicMilliseconds(now), pass: (ms: number) => (now += ms) };
}

describe('createAllowance', () => {
  it('gives so many at once, and so many more each second', () => {
    const clock = aClock();
    const allowance = createAllowance(clock, { burst: 3, perSecond: 2 });
    expect([allowance.take(), allowance.take(), allowance.take(), allowance.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    clock.pass(499);
    expect(allowance.take()).toBe(false);
    clock.pass(1);
    expect([allowance.take(), allowance.take()]).toEqual([true, false]);
  });

  it('saves up no more than the burst', () => {
    const clock = aClock();
    const allowance = createAllowance(clock, { burst: 2, perSecond: 100 });
    clock.pass(3_600_000);
    expect([allowance.take(), allowance.take(), allowance.take()]).toEqual([true, true, false]);
  });

  it('has back what was not used up, and never more than the burst', () => {
    const clock = aClock();
    const allowance = createAllowance(clock, { burst: 1, perSecond: 1 });
    expect([allowance.take(), allowance.take()]).toEqual([true, false]);
    allowance.giveBack();
    allowance.giveBack();
    expect([allowance.take(), allowance.take()]).toEqual([true, false]);
  });

  it('never gives more than the burst and what has come since, whatever happens', () => {
    const step = fc.oneof(fc.constant('take' as const), fc.integer({ min: 0, max: 2_000 }));
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 9 }), (steps, perSecond) => {
        const clock = aClock();
        const allowance = createAllowance(clock, { burst: 5, perSecond });
        let [given, passedMs] = [0, 0];
        for (const what of steps) {
          if (what !== 'take') {
            clock.pass(what);
            passedMs += what;
          } else if (allowance.take()) given += 1;
          expect(given).toBeLessThanOrEqual(5 + (passedMs / 1000) * perSecond + 1e-6);
        }
      }),
    );
  });
});
