import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  AccessToken,
  type ClientContext,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
} from '../../src/domain/index.ts';
import { isWrongSetting } from '../../src/introspection/index.ts';
import {
  type Answer,
  type FaultServer,
  gzipped,
  html,
  huge,
  json,
  jsonText,
  raw,
  redirect,
  reset,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { aClientOf, aDiscoveringClient, openScene, outcomeOf, type Scene, systemClock } from './scene.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

let server: FaultServer;
let scene: Scene;
let skippedMs = 0;

beforeEach(async () => {
  skippedMs = 0;
  server = await startFaultServer();
  // The real clock, which a test may move on.
  const monotonic = () => monotonicMilliseconds(systemClock.monotonic() + skippedMs);
  scene = openScene({ clock: { ...systemClock, monotonic } });
  server.on('/introspect', json({ active: true }));
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

const document = (differing: Readonly<Record<string, unknown>> = {}) => ({
  issuer: server.origin,
  introspection_endpoint: server.url('/introspect'),
  ...differing,
});
const here = (differing: Partial<ClientContext> = {}) => aDiscoveringClient(server.origin, differing);
const paths = () => server.requests.map(({ path }) => path);
const refreshes = () =>
  scene.events.filter((event): event is Extract<HouseEvent, { event: 'metadata_refreshed' }> => {
    return event.event === 'metadata_refreshed';
  });

describe('discovery', () => {
  it('asks the RFC 8414 place first, then asks there where it says', async () => {
    server.on(OAUTH, json(document()));
    expect(outcomeOf(await scene.ask(here()))).toBe('active');
    expect(paths()).toEqual([OAUTH, '/introspect']);
    expect(server.requests[0]).toMatchObject({ method: 'GET', headers: { accept: 'application/json' } });
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(refreshes()).toMatchObject([{ client: 'main', outcome: 'changed', detail: null }]);
  });

  it('asks once for any number of callers, and gives one question object to all of them', async () => {
    server.on(OAUTH, json(document(), { delayMs: 30 }));
    const client = here();
    const questions = await Promise.all([1, 2, 3].map(() => scene.prepare(client)));
    expect(paths()).toEqual([OAUTH]);
    const later = scene.introspector.prepare(client, undefined as never);
    expect(later).not.toBeInstanceOf(Promise);
    for (const question of questions) expect(question).toBe(later);
  });

  it.each([404, 410])('goes on to the OpenID places after a %d, in order (META-3)', async (code) => {
    const issuer = server.url('/realms/one');
    const [first, second, third] = [
      `${OAUTH}/realms/one`,
      `${OPENID}/realms/one`,
      `/realms/one${OPENID}`,
    ] as const;
    server.on(first, status(code));
    server.on(second, status(code));
    server.on(third, json(document({ issuer })));
    expect((await scene.prepare(aDiscoveringClient(issuer))).ok).toBe(true);
    expect(paths()).toEqual([first, second, third]);
  });

  it.each<[string, Answer, reason: string, isWrong: boolean]>([
    ['500', status(500), 'metadata_unavailable', false],
    ['429', status(429), 'metadata_unavailable', false],
    ['403', status(403), 'metadata_unavailable', true],
    ['a temporary redirect', redirect(302, '/moved'), 'metadata_unavailable', false],
    ['a permanent redirect', redirect(301, '/moved'), 'metadata_unavailable', true],
    ['204', status(204), 'metadata_unavailable', true],
    ['a reset', reset(), 'metadata_unavailable', false],
    [
      'an unfinished body',
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{'),
      'metadata_unavailable',
      false,
    ],
    ['a login page', html(), 'metadata_invalid', true],
    ['a compressed document', gzipped({}), 'metadata_invalid', true],
    ['malformed JSON', jsonText('{'), 'metadata_invalid', true],
    ['an array', json([]), 'metadata_invalid', true],
    ['another issuer', json({ issuer: 'https://idp.example' }), 'metadata_invalid', true],
    ['over 256 KiB', huge(262_144), 'metadata_invalid', true],
    ['a repeated member', jsonText('{"issuer":"a","issuer":"b"}'), 'metadata_invalid', true],
  ])('stops at %s and tries no other place (META-3, META-5)', async (_what, answer, reason, isWrong) => {
    server.on(OAUTH, answer);
    server.on(OPENID, json(document()));
    const result = await scene.prepare(here());
    expect(result).toMatchObject({ ok: false, failure: { reason } });
    if (!result.ok) expect(isWrongSetting(result.failure)).toBe(isWrong);
    expect(paths()).toEqual([OAUTH]);
    expect(refreshes()).toMatchObject([{ outcome: reason }]);
  });

  it('is a wrong setting when no place has a document, and an outage when nobody is there', async () => {
    const absent = await scene.prepare(here());
    expect(absent).toMatchObject({ failure: { reason: 'metadata_unavailable' } });
    if (!absent.ok) expect(isWrongSetting(absent.failure)).toBe(true);

    await server.stop();
    const away = await scene.prepare(here());
    expect(away).toMatchObject({ failure: { reason: 'metadata_unavailable' } });
    if (!away.ok) expect(isWrongSetting(away.failure)).toBe(false);
  });

  it('reads `metadataUrl` alone when it is set, and lets it vouch for its origin', async () => {
    const issuer = 'https://idp.example';
    server.on('/metadata', json(document({ issuer })));
    const client = aDiscoveringClient(issuer, { metadataUrl: server.url('/metadata?x=1') });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(paths()).toEqual(['/metadata?x=1', '/introspect']);
  });

  it('does not read metadata over http, nor use an http endpoint, where that is not permitted (T-46)', async () => {
    server.on(OAUTH, json(document()));
    expect(await scene.prepare(here({ allowHttp: false }))).toMatchObject({
      failure: { reason: 'metadata_invalid' },
    });
    expect(server.connections()).toBe(0);
  });

  it('never connects to an endpoint of a foreign origin (META-7, T-14)', async () => {
    const inner = await startFaultServer();
    try {
      server.on(OAUTH, json(document({ introspection_endpoint: inner.url('/') })));
      expect(outcomeOf(await scene.ask(here()))).toBe('metadata_invalid');
      expect(inner.connections()).toBe(0);
      const consenting = here({ endpointOrigins: [inner.origin] });
      inner.always(json({ active: true }));
      expect(outcomeOf(await scene.ask(consenting))).toBe('active');
    } finally {
      await inner.stop();
    }
  });

  it('is asked by prepared questions only, where their cache key says', async () => {
    server.on(OAUTH, json(document()));
    const question = await scene.prepare(here());
    if (!question.ok) throw new Error(question.failure.reason);
    const { identity, endpoint, client } = question.value;
    const elsewhere = { identity, endpoint: server.url('/elsewhere'), client };
    expect(outcomeOf(await scene.introspector.ask(elsewhere, new AccessToken('t')))).toBe('internal');
    expect(outcomeOf(await scene.introspector.ask(question.value, new AccessToken('t')))).toBe('active');
    expect(paths().filter((path) => path === '/elsewhere')).toEqual([]);
    expect(endpoint).toBe(server.url('/introspect'));
  });

  it('is not needed with a configured endpoint, which wins (META-6)', async () => {
    const client = aClientOf(server.url('/introspect'), { issuer: server.origin });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(paths()).toEqual(['/introspect']);
    expect(scene.introspector.status()).toMatchObject({
      main: { metadata: null, authentication: 'client_secret_basic' },
    });
  });
});

describe('the choice of authentication', () => {
  it.each([
    ['client_secret_basic', undefined],
    ['client_secret_basic', ['client_secret_post', 'client_secret_basic']],
    ['client_secret_post', ['client_secret_post', 'private_key_jwt']],
  ])('is %s when the metadata says %j (META-8)', async (method, methods) => {
    server.on(OAUTH, json(document({ introspection_endpoint_auth_methods_supported: methods })));
    await scene.ask(here());
    const request = server.requests.at(-1);
    const isBasic = request?.headers['authorization'] !== undefined;
    const isPost = new URLSearchParams(request?.body).has('client_secret');
    expect([isBasic, isPost]).toEqual([method === 'client_secret_basic', method === 'client_secret_post']);
    expect(scene.introspector.status()).toMatchObject({ main: { authentication: method } });
  });

  it('is metadata_invalid when the server offers nothing that we can do (META-8)', async () => {
    server.on(OAUTH, json(document({ introspection_endpoint_auth_methods_supported: ['private_key_jwt'] })));
    const result = await scene.ask(here());
    expect(result).toMatchObject({
      failure: {
        reason: 'metadata_invalid',
        detail: expect.stringContaining('client_secret_basic'),
      },
    });
  });
});

describe('an outage of the metadata', () => {
  it('answers quickly while it lasts, then recovers by itself (G14)', async () => {
    const client = here();
    await server.stop();
    expect(await scene.prepare(client)).toMatchObject({ failure: { reason: 'metadata_unavailable' } });
    expect(scene.introspector.prepare(client, undefined as never)).not.toBeInstanceOf(Promise);

    await server.start();
    server.on(OAUTH, json(document()));
    skippedMs += 1_000;
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });

  it('recovers with nobody asking (G14)', async () => {
    const client = here();
    server.next(status(503));
    server.on(OAUTH, json(document()));
    await scene.prepare(client);
    while (refreshes().length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(refreshes()).toMatchObject([{ outcome: 'metadata_unavailable' }, { outcome: 'changed' }]);
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });
});

describe('warm', () => {
  it('asks about a random token and succeeds when the server says anything about it', async () => {
    const client = aClientOf(server.url('/introspect'));
    server.on('/introspect', json({ active: false }));
    expect(await scene.introspector.warm(client)).toEqual({ ok: true, value: null });
    expect(await scene.introspector.warm(client)).toEqual({ ok: true, value: null });
    const tokens = server.requests.map(({ body }) => new URLSearchParams(body).get('token') ?? '');
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) expect(token).toMatch(/^[\w.~+/-]{32,}=*$/);
  });

  it('fails with the fault of the metadata, or of the enquiry', async () => {
    expect(await scene.introspector.warm(here())).toMatchObject({
      failure: { reason: 'metadata_unavailable' },
    });
    server.on('/introspect', status(401));
    const refused = await scene.introspector.warm(aClientOf(server.url('/introspect')));
    expect(refused).toMatchObject({ failure: { reason: 'credentials_refused' } });
    if (!refused.ok) expect(isWrongSetting(refused.failure)).toBe(true);
  });

  it.each([status(500), status(404), reset(), html()])(
    'does not take any other fault for a wrong setting',
    async (answer) => {
      server.on('/introspect', answer);
      const result = await scene.introspector.warm(aClientOf(server.url('/introspect')));
      if (result.ok) throw new Error('a fault was expected');
      expect(isWrongSetting(result.failure)).toBe(false);
    },
  );
});

describe('retain', () => {
  it('lets running enquiries of a client that is gone end, then closes its connections', async () => {
    const client = aClientOf(server.url('/introspect'));
    server.on('/introspect', json({ active: true }, { delayMs: 50 }));
    const running = scene.ask(client);
    await new Promise(setImmediate);
    scene.introspector.retain([]);
    expect(scene.introspector.status()).toEqual({});
    expect(scene.introspector.stats()).toEqual([]);
    expect(outcomeOf(await running)).toBe('active');
  });

  it('still answers a check that began before, and keeps nothing for it', async () => {
    const client = aClientOf(server.url('/introspect'));
    scene.introspector.retain([]);
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(server.connections()).toBe(2);
    expect(scene.introspector.stats()).toEqual([]);
  });

  it('stops refreshing for a client that is gone, and begins again when it is back', async () => {
    server.on(OAUTH, json(document()));
    const client = here();
    await scene.ask(client);
    expect(scene.introspector.status()).toMatchObject({
      main: { metadata: { nextInMs: expect.any(Number) } },
    });
    scene.introspector.retain([]);
    scene.introspector.retain([client]);
    expect(scene.introspector.status()).toMatchObject({
      main: { metadata: { nextInMs: expect.any(Number) } },
    });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });
});

describe('discovery over many clients', () => {
  it('fetches so many documents at once as are set, and answers every client', async () => {
    let running = 0;
    let most = 0;
    server.always(async (request) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running -= 1;
      const realm = request.path.split('/').at(-1) ?? '';
      return json(document({ issuer: server.url(`/${realm}`) }));
    });
    const many = openScene({ discoveriesAtOnce: 3 });
    const clients = Array.from({ length: 20 }, (_, realm) =>
      aDiscoveringClient(server.url(`/realm-${realm}`)),
    );
    const questions = await Promise.all(clients.map((client) => many.prepare(client)));
    expect(questions.every(({ ok }) => ok)).toBe(true);
    expect(most).toBe(3);
    await many.introspector.close();
  });
});

describe('status and stats', () => {
  it('show what is known of a client', async () => {
    server.on(OAUTH, json(document()));
    const client = here();
    await scene.ask(client);
    skippedMs += 5_000;
    expect(scene.introspector.status()).toMatchObject({
      main: {
        issuer: server.origin,
        endpoint: server.url('/introspect'),
        authentication: 'client_secret_basic',
        metadata: { failures: 0, lastFault: null },
        connections: { connected: 1, running: 0 },
        enquiries: { inside: 0, waiting: 0, lastFault: null },
      },
    });
    const [stats] = scene.introspector.stats();
    expect(stats).toMatchObject({
      client: 'main',
      poolConnected: 1,
      enquiriesInside: 0,
      enquiriesWaiting: 0,
      suspendedBy: null,
    });
    expect(stats?.metadataAgeMs).toBeGreaterThanOrEqual(5_000);
  });

  it('show the last fault of metadata and of enquiries', async () => {
    await scene.ask(here());
    server.on('/introspect', status(500));
    await scene.ask(aClientOf(server.url('/introspect'), { name: 'other' }));
    expect(scene.introspector.status()).toMatchObject({
      main: { metadata: { failures: 1, lastFault: { reason: 'metadata_unavailable' } } },
      other: { enquiries: { lastFault: { reason: 'introspection_server_error' } } },
    });
  });

  it('never let a budget of a client reach another', async () => {
    const slow = aClientOf(server.url('/slow'), {
      name: 'slow',
      limits: { concurrent: 1, queue: 0 },
      introspection: { timeout: milliseconds(300) },
    });
    server.on('/slow', json({ active: true }, { delayMs: 5_000 }));
    const stuck = scene.ask(slow);
    expect(outcomeOf(await scene.ask(aClientOf(server.url('/introspect'))))).toBe('active');
    expect(outcomeOf(await stuck)).toBe('introspection_timeout');
  });
});
