import { describe, expect, it } from '@jest/globals';

import { CACHE_KEY, CANARY, aWorld } from './worlds.ts';
import { ONE_CLIENT, problemsOf, settingsOf } from './read.ts';

const world = aWorld({ environment: { SECRET: CANARY, CACHE_KEY } });
const SHARED =
  'cache: { keys: [{ env: CACHE_KEY }], shared: { redis: { url: "redis://127.0.0.1:6379" } } }\n';

describe('discovery', () => {
  it('keeps no copies unless it is told to', async () => {
    expect((await settingsOf(ONE_CLIENT)).discovery).toEqual({ concurrent: 16, sharedCopies: false });
  });

  it('keeps copies in the shared store, and needs one for it', async () => {
    const copies = `${ONE_CLIENT}discovery: { sharedCopies: true }\n`;
    expect((await settingsOf(copies + SHARED, world)).discovery.sharedCopies).toBe(true);
    expect(await problemsOf(copies)).toEqual([
      'discovery.sharedCopies: needs `cache.shared`, where the copies are kept',
    ]);
  });
});
