import { describe, expect, it } from '@jest/globals';

import { createTurns } from '../../src/bounds/index.ts';

/** Tasks that end when they are told to, and the order in which they began. */
function tasks() {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    began,
    task: (name: string) => () => {
      began.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    },
    end: async (name: string) => {
      ends.get(name)?.();
      await new Promise(setImmediate);
    },
  };
}

describe('createTurns', () => {
  it('runs so many tasks at once, and the next in order of arrival', async () => {
    const turns = createTurns(() => 2);
    const { began, task, end } = tasks();
    const taken = ['a', 'b', 'c', 'd'].map((name) => turns.take('patient', task(name)));
    expect([began, turns.running, turns.waiting]).toEqual([['a', 'b'], 2, 2]);
    await end('b');
    expect(began).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c', 'd']) await end(name);
    expect(await Promise.all(taken)).toEqual(['a', 'b', 'c', 'd']);
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
  });

  it('gives a free turn to those who cannot wait first', async () => {
    const turns = createTurns(() => 1);
    const { began, task, end } = tasks();
    void turns.take('patient', task('running'));
    void turns.take('patient', task('refresh'));
    void turns.take('urgent', task('first use'));
    for (const name of ['running', 'first use', 'refresh']) await end(name);
    expect(began).toEqual(['running', 'first use', 'refresh']);
  });

  it('gives the turn of a task that fails to the next, and hands the failure on', async () => {
    const turns = createTurns(() => 1);
    const failing = turns.take('patient', () => Promise.reject(new Error('broken')));
    const next = turns.take('patient', () => Promise.resolve('next'));
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('next');
  });

  it('follows a bound that changes', async () => {
    let bound = 1;
    const turns = createTurns(() => bound);
    const { began, task, end } = tasks();
    for (const name of ['a', 'b', 'c', 'd']) void turns.take('patient', task(name));
    bound = 2;
    await end('a');
    expect(began).toEqual(['a', 'b', 'c']);
    bound = 1;
    await end('b');
    expect(began).toEqual(['a', 'b', 'c']);
    await end('c');
    expect(began).toEqual(['a', 'b', 'c', 'd']);
    await end('d');
  });
});
