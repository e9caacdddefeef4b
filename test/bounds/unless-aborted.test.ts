import { describe, expect, it } from '@jest/globals';

import { unlessAborted } from '../../src/bounds/index.ts';

describe('unlessAborted', () => {
  it('gives what the task settles with before the signal', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve(7), signal)).toEqual({ ok: true, value: 7 });
    await expect(unlessAborted(Promise.reject(new Error('x')), signal)).rejects.toThrow('x');
  });

  it('gives up when the signal comes first, and at once when it came before', async () => {
    const controller = new AbortController();
    const never = new Promise(() => undefined);
    const waiting = unlessAborted(never, controller.signal);
    controller.abort();
    expect(await waiting).toEqual({ ok: false, failure: 'aborted' });
    expect(await unlessAborted(Promise.resolve(7), controller.signal)).toEqual({
      ok: false,
      failure: 'aborted',
    });
  });
});
