import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createGate, type Leave } from '../../src/bounds/index.ts';

const patience = new AbortController().signal;

describe('createGate', () => {
  it('lets as many in at once as it has room for', async () => {
    const gate = createGate({ concurrent: 2, queue: 0 });
    const entered = [await gate.enter(patience), await gate.enter(patience)];
    expect(entered.every((leave) => typeof leave === 'function')).toBe(true);
    expect(gate.inside).toBe(2);
  });

  it('refuses at once when the queue is full', async () => {
    const gate = createGate({ concurrent: 1, queue: 1 });
    await gate.enter(patience);
    void gate.enter(patience);
    expect(await gate.enter(patience)).toBe('full');
  });

  it('admits those who wait in the order of their arrival', async () => {
    const gate = createGate({ concurrent: 1, queue: 10 });
    const leave = (await gate.enter(patience)) as Leave;
    const admitted: string[] = [];
    const visits = ['first', 'second', 'third'].map(async (name) => {
      const leaveInTurn = (await gate.enter(patience)) as Leave;
      admitted.push(name);
      leaveInTurn();
    });
    leave();
    await Promise.all(visits);
    expect([admitted, gate.inside, gate.waiting]).toEqual([['first', 'second', 'third'], 0, 0]);
  });

  it('admits those who are preferred before all others, whenever they came', async () => {
    const gate = createGate({ concurrent: 1, queue: 10 });
    const leave = (await gate.enter(patience)) as Leave;
    const admitted: string[] = [];
    const visit = async (name: string, preference: 'preferred' | 'usual') => {
      const leaveInTurn = (await gate.enter(patience, preference)) as Leave;
      admitted.push(name);
      leaveInTurn();
    };
    const visits = [
      visit('stranger', 'usual'),
      visit('known', 'preferred'),
      visit('another', 'usual'),
      visit('known, too', 'preferred'),
    ];
    leave();
    await Promise.all(visits);
    expect(admitted).toEqual(['known', 'known, too', 'stranger', 'another']);
  });

  it('gives one who is preferred the place of the last who is not when the queue is full', async () => {
    const gate = createGate({ concurrent: 1, queue: 2 });
    const leave = (await gate.enter(patience)) as Leave;
    const first = gate.enter(patience);
    const last = gate.enter(patience);
    const known = gate.enter(patience, 'preferred');
    expect([await last, gate.waiting]).toEqual(['full', 2]);
    expect(await gate.enter(patience)).toBe('full');
    leave();
    ((await known) as Leave)();
    expect(await first).toEqual(expect.any(Function));
  });

  it('refuses even one who is preferred when all who wait are', async () => {
    const gate = createGate({ concurrent: 1, queue: 1 });
    await gate.enter(patience);
    void gate.enter(patience, 'preferred');
    expect(await gate.enter(patience, 'preferred')).toBe('full');
  });

  it('lets go of one whose patience ends while waiting, and passes over it', async () => {
    const gate = createGate({ concurrent: 1, queue: 10 });
    const leave = (await gate.enter(patience)) as Leave;
    const impatient = new AbortController();
    const expired = gate.enter(impatient.signal);
    const patient = gate.enter(patience);
    impatient.abort();
    expect([await expired, gate.waiting]).toEqual(['expired', 1]);
    leave();
    expect(await patient).toEqual(expect.any(Function));
  });

  it('does not admit one whose patience has ended already', async () => {
    const gate = createGate({ concurrent: 1, queue: 1 });
    expect([await gate.enter(AbortSignal.abort()), gate.inside]).toEqual(['expired', 0]);
  });

  it('counts a way out once, however often it is taken', async () => {
    const gate = createGate({ concurrent: 2, queue: 0 });
    const leave = (await gate.enter(patience)) as Leave;
    await gate.enter(patience);
    leave();
    leave();
    expect(gate.inside).toBe(1);
  });

  it('never holds more than it has room for and loses nobody, in whatever order they come and go', async () => {
    const steps = fc.array(fc.constantFrom('enter', 'leave', 'expire'), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (order) => {
        const gate = createGate({ concurrent: 3, queue: 4 });
        const inside: Leave[] = [];
        const waiting = new Set<AbortController>();
        for (const step of order) {
          if (step === 'leave') inside.shift()?.();
          if (step === 'expire') for (const first of [...waiting].slice(0, 1)) first.abort();
          if (step === 'enter') {
            const patienceOfOne = new AbortController();
            waiting.add(patienceOfOne);
            void gate.enter(patienceOfOne.signal).then((outcome) => {
              waiting.delete(patienceOfOne);
              if (typeof outcome === 'function') inside.push(outcome);
            });
          }
          await new Promise(setImmediate);
          expect(gate.inside).toBe(inside.length);
          expect(gate.waiting).toBe(waiting.size);
          expect(gate.inside).toBeLessThanOrEqual(3);
          expect(gate.waiting).toBeLessThanOrEqual(4);
          if (gate.waiting > 0) expect(gate.inside).toBe(3);
        }
      }),
      { numRuns: 50 },
    );
  });
});
