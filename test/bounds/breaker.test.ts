import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createBreaker } from '../../src/bounds/index.ts';
import { milliseconds, monotonicMilliseconds } from '../../src/domain/index.ts';

const clock = { monotonic: () => monotonicMilliseconds(performance.now()) };
const SETTINGS = { firstPause: milliseconds(100), longestPause: milliseconds(400) };

describe('createBreaker', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('opens at the first call that ran out of time, and asks a question of its own at once', () => {
    const { breaker, asked } = aBreaker({ answers: false });
    expect(breaker.isOpen).toBe(false);
    breaker.trip();
    expect([breaker.isOpen, asked()]).toEqual([true, 1]);
  });

  it('closes by itself as soon as its question is answered', async () => {
    const { breaker } = aBreaker({ answers: true });
    breaker.trip();
    await jest.advanceTimersByTimeAsync(0);
    expect(breaker.isOpen).toBe(false);
  });

  it('asks again after pauses that double up to a bound', async () => {
    const { breaker, asked } = aBreaker({ answers: false });
    breaker.trip();
    const askedAfter: number[] = [];
    for (const pauseMs of [99, 1, 199, 1, 399, 1, 399, 1]) {
      await jest.advanceTimersByTimeAsync(pauseMs);
      askedAfter.push(asked());
    }
    expect(askedAfter).toEqual([1, 2, 2, 3, 3, 4, 4, 5]);
  });

  it('asks one question at a time, however many calls run out of time', async () => {
    const { breaker, asked } = aBreaker({ answers: false });
    for (let call = 0; call < 50; call += 1) breaker.trip();
    await jest.advanceTimersByTimeAsync(99);
    expect(asked()).toBe(1);
  });

  it('takes a question that rejects for an unanswered one', async () => {
    const breaker = createBreaker({ probe: () => Promise.reject(new Error('broken')), clock }, SETTINGS);
    breaker.trip();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(breaker.isOpen).toBe(true);
  });

  it('ends the wait of those who are waiting when it opens', async () => {
    const { breaker } = aBreaker({ answers: false });
    const waiting = breaker.whileClosed(new Promise<string>(() => undefined), 'given up');
    breaker.trip();
    expect(await waiting).toBe('given up');
  });

  it('hands over the value of a call that is answered while it is closed', async () => {
    const { breaker } = aBreaker({ answers: false });
    expect(await breaker.whileClosed(Promise.resolve('answer'), 'given up')).toBe('answer');
  });

  it('wants more answers in a row each time it opens again soon, so that one that comes and goes costs little', async () => {
    const { breaker, asked } = aBreaker({ answers: true });
    const answersNeeded: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const before = asked();
      breaker.trip();
      while (breaker.isOpen) await jest.advanceTimersByTimeAsync(10);
      answersNeeded.push(asked() - before);
    }
    expect(answersNeeded).toEqual([1, 4, 16, 32, 32, 32]);
  });

  it('begins to count anew at an answer that does not come', async () => {
    const answers = [true, true, true, true, false, true, true, true, true];
    let asked = 0;
    const breaker = createBreaker({ probe: async () => answers[asked++] ?? true, clock }, SETTINGS);
    for (let turn = 0; turn < 2; turn += 1) {
      breaker.trip();
      while (breaker.isOpen) await jest.advanceTimersByTimeAsync(10);
    }
    expect(asked).toBe(answers.length);
  });

  it('is satisfied with one answer again after a hundred calls that were answered in time', async () => {
    const { breaker, asked } = aBreaker({ answers: true });
    breaker.trip();
    await jest.advanceTimersByTimeAsync(0);
    for (let call = 0; call < 100; call += 1) breaker.answered();
    breaker.trip();
    await jest.advanceTimersByTimeAsync(0);
    expect([breaker.isOpen, asked()]).toEqual([false, 2]);
  });

  it('is satisfied with one answer again after a calm minute', async () => {
    const { breaker, asked } = aBreaker({ answers: true });
    breaker.trip();
    await jest.advanceTimersByTimeAsync(60_000);
    breaker.trip();
    await jest.advanceTimersByTimeAsync(0);
    expect([breaker.isOpen, asked()]).toEqual([false, 2]);
  });
});

function aBreaker({ answers }: { answers: boolean }) {
  let asked = 0;
  const probe = async () => {
    asked += 1;
    return answers;
  };
  return { breaker: createBreaker({ probe, clock }, SETTINGS), asked: () => asked };
}
