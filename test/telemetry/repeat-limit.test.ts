import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { type HouseEvent, milliseconds } from '../../src/domain/index.ts';
import { type Counted, createRepeatLimit } from '../../src/telemetry/repeat-limit.ts';
import { A_FAULT, aClock, aDecided, anObservedTelemetry } from './an-observed-telemetry.ts';

const WINDOW = milliseconds(10_000);

describe('createRepeatLimit', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('admits the first at once and counts the rest', () => {
    const { admit, counted, settle } = aLimit();

    expect([admit('a'), admit('a'), admit('a')]).toEqual([true, false, false]);
    expect(counted).toEqual([]);
    settle();
    expect(counted).toEqual(['a: 2 in 0 ms']);
  });

  it('keeps kinds apart', () => {
    const { admit, counted, settle } = aLimit();

    expect([admit('a'), admit('b'), admit('a'), admit('b'), admit('b')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    settle();
    expect(counted).toEqual(['a: 1 in 0 ms', 'b: 2 in 0 ms']);
  });

  it('hands the count over when the window is over, without another event', () => {
    const { admit, counted, pass } = aLimit();
    admit('a');
    pass(4000);
    admit('a');

    pass(5999);
    expect(counted).toEqual([]);
    pass(1);
    expect(counted).toEqual(['a: 1 in 10000 ms']);
  });

  it('hands over at most one count a window while the flood goes on', () => {
    const { admit, counted, pass } = aLimit();
    for (let second = 0; second < 60; second += 1) {
      for (let event = 0; event < 100; event += 1) admit('a');
      pass(1000);
    }
    expect(counted).toHaveLength(6);
  });

  it('admits at once again after a quiet window', () => {
    const { admit, pass, counted } = aLimit();
    admit('a');
    pass(10_000);
    expect(admit('a')).toBe(true);
    admit('a');
    pass(10_000);
    expect(admit('a')).toBe(false);
    expect(counted).toEqual(['a: 1 in 10000 ms']);
  });

  it('hands over at the next event when its timer is late', () => {
    const { admit, counted, clock } = aLimit();
    admit('a');
    admit('a');
    clock.advance(25_000);
    admit('a');
    expect(counted).toEqual(['a: 2 in 25000 ms']);
  });

  it('keeps a bounded number of kinds apart; the rest shares a window and says so (T-41)', () => {
    const { admit, counted, settle } = aLimit(2);

    expect(['a', 'b', 'c', 'd', 'e', 'a'].map(admit)).toEqual([true, true, true, false, false, false]);
    settle();
    expect(counted).toEqual(['a: 1 in 0 ms', 'various: 2 in 0 ms']);
  });

  it('makes room for new kinds once old ones are quiet', () => {
    const { admit, clock } = aLimit(2);
    ['a', 'b'].map(admit);
    clock.advance(10_000);
    expect(['c', 'd', 'c', 'd'].map(admit)).toEqual([true, true, false, false]);
  });

  it('never loses a count, whatever comes when', () => {
    const step = fc.record({
      kind: fc.constantFrom('a', 'b', 'c', 'd'),
      afterMs: fc.integer({ min: 0, max: 12_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), fc.integer({ min: 1, max: 4 }), (steps, kindsMax) => {
        const { admit, pass, settle, total } = aLimit(kindsMax);
        let admitted = 0;
        for (const { kind, afterMs } of steps) {
          pass(afterMs);
          if (admit(kind)) admitted += 1;
        }
        settle();
        expect(admitted + total()).toBe(steps.length);
      }),
    );
  });
});

describe('an outage', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const failed: HouseEvent = {
    event: 'introspected',
    client: 'default',
    outcome: 'introspection_unreachable',
    tookMs: milliseconds(2),
    detail: 'connection refused',
  };

  it('is one line at once and then a line with the count every ten seconds, by reason and by client', () => {
    const { telemetry, lines, clock } = anObservedTelemetry('info');
    for (let check = 0; check < 500; check += 1) {
      telemetry.observe(aDecided(A_FAULT));
      telemetry.observe(failed);
    }
    telemetry.observe({ ...failed, client: 'partner' });
    expect(lines()).toMatchObject([
      { event: 'decided', reason: 'introspection_timeout' },
      { event: 'introspected', client: 'default', detail: 'connection refused' },
      { event: 'introspected', client: 'partner' },
    ]);

    clock.advance(10_000);
    jest.advanceTimersByTime(10_000);
    const summaries = lines().slice(3);
    expect(summaries).toEqual([
      aSummary({ level: 'warn', event: 'decided', reason: 'introspection_timeout' }),
      aSummary({
        level: 'warn',
        event: 'introspected',
        client: 'default',
        outcome: 'introspection_unreachable',
      }),
    ]);
  });

  it('of more clients than are kept apart ends in one line that names none of them (T-41)', () => {
    const { telemetry, lines } = anObservedTelemetry('info');
    for (let client = 0; client < 1100; client += 1)
      telemetry.observe({ ...failed, client: `client-${client}` });
    telemetry.flush();

    expect(lines()).toHaveLength(1002);
    expect(lines().at(-1)).toEqual({
      level: 'warn',
      time: '2026-01-01T12:00:00.000Z',
      event: 'repeated',
      repeated: 99,
      over_ms: 0,
      msg: 'Repeats of various matters.',
    });
  });

  it('loses no count at the end of the process', () => {
    const { telemetry, lines, destination } = anObservedTelemetry('info');
    for (let check = 0; check < 3; check += 1) telemetry.observe(failed);

    telemetry.flush();
    expect(lines()[1]).toMatchObject({ event: 'introspected', repeated: 2 });
    expect(destination.state.flushes).toBe(1);
  });

  it('loses no count when the level rises', () => {
    const { telemetry, lines } = anObservedTelemetry('info');
    for (let check = 0; check < 3; check += 1) telemetry.observe(failed);

    telemetry.setLevel('error');
    expect(lines()[1]).toMatchObject({ repeated: 2 });
  });

  it('at debug still shows every decision', () => {
    const { telemetry, lines } = anObservedTelemetry('debug');
    for (let check = 0; check < 3; check += 1) telemetry.observe(aDecided(A_FAULT));
    expect(lines().map(({ level, request_id }) => [level, request_id])).toEqual([
      ['warn', 'request-1'],
      ['debug', 'request-1'],
      ['debug', 'request-1'],
    ]);
  });

  function aSummary(members: Readonly<Record<string, string>>) {
    return { ...members, time: '2026-01-01T12:00:10.000Z', repeated: 499, over_ms: 10_000, msg: 'Repeated.' };
  }
});

function aLimit(kindsMax = 10) {
  const clock = aClock();
  const counted: string[] = [];
  let total = 0;
  const limit = createRepeatLimit({ clock }, { window: WINDOW, kindsMax });
  return {
    clock,
    counted,
    total: () => total,
    settle: () => limit.settle(),
    admit: (kind: string) =>
      limit.admit(kind, ({ repeated, overMs, isMixed }: Counted) => {
        counted.push(`${isMixed ? 'various' : kind}: ${repeated} in ${overMs} ms`);
        total += repeated;
      }),
    /** Moves clock and timers together. */
    pass: (ms: number) => {
      clock.advance(ms);
      jest.advanceTimersByTime(ms);
    },
  };
}
