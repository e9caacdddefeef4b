import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createSingleFlight } from '../../src/bounds/index.ts';
import { milliseconds } from '../../src/domain/index.ts';

const HOLD_MS = 250;
const holdFaults = (value: string) => milliseconds(value === 'fault' ? HOLD_MS : 0);

describe('createSingleFlight', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('lets whoever comes meanwhile join the task that is under way for the key', async () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    const first = flights.start('a', async () => 'value');
    const joined = flights.join('a');
    expect(joined).toBe(first);
    expect(await joined).toBe('value');
  });

  it('says how many wait', async () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    expect(flights.waiting('a')).toBe(0);
    const first = flights.start('a', async () => 'value');
    expect(flights.waiting('a')).toBe(1);
    void flights.join('a');
    void flights.join('a');
    expect([flights.waiting('a'), flights.waiting('b')]).toEqual([3, 0]);
    await first;
    void flights.start('a', async () => 'again');
    expect(flights.waiting('a')).toBe(1);
  });

  it('keeps other keys apart', () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    void flights.start('a', async () => 'value');
    expect(flights.join('b')).toBeUndefined();
  });

  it('forgets an outcome that is not held before anybody who waited goes on', async () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    await flights.start('a', async () => 'value');
    expect([flights.join('a'), flights.size]).toEqual([undefined, 0]);
  });

  it('hands a held outcome to newcomers until its time is over (decision 7)', async () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    await flights.start('a', async () => 'fault');
    await jest.advanceTimersByTimeAsync(HOLD_MS - 1);
    expect(await flights.join('a')).toBe('fault');
    await jest.advanceTimersByTimeAsync(1);
    expect(flights.join('a')).toBeUndefined();
  });

  it('rejects for everybody and forgets when the task breaks its promise', async () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    const first = flights.start('a', async () => {
      throw new TypeError('broken');
    });
    await expect(first).rejects.toThrow(TypeError);
    expect(flights.join('a')).toBeUndefined();
  });

  it('leaves a newer task alone when the hold of an older one ends', async () => {
    const flights = createSingleFlight<string, string>(holdFaults);
    await flights.start('a', async () => 'fault');
    const newer = flights.start('a', () => new Promise<string>(() => undefined));
    await jest.advanceTimersByTimeAsync(HOLD_MS);
    expect(flights.join('a')).toBe(newer);
  });
});
