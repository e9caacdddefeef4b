import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { eventually } from '../support/processes.ts';
import { NOTHING_TIDIED } from './support-envoy-fronts.ts';
import { describeRequests } from './support-envoy-requests.ts';
import { askThrough, bearer, openScene, type Scene } from './support-envoy-scene.ts';

// The filter of deploy/envoy/envoy-http.yaml: the same table of requests, the same decisions.
let scene: Scene;

beforeAll(async () => {
  scene = await openScene(({ envoy }) => [
    { name: 'http', service: 'http', instances: [{ port: envoy }], manager: NOTHING_TIDIED },
  ]);
}, 60_000);

afterAll(() => scene?.close());

describe('the HTTP service of Envoy, behind a path prefix', () => {
  describeRequests({ scene: () => scene, front: 'http', metadata: false });

  it('refuses with 403 and Retry-After, without a challenge, while the authorization server is away (R17)', async () => {
    const headers = bearer(
      await scene.authorizationServer.issueToken({ scope: 'orders:read', subject: 'nina' }),
    );
    await scene.authorizationServer.stop();
    const away = await askThrough(scene, 'http', { headers });
    await scene.authorizationServer.start();
    expect(away.reply).toMatchObject({ status: 403, body: 'The authorization service is unavailable' });
    expect(away.reply.headers['retry-after']).toMatch(/^[2-8]$/);
    expect(away.reply.headers).not.toHaveProperty('www-authenticate');
    expect(away.upstream).toBeNull();
    await eventually('the token to be let through', async () => {
      const { reply } = await askThrough(scene, 'http', { headers });
      return reply.status === 200 ? true : null;
    });
  });

  it('has answered every check of this file in a form that Envoy could use (T-11, T-12)', async () => {
    const counts = await scene.fronts.counts('http');
    expect(counts).toMatchObject({ error: 0, invalid: 0, failure_mode_allowed: 0 });
    expect(counts.ok).toBeGreaterThan(50);
    expect(counts.denied).toBeGreaterThan(50);
  });

  it('has logged no token and no secret (G20)', async () => {
    await scene.gatehouse.logged('decided', 100);
    for (const secret of scene.secrets) expect(scene.gatehouse.output()).not.toContain(secret);
  });
});
