import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type ClientContext, milliseconds, monotonicMilliseconds, Secret } from '../../src/domain/index.ts';
import {
  type Answer,
  type FaultServer,
  json,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { aClientOf, openScene, outcomeOf, type Scene, systemClock } from './scene.ts';

const ACTIVE = json({ active: true });

let server: FaultServer;
let scene: Scene;
let client: ClientContext;
let skippedMs = 0;

beforeEach(async () => {
  skippedMs = 0;
  server = await startFaultServer();
  // The real clock, which a test may move on.
  const monotonic = () => monotonicMilliseconds(systemClock.monotonic() + skippedMs);
  scene = openScene({ clock: { ...systemClock, monotonic } });
  client = aClientOf(server.url('/introspect'));
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

let serial = 0;
/** Asks about so many tokens that were never asked about before, and gives their outcomes. */
async function askNew(count: number, of: ClientContext = client): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (let asked = 0; asked < count; asked += 1) {
    outcomes.push(outcomeOf(await scene.ask(of, `token-${(serial += 1)}`)));
  }
  return outcomes;
}
const ask = async (token: string) => outcomeOf(await scene.ask(client, token));
const changes = () =>
  scene.events.flatMap((event) =>
    event.event === 'suspension_changed' ? [`${event.cause} ${event.isOn ? 'on' : 'off'}`] : [],
  );
const suspendedBy = () => scene.introspector.stats()[0]?.suspendedBy ?? null;
const times = <Value>(count: number, value: Value) => Array<Value>(count).fill(value);

describe('an endpoint that fails', () => {
  it.each<[string, Answer, string, timeoutMs: number]>([
    ['answers 500', status(500), 'introspection_server_error', 5_000],
    ['resets', reset(), 'introspection_unreachable', 5_000],
    ['says nothing', silence(), 'introspection_timeout', 30],
  ])('is no longer asked when it %s for twenty distinct tokens', async (_what, answer, reason, timeoutMs) => {
    const timeout = milliseconds(timeoutMs);
    client = aClientOf(server.url('/introspect'), { introspection: { timeout } });
    server.always(answer);
    expect(await askNew(22)).toEqual([...times(20, reason), ...times(2, 'introspection_suspended')]);
    expect(server.requests).toHaveLength(20);
    expect(changes()).toEqual(['failing on']);
    expect(suspendedBy()).toBe('failing');
    expect(scene.introspector.status()).toMatchObject({
      main: { suspension: { cause: 'failing', nextInMs: expect.any(Number) } },
    });
  });

  it('is asked again by a few distinct tokens at a time, and by all once one is answered', async () => {
    server.always(status(500));
    await askNew(20);
    skippedMs += 1_000;
    expect(await askNew(5)).toEqual([
      ...times(3, 'introspection_server_error'),
      ...times(2, 'introspection_suspended'),
    ]);
    server.always(ACTIVE);
    skippedMs += 2_000;
    expect(await askNew(20)).toEqual(times(20, 'active'));
    expect(changes()).toEqual(['failing on', 'failing off']);
    expect(suspendedBy()).toBe(null);
  });

  it('is asked again within ten seconds of its recovery, however long it was away (design, section 6)', async () => {
    server.always(status(500));
    await askNew(20);
    for (let second = 0; second < 120; second += 1) {
      skippedMs += 1_000;
      await askNew(1);
    }
    server.always(ACTIVE);
    skippedMs += 9_000;
    expect(await askNew(50)).toEqual(times(50, 'active'));
  });

  it('is never given up because of one poisonous token, which cannot keep it so either', async () => {
    server.always((request) => (request.body.includes('poison') ? status(500) : ACTIVE));
    for (let attempt = 0; attempt < 100; attempt += 1) await ask('poison');
    expect(await askNew(5)).toEqual(times(5, 'active'));

    server.always(status(500));
    await askNew(40);
    server.always((request) => (request.body.includes('poison') ? status(500) : ACTIVE));
    skippedMs += 4_000;
    for (let attempt = 0; attempt < 10; attempt += 1) await ask('poison');
    expect(await askNew(5)).toEqual(times(5, 'active'));
  });

  it('goes on being asked while a good share of tokens is answered, or when it answers nonsense', async () => {
    server.always((request) => (/[02468]$/.test(request.body) ? ACTIVE : status(500)));
    expect(await askNew(60)).not.toContain('introspection_suspended');
    server.always(json({ nonsense: true }));
    expect(await askNew(30)).toEqual(times(30, 'introspection_unreadable'));
    expect(changes()).toEqual([]);
  });

  it('lets those who wait for their turn go at once', async () => {
    client = aClientOf(server.url('/introspect'), { limits: { concurrent: 1, queue: 100 } });
    server.always(status(500));
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`waiting-${index}`)));
    expect(outcomes.filter((outcome) => outcome === 'introspection_suspended')).toHaveLength(30);
    expect(server.requests).toHaveLength(20);
  });

  it('is suspended for one client alone, and not for the same client with another setting', async () => {
    server.always(status(500));
    await askNew(20);
    server.always(ACTIVE);
    expect(await askNew(1)).toEqual(['introspection_suspended']);
    expect(await askNew(1, aClientOf(server.url('/introspect'), { name: 'other' }))).toEqual(['active']);
    expect(await askNew(1, aClientOf(server.url('/introspect'), { clientId: 'changed' }))).toEqual([
      'active',
    ]);
  });
});

