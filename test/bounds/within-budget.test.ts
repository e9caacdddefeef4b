import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { withinBudget } from '../../src/bounds/index.ts';
import { monotonicMilliseconds } from '../../src/domain/index.ts';

const clock = { monotonic: () => monotonicMilliseconds(performance.now()) };
const inMs = (ms: number) => monotonicMilliseconds(performance.now() + ms);
const never = new Promise<string>(() => undefined);

describe('withinBudget', () => {
  it('hands over the value of a task that is done in time', async () => {
    expect(await withinBudget(Promise.resolve('done'), inMs(1_000), clock)).toEqual({
      ok: true,
      value: 'done',
    });
  });

  it('says elapsed when the moment comes first, and the task goes on', async () => {
    let finish: (value: string) => void = () => undefined;
    const task = new Promise<string>((resolve) => (finish = resolve));
    expect(await withinBudget(task, inMs(5), clock)).toEqual({ ok: false, failure: 'elapsed' });
    finish('late');
    expect(await task).toBe('late');
  });

  it('says elapsed without waiting when the moment is past', async () => {
    expect(await withinBudget(never, inMs(-1), clock)).toEqual({ ok: false, failure: 'elapsed' });
  });

  it('waits, instead of giving up at once, for a moment further away than a timer can reach', async () => {
    const task = new Promise<string>((resolve) => setTimeout(() => resolve('done'), 20));
    const farAway = monotonicMilliseconds(Number.MAX_SAFE_INTEGER);
    expect(await withinBudget(task, farAway, clock)).toEqual({ ok: true, value: 'done' });
  });

  it('rejects as its task does', async () => {
    await expect(withinBudget(Promise.reject(new TypeError('broken')), inMs(1_000), clock)).rejects.toThrow(
      TypeError,
    );
  });

  it('takes an answer that arrived in time although this process was too busy to read it', async () => {
    const { near, far, close } = await aConnection();
    const answer = once(near, 'data').then(() => 'read');
    far.write('answer');
    const waiting = withinBudget(answer, inMs(5), clock);
    keepBusyFor(30);
    expect(await waiting).toEqual({ ok: true, value: 'read' });
    await close();
  });
});

async function aConnection(): Promise<{ near: Socket; far: Socket; close: () => Promise<unknown> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  return {
    near,
    far,
    close() {
      near.destroy();
      far.destroy();
      server.close();
      return once(server, 'close');
    },
  };
}

function keepBusyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
