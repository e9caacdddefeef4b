import { describe, expect, it } from '@jest/globals';
import { ONE_CLIENT, settingsOf } from './read.ts';

describe('how long answers are kept', () => {
  it('is read for all, for a client and for a route', async () => {
    const settings = await settingsOf(`
clients:
  only:
    issuer: https://idp.example.com
    clientId: gateway
    clientSecret: { env: SECRET }
    cache: { active: { max: 30s } }
cache:
  active: { max: 2m, jitter: 10s, refreshAhead: false }
  inactive: { max: 3s, shared: true }
routes:
  - { name: each-time, match: { paths: [/transfers/**] }, freshness: 0s }
  - { name: reading, match: { methods: [GET] }, stale: 1m }
  - { name: rest, freshness: 10s }
`);
    expect(settings.cache).toMatchObject({
      active: { max: 120_000, jitter: 10_000, refreshAhead: false },
      inactive: { max: 3_000, shared: true },
    });
    expect(settings.clients[0]?.cache).toEqual({ active: 30_000, inactive: null });
    expect(settings.routes.map(({ age }) => age.freshness)).toEqual([0, null, 10_000]);
    expect(settings.routes.map(({ age }) => age.stale)).toEqual([0, 60_000, 0]);
    // So long memory must keep what is over.
    expect(settings.cache.stale).toBe(60_000);
  });

  it('is what the cache allows where nobody says anything', async () => {
    const settings = await settingsOf(ONE_CLIENT);
    expect(settings.routes.map(({ age }) => age)).toEqual([{ freshness: null, stale: 0 }]);
  });
});
