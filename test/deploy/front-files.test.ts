import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Decision, milliseconds, Secret } from '../../src/domain/index.ts';
import { ask } from '../gateway/http/ask.ts';
import { aDenial, anAllow, mutations, openDoor, type OpenedDoor } from '../gateway/http/builders.ts';
import {
  type FrontDescription,
  type FrontName,
  type RunningFront,
  startFront,
} from '../support/shipped-front.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

// The files of deploy/ for Caddy, HAProxy and Traefik, each run by its real program, before a door that says what the
// test wants. That all fronts agree about real rules is shown in test/e2e/fronts-agree.test.ts.
const KEY = 'a-secret-of-this-test';
const SECRET_HEADER = { name: 'x-gatehouse-key', value: new Secret(KEY) };

interface Case {
  readonly front: FrontName;
  readonly profile: 'caddy' | 'haproxy' | 'traefik';
  /** As the files themselves tell to do it. */
  readonly withSecret: Pick<FrontDescription, 'edits' | 'environment'>;
}

const uncommented = (text: string): string => text.replace(/# (header_up X-Gatehouse-Key)/, '$1');
const CASES: readonly Case[] = [
  ...(['caddy of Debian', 'caddy of today'] as const).map((front) => ({
    front,
    profile: 'caddy' as const,
    withSecret: {
      edits: { 'gatehouse.caddy': uncommented },
      environment: { GATEHOUSE_DOOR_KEY: KEY },
    },
  })),
  { front: 'haproxy', profile: 'haproxy', withSecret: { environment: { GATEHOUSE_DOOR_KEY: KEY } } },
  {
    front: 'traefik',
    profile: 'traefik',
    withSecret: {
      edits: {
        'dynamic.yaml': (text) =>
          text
            .replace(/# (X-Gatehouse-Key:).*/, `$1 ${KEY}`)
            .replace('Authorization]', 'Authorization, X-Gatehouse-Key]'),
      },
    },
  },
];

describe.each(CASES)('the files for $front', ({ front, profile, withSecret }) => {
  let upstream: Upstream;
  let door: OpenedDoor;
  let running: RunningFront;
  let verdict: () => Decision | Promise<Decision> = () => anAllow();

  beforeAll(async () => {
    upstream = await startUpstream();
    door = await openDoor(() => verdict(), { profile, secretHeader: SECRET_HEADER });
    running = await startFront(front, { gatehouse: door.port, upstream: upstream.port, ...withSecret });
  }, 60_000);

  afterAll(async () => {
    await running?.stop();
    await door?.door.close(milliseconds(0));
    await upstream?.close();
  });

  const get = (...headers: readonly string[]) =>
    ask({ port: running.port }, { path: '/orders/1', headers: ['Host', 'api.example.com', ...headers] });

  it('prove by the secret header that the front asks, and keep it from client and upstream (NGX-5)', async () => {
    verdict = () => anAllow();
    const reply = await get('X-Gatehouse-Key', 'guess');
    expect(reply.status).toBe(200);
    expect(JSON.stringify([reply, upstream.requests.at(-1)])).not.toContain(KEY);
    expect(door.contexts.at(-1)?.headers.names).not.toContain('x-gatehouse-key');
  });

  it('carry 20 KiB of identity whole', async () => {
    const filling = 'a'.repeat(4_000);
    const set = ['x-auth-subject', 'x-auth-client', 'x-auth-scopes', 'x-auth-4', 'x-auth-5'].map((name) => ({
      name,
      value: filling,
    }));
    verdict = () => anAllow({ mutations: mutations({ set }) });
    expect((await get()).status).toBe(200);
    expect(upstream.requests.at(-1)!.headers).toMatchObject({
      'x-auth-subject': filling,
      'x-auth-scopes': filling,
    });
  });

  it.each([
    ['strip', undefined],
    ['keep', 'Bearer t'],
  ] as const)('do with Authorization as the rule says: %s', async (authorization, expected) => {
    verdict = () => anAllow({ mutations: mutations({ authorization }) });
    await get('Authorization', 'Bearer t');
    expect(upstream.requests.at(-1)!.headers['authorization'] || undefined).toBe(expected);
  });

  it('show the client status, challenge and body of a refusal, and the upstream nothing', async () => {
    const before = upstream.requests.length;
    verdict = () => aDenial('scope_insufficient', ['orders:write']);
    const reply = await get();
    expect(reply).toMatchObject({
      status: 403,
      body: 'The provided token is not sufficient for this resource',
    });
    expect(reply.headers['www-authenticate']).toMatch(/error="insufficient_scope".*scope="orders:write"/);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(upstream.requests).toHaveLength(before);
  });
});

describe('the Lua script of deploy/haproxy', () => {
  it('lets nobody through when it fails, because the configuration denies then', async () => {
    const upstream = await startUpstream();
    const door = await openDoor(() => anAllow(), { profile: 'haproxy' });
    const running = await startFront('haproxy', {
      gatehouse: door.port,
      upstream: upstream.port,
      edits: {
        'gatehouse.lua': (text) =>
          text.replace('local headers = answer', 'error("upset")\n  local headers = answer'),
      },
    });
    const reply = await ask({ port: running.port }, { headers: ['Host', 'api.example.com'] });
    await running.stop();
    await door.door.close(milliseconds(0));
    await upstream.close();
    expect(reply.status).toBe(503);
    expect(upstream.requests).toEqual([]);
  }, 60_000);
});
