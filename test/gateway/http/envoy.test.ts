import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type Decision, milliseconds } from '../../../src/domain/index.ts';
import { type RunningEnvoy, startEnvoy } from '../../support/envoy.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { ask } from './ask.ts';
import { aDenial, aFault, anAllow, mutations, openDoor, type OpenedDoor } from './builders.ts';

// The real Envoy with `failure_mode_allow: true`: whatever it takes for a failure of the check passes. Nothing may.
let upstream: Upstream;
let opened: OpenedDoor;
let envoy: RunningEnvoy;
let verdict: () => Decision | Promise<Decision>;

beforeAll(async () => {
  upstream = await startUpstream();
  opened = await openDoor(() => verdict(), {
    profile: 'envoy',
    pathPrefix: '/authz',
    wait: () => ({ max: milliseconds(2_000), margin: milliseconds(150) }),
  });
  envoy = await startEnvoy({
    authorization: { kind: 'http', port: opened.port },
    upstream: { port: upstream.port },
    failureModeAllow: true,
    timeout: '0.4s',
    pathPrefix: '/authz',
    allowedHeaders: ['x-large', 'x-auth-subject', 'x_auth_subject'],
    allowedUpstreamHeaders: ['x-auth-subject'],
    headerKiB: 8_192,
  });
});

afterAll(async () => {
  await envoy?.stop();
  await opened?.door.close(milliseconds(0));
  await upstream?.close();
});

beforeEach(() => {
  verdict = () => anAllow();
});

const HOST = ['Host', 'api.example.com'];
const get = (...headers: readonly string[]) =>
  ask({ port: envoy.port }, { path: '/a%2Fb?x=1', headers: [...HOST, ...headers] });

describe('the HTTP service of Envoy, failure mode open', () => {
  it("passes an allow on with our identity headers and without the client's own (G16, T-1)", async () => {
    verdict = () =>
      anAllow({ strays: ['x_auth_subject'], mutations: mutations({ remove: ['x-auth-client'] }) });
    const spoofed = ['X-Auth-Subject', 'mallory', 'x_auth_subject', 'mallory', 'X-Auth-Client', 'mallory'];
    expect((await get(...spoofed, 'Authorization', 'Bearer t')).status).toBe(200);
    const { path, headers } = upstream.requests.at(-1)!;
    expect(path).toBe('/a%2Fb?x=1');
    expect(headers['x-auth-subject']).toBe('alice');
    expect(headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(headers)).not.toContain('mallory');
    expect(opened.contexts.at(-1)).toMatchObject({
      method: 'GET',
      path: '/a%2Fb?x=1',
      host: 'api.example.com',
    });
  });

  it('shows the client a denial as it is', async () => {
    verdict = () => aDenial('token_inactive');
    const reply = await get();
    expect(reply).toMatchObject({ status: 401, body: 'The provided token is inactive' });
    expect(reply.headers['www-authenticate']).toMatch(/error="invalid_token"/);
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  it.each<[string, () => Decision | Promise<Decision>]>([
    ['a fault', () => aFault('introspection_unreachable')],
    ['a check that takes too long', () => new Promise<Decision>(() => undefined)],
    ['a check that throws', () => Promise.reject(new TypeError('broken'))],
    [
      'more identity than fits',
      () =>
        anAllow({
          mutations: mutations({
            set: Array.from({ length: 40 }, (_, n) => ({ name: `x-auth-${n}`, value: 'a'.repeat(4_000) })),
          }),
        }),
    ],
    [
      'more identity headers than Envoy counts',
      () =>
        anAllow({
          mutations: mutations({
            set: Array.from({ length: 200 }, (_, n) => ({ name: `x-auth-${n}`, value: 'a' })),
          }),
        }),
    ],
  ])('denies with 403 and Retry-After on %s (ENV-4, T-12)', async (_what, check) => {
    verdict = check;
    const before = upstream.requests.length;
    const reply = await get();
    expect(reply.status).toBe(403);
    expect(reply.headers).toMatchObject({ 'retry-after': '5', 'x-authz-status': '503' });
    expect(upstream.requests).toHaveLength(before);
  });

  it.each([70_000, 200_000, 1_000_000])('denies %i bytes of headers, each time (R19)', async (length) => {
    const before = upstream.requests.length;
    for (let count = 0; count < 5; count += 1)
      expect((await get('X-Large', 'a'.repeat(length))).status).toBe(431);
    expect(upstream.requests).toHaveLength(before);
  });

  it('denies what still waits when the door closes', async () => {
    verdict = () => new Promise<Decision>(() => undefined);
    const before = upstream.requests.length;
    const checks = opened.contexts.length;
    const asked = get();
    while (opened.contexts.length === checks) await new Promise((next) => setTimeout(next, 2));
    await opened.door.close(milliseconds(10));
    expect((await asked).status).toBe(403);
    expect(upstream.requests).toHaveLength(before);
  });
});
