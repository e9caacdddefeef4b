import { describe, expect, it } from '@jest/globals';
import { ONE_CLIENT, problemsOf, settingsOf } from './read.ts';

const clientWith = (limits: string) =>
  `clients: { only: { issuer: https://idp.example.com, clientId: g, clientSecret: { env: SECRET }, limits: ${limits} } }`;

describe('the budget for inactive tokens', () => {
  it('is read for the client and for each source', async () => {
    const text = clientWith('{ inactive: { burst: 50, perSecond: 5, source: { burst: 10 }, beyond: 429 } }');
    const settings = await settingsOf(text);
    expect(settings.clients[0]).toMatchObject({
      limits: { concurrent: 64, queue: 256 },
      budget: { all: { burst: 50, perSecond: 5 }, source: { burst: 10, perSecond: 100 }, beyond: 429 },
    });
  });

  it('tolerates by default far more than 600 new tokens (design section 6)', async () => {
    const settings = await settingsOf(ONE_CLIENT);
    expect(settings.clients[0]?.budget).toEqual({
      all: { burst: 3_000, perSecond: 300 },
      source: { burst: 1_000, perSecond: 100 },
      beyond: 503,
    });
  });

  it('is refused where it makes no sense', async () => {
    expect(await problemsOf(clientWith('{ inactive: { burst: 0, beyond: 403 } }'))).toEqual([
      expect.stringContaining('clients.only.limits.inactive.burst'),
      expect.stringContaining('clients.only.limits.inactive.beyond'),
    ]);
  });
});