describe('an endpoint that tells us to wait (G11, T-54)', () => {
  const waiting = (code: number, seconds: string) => status(code, { headers: { 'retry-after': seconds } });

  it.each<[string, Answer, string, pauseMs: number]>([
    ['429 for 5 s', waiting(429, '5'), 'introspection_throttled', 5_000],
    ['503 for 5 s', waiting(503, '5'), 'introspection_server_error', 5_000],
    ['429 without a time', status(429), 'introspection_throttled', 1_000],
    ['429 for a day', waiting(429, '86400'), 'introspection_throttled', 8_000],
    ['503 for a day', waiting(503, '86400'), 'introspection_server_error', 8_000],
  ])('is not asked for that time, within a bound, after %s', async (_what, answer, reason, pauseMs) => {
    server.always(answer);
    expect(await askNew(3)).toEqual([reason, ...times(2, 'introspection_suspended')]);
    expect(server.requests).toHaveLength(1);
    expect(suspendedBy()).toBe('throttled');
    server.always(ACTIVE);
    skippedMs += pauseMs - 500;
    expect(await askNew(1)).toEqual(['introspection_suspended']);
    skippedMs += 500;
    expect(await askNew(2)).toEqual(['active', 'active']);
    expect(changes()).toEqual(['throttled on', 'throttled off']);
  });

  it('is probed by a few tokens while it asks for longer than the bound', async () => {
    server.always(waiting(429, '3600'));
    await askNew(3);
    for (let round = 0; round < 3; round += 1) {
      skippedMs += 8_000;
      await askNew(10);
    }
    expect(server.requests).toHaveLength(1 + 3 * 2);
    expect(changes()).toEqual(['throttled on']);
  });

  it('goes on being asked after a 503 that names no time, or none to wait', async () => {
    server.next(status(503), waiting(503, '0'), waiting(429, '0'));
    server.always(ACTIVE);
    expect((await askNew(4)).at(-1)).toBe('active');
    expect(changes()).toEqual([]);
  });
});

describe('a server that refuses our credentials (R18, G13)', () => {
  it('is asked no more, at once when it says invalid_client', async () => {
    server.always(json({ error: 'invalid_client' }, { status: 401 }));
    expect(await askNew(5)).toEqual(times(5, 'credentials_refused'));
    expect(server.requests).toHaveLength(1);
    expect(changes()).toEqual(['credentials on']);
    expect(suspendedBy()).toBe('credentials');
  });

  it('is asked no more after a bare 401 for three distinct tokens, not for one', async () => {
    server.always(status(401));
    for (let attempt = 0; attempt < 5; attempt += 1) await ask('one');
    expect(server.requests).toHaveLength(5);
    await askNew(5);
    expect(server.requests).toHaveLength(7);
  });

  it('goes on being asked when it accepts them in between', async () => {
    server.always((request) => (/[02468]$/.test(request.body) ? ACTIVE : status(401)));
    await askNew(20);
    expect(server.requests).toHaveLength(20);
  });

  it('is tried every few seconds, and asked again once it accepts them', async () => {
    server.always(json({ error: 'invalid_client' }, { status: 400 }));
    await askNew(5);
    skippedMs += 1_000;
    await askNew(10);
    expect(server.requests).toHaveLength(4);
    server.always(ACTIVE);
    skippedMs += 4_000;
    expect(await askNew(10)).toEqual(times(10, 'active'));
    expect(changes()).toEqual(['credentials on', 'credentials off']);
  });

  it('is asked at once with any changed setting, and by other clients', async () => {
    server.always((request) =>
      request.body.includes('client_id=gateway')
        ? json({ error: 'invalid_client' }, { status: 401 })
        : ACTIVE,
    );
    const posting = { method: 'client_secret_post', secret: new Secret('s3cret') } as const;
    const known = { ...client, authentication: posting };
    expect(await askNew(2, known)).toEqual(times(2, 'credentials_refused'));
    expect(await askNew(1, { ...known, clientId: 'other', name: 'other' })).toEqual(['active']);
    server.always(ACTIVE);
    expect(await askNew(1, known)).toEqual(['credentials_refused']);
    expect(await askNew(1, { ...known })).toEqual(['active']);
  });
});
