import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  type ClientAuthentication,
  type ClientContext,
  type ClientCredentialsGrant,
  milliseconds,
  monotonicMilliseconds,
  Secret,
} from '../../src/domain/index.ts';
import { chooseAuthentication } from '../../src/introspection/authentication/client-authentication.ts';
import { isWrongSetting } from '../../src/introspection/index.ts';
import { INTROSPECTION_PATH, startAuthorizationServer } from '../support/authorization-server.ts';
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
import { aClientOf, openScene, outcomeOf, type Scene, systemClock } from './scene.ts';

const SECRET = 'canary-8431 %+/';
const TOKEN = 'canary-8432';

let server: FaultServer;
let scene: Scene;
/** Milliseconds that the steady clock is ahead of the real one. */
let ahead: number;

beforeEach(async () => {
  ahead = 0;
  server = await startFaultServer();
  scene = openScene({
    clock: { ...systemClock, monotonic: () => monotonicMilliseconds(performance.now() + ahead) },
  });
});
afterEach(async () => {
  const told = JSON.stringify([scene.events, scene.introspector.status()]);
  await scene.introspector.close();
  await server.stop();
  expect(told).not.toContain('canary');
});

function granted(differing: Partial<ClientCredentialsGrant> = {}): ClientAuthentication {
  return {
    method: 'bearer',
    grant: {
      endpoint: server.url('/token'),
      secret: new Secret(SECRET),
      method: null,
      encoding: 'form',
      scopes: [],
      params: new Map(),
      ...differing,
    },
  };
}

const clientHere = (
  authentication: ClientAuthentication = granted(),
  differing: Parameters<typeof aClientOf>[1] = {},
): ClientContext => aClientOf(server.url('/introspect'), { authentication, ...differing });

/** The server of a client: takes one token after another, each of which it has given out. */
function serve(tokenAnswer: Answer = tokens()): void {
  server.on('/token', tokenAnswer);
  server.on('/introspect', json({ active: true }));
}

function tokens(lifeSeconds?: number): Answer {
  let count = 0;
  return () =>
    json({
      access_token: `${TOKEN}-${(count += 1)}`,
      token_type: 'bearer',
      ...(lifeSeconds === undefined ? {} : { expires_in: lifeSeconds }),
    });
}

const at = (path: string) => server.requests.filter((request) => request.path === path);
const shown = () => at('/introspect').map(({ headers }) => headers['authorization']);
const basic = `Basic ${Buffer.from('gateway:canary-8431+%25%2B%2F').toString('base64')}`;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a token of the settings', () => {
  it('goes in the header of every enquiry, with no name beside it (INT-4, INT-6)', async () => {
    server.always(json({ active: true }));
    const client = clientHere({ method: 'bearer', token: new Secret(TOKEN) });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(outcomeOf(await scene.ask(client, 'token-2'))).toBe('active');
    expect(shown()).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
    expect(at('/introspect').map(({ body }) => body)).toEqual(['token=token-1', 'token=token-2']);
    expect(scene.introspector.status()).toMatchObject({
      main: { authentication: 'bearer', callToken: null },
    });
  });

  it('is shown once when it is refused (R18)', async () => {
    server.always(status(401));
    const client = clientHere({ method: 'bearer', token: new Secret(TOKEN) });
    expect(outcomeOf(await scene.ask(client))).toBe('credentials_refused');
    expect(shown()).toHaveLength(1);
  });

  it('is not part of what the answer is remembered by', async () => {
    const questions = await Promise.all(
      ['one', 'two'].map((token) =>
        scene.prepare(clientHere({ method: 'bearer', token: new Secret(token) })),
      ),
    );
    const [one, two] = questions.map((question) => (question.ok ? question.value.identity : null));
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
    expect(one?.toString()).not.toContain('one');
  });
});

describe('a token by client credentials', () => {
  it('is asked for once, with our secret, and shown alone with every enquiry (INT-4, INT-6)', async () => {
    serve();
    const client = clientHere();
    const outcomes = await Promise.all(['a', 'b', 'c'].map((token) => scene.ask(client, token)));
    expect(outcomes.map(outcomeOf)).toEqual(['active', 'active', 'active']);
    const [request, ...more] = at('/token');
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      method: 'POST',
      body: 'grant_type=client_credentials',
      headers: {
        authorization: basic,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    expect(shown()).toEqual([1, 2, 3].map(() => `Bearer ${TOKEN}-1`));
    expect(
      at('/introspect')
        .map(({ body }) => body)
        .sort(),
    ).toEqual(['token=a', 'token=b', 'token=c']);
    expect(scene.introspector.status()).toMatchObject({
      main: { callToken: { endsInMs: expect.any(Number), failures: 0, lastFault: null } },
    });
    expect(scene.events.filter(({ event }) => event === 'call_token_renewed')).toEqual([
      { event: 'call_token_renewed', client: 'main', outcome: 'renewed', detail: null },
    ]);
  });

  it('asks for scopes and with parameters as the settings say, ours written once (INT-6)', async () => {
    serve();
    const params = new Map([
      ['resource', ['https://a.example', 'https://b.example']],
      ['audience', ['x y']],
      ['grant_type', ['password']],
      ['client_secret', ['other']],
    ]);
    const grant = granted({ method: 'client_secret_post', scopes: ['introspect', 'read'], params });
    await scene.ask(clientHere(grant));
    const [request] = at('/token');
    expect(request?.headers['authorization']).toBeUndefined();
    expect([...new URLSearchParams(request?.body)]).toEqual([
      ['grant_type', 'client_credentials'],
      ['scope', 'introspect read'],
      ['resource', 'https://a.example'],
      ['resource', 'https://b.example'],
      ['audience', 'x y'],
      ['client_id', 'gateway'],
      ['client_secret', SECRET],
    ]);
  });

  it('sends the secret raw where the settings say so', async () => {
    serve();
    await scene.ask(clientHere(granted({ encoding: 'raw' })));
    const [scheme, value = ''] = String(at('/token')[0]?.headers['authorization']).split(' ');
    expect([scheme, Buffer.from(value, 'base64').toString()]).toEqual(['Basic', `gateway:${SECRET}`]);
  });

  it('is renewed before it ends, and no enquiry waits for that', async () => {
    serve(tokens(60));
    const client = clientHere();
    await scene.ask(client, 'a');
    server.on('/token', () => new Promise(() => undefined));
    ahead = 45_000;
    expect(outcomeOf(await scene.ask(client, 'b'))).toBe('active');
    expect(shown()).toEqual([`Bearer ${TOKEN}-1`, `Bearer ${TOKEN}-1`]);
    await until(() => at('/token').length === 2);
  });

  it('is asked for anew when it has ended', async () => {
    serve(tokens(60));
    const client = clientHere();
    await scene.ask(client, 'a');
    ahead = 60_000;
    await scene.ask(client, 'b');
    expect(shown()).toEqual([`Bearer ${TOKEN}-1`, `Bearer ${TOKEN}-2`]);
  });
});

describe('a token by client credentials that is refused', () => {
  it('is replaced, and the enquiry asks once more with the new one', async () => {
    serve(tokens(3_600));
    const client = clientHere();
    await scene.ask(client, 'a');
    ahead = 10_000;
    const isOld = (authorization: unknown): boolean => authorization === `Bearer ${TOKEN}-1`;
    server.on('/introspect', ({ headers }) =>
      isOld(headers['authorization']) ? status(401) : json({ active: true }),
    );
    const outcomes = await Promise.all(['b', 'c', 'd'].map((token) => scene.ask(client, token)));
    expect(outcomes.map(outcomeOf)).toEqual(['active', 'active', 'active']);
    expect(at('/token')).toHaveLength(2);
    expect(scene.introspector.stats()[0]?.suspendedBy).toBeNull();
  });

  it('is replaced once and no more when the new one is refused, too', async () => {
    serve(tokens(3_600));
    const client = clientHere();
    await scene.ask(client, 'a');
    ahead = 10_000;
    server.forget();
    server.on('/introspect', status(401));
    expect(outcomeOf(await scene.ask(client, 'b'))).toBe('credentials_refused');
    expect(shown()).toEqual([`Bearer ${TOKEN}-1`, `Bearer ${TOKEN}-2`]);
    expect(outcomeOf(await scene.ask(client, 'c'))).toBe('credentials_refused');
    expect([shown().length, at('/token').length]).toEqual([3, 1]);
  });

  it('is kept when the answer is another error', async () => {
    serve(tokens(3_600));
    const client = clientHere();
    await scene.ask(client, 'a');
    ahead = 10_000;
    server.on('/introspect', status(403));
    expect(outcomeOf(await scene.ask(client, 'b'))).toBe('introspection_status');
    expect([shown().length, at('/token').length]).toEqual([2, 1]);
  });
});

describe('the answer of the token endpoint', () => {
  const good = { access_token: TOKEN, token_type: 'Bearer', expires_in: 60 };
  const error = (code: number, word: string) => jsonText(JSON.stringify({ error: word }), { status: code });

  it.each<[string, Answer]>([
    ['plain', json(good)],
    ['typed in another case', json({ ...good, token_type: 'bEARER' })],
    ['without an end', json({ ...good, expires_in: undefined })],
    ['with more members', json({ ...good, scope: 'x', refresh_token: 'canary', x: { y: [] } })],
    ['with a fraction of a second', json({ ...good, expires_in: 0.5 })],
    ['with an end in a thousand years', json({ ...good, expires_in: 1e300 })],
  ])('is good when it is %s', async (_what, answer) => {
    serve(answer);
    expect(outcomeOf(await scene.ask(clientHere()))).toBe('active');
    expect(shown()).toEqual([`Bearer ${TOKEN}`]);
  });

  it.each<[string, Answer, RegExp]>([
    ['another type of token', json({ ...good, token_type: 'DPoP' }), /"token_type"/],
    ['no type', json({ ...good, token_type: undefined }), /"token_type"/],
    ['a type that is no text', json({ ...good, token_type: ['Bearer'] }), /"token_type"/],
    ['no token', json({ ...good, access_token: undefined }), /"access_token"/],
    ['an empty token', json({ ...good, access_token: '' }), /"access_token"/],
    ['a token that ends the header', json({ ...good, access_token: 'a\r\nx: y' }), /"access_token"/],
    ['a token with a space', json({ ...good, access_token: 'a b' }), /"access_token"/],
    ['a token of over 8 KiB', json({ ...good, access_token: 'a'.repeat(8_193) }), /"access_token"/],
    ['an end in a text', json({ ...good, expires_in: '60' }), /"expires_in"/],
    ['an end that has passed', json({ ...good, expires_in: -1 }), /"expires_in"/],
    ['no time at all', json({ ...good, expires_in: 0 }), /"expires_in"/],
    ['null for its end', json({ ...good, expires_in: null }), /"expires_in"/],
    ['a list', json([good]), /not a JSON object/],
    [
      'a member twice',
      jsonText(`{"access_token":"a","access_token":"b","token_type":"Bearer"}`),
      /strict JSON/,
    ],
    ['a text that is no JSON', jsonText('canary'), /strict JSON/],
    ['a web page', html('canary'), /content type/],
    ['a compressed body', gzipped(good), /compressed/],
    ['a body of over 64 KiB', huge(70_000, good), /over 64 KiB/],
    ['a status of 201', json(good, { status: 201 }), /status 201/],
    ['a redirect', redirect(307, 'https://canary.example/'), /status 307/],
    ['a page that is not there', status(404, { body: 'canary' }), /status 404/],
    ['a scope that it does not know', error(400, 'invalid_scope'), /status 400 and invalid_scope/],
    ['a word of its own', error(400, 'canary'), /status 400$/],
    ['429', status(429), /status 429/],
    ['503', status(503), /status 503/],
    ['a connection that is reset', reset(), /the token endpoint: /],
    ['no HTTP', raw('canary\r\n\r\n'), /the token endpoint: /],
  ])('is a fault and nothing is asked when it is %s', async (_what, answer, detail) => {
    serve(answer);
    expect(await scene.ask(clientHere())).toMatchObject({
      failure: { reason: 'call_token_unavailable', detail: expect.stringMatching(detail) },
    });
    expect(at('/introspect')).toEqual([]);
  });

  it.each<[string, Answer, string, boolean]>([
    ['invalid_client', error(400, 'invalid_client'), 'credentials_refused', true],
    ['401', status(401), 'credentials_refused', true],
    ['unauthorized_client', error(400, 'unauthorized_client'), 'call_token_unavailable', true],
    ['404', status(404), 'call_token_unavailable', true],
    ['503', status(503), 'call_token_unavailable', false],
    ['a web page', html(), 'call_token_unavailable', false],
  ])('tells a wrong setting from an outage: %s (R18)', async (_what, answer, reason, isSetting) => {
    serve(answer);
    const outcome = await scene.introspector.warm(clientHere());
    expect(outcome).toMatchObject({ failure: { reason } });
    expect(!outcome.ok && isWrongSetting(outcome.failure)).toBe(isSetting);
    expect(scene.introspector.status()).toMatchObject({
      main: { callToken: { failures: 1, lastFault: { reason } } },
    });
  });

  it('is waited for as long as the enquiry has time, and is there for the next one', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const answer = tokens();
    serve(async (request) => {
      await gate;
      return typeof answer === 'function' ? answer(request) : answer;
    });
    const introspection = {
      ...aClientOf(server.url('/introspect')).introspection,
      timeout: milliseconds(100),
    };
    const client = clientHere(granted(), { introspection });
    expect(outcomeOf(await scene.ask(client, 'a'))).toBe('introspection_timeout');
    release();
    await until(() => scene.events.some(({ event }) => event === 'call_token_renewed'));
    expect(outcomeOf(await scene.ask(client, 'b'))).toBe('active');
    expect(at('/token')).toHaveLength(1);
  });

  it('is not asked for again at once after a fault', async () => {
    serve(status(503));
    const client = clientHere();
    for (const token of ['a', 'b', 'c'])
      expect(outcomeOf(await scene.ask(client, token))).toBe('call_token_unavailable');
    expect(at('/token')).toHaveLength(1);
    server.on('/token', tokens());
    ahead = 10_000;
    expect(outcomeOf(await scene.ask(client, 'd'))).toBe('active');
  });
});

describe('the token endpoint', () => {
  const metadataOf = (differing: Readonly<Record<string, unknown>> = {}) =>
    json({
      issuer: server.origin,
      introspection_endpoint: server.url('/introspect'),
      token_endpoint: server.url('/token'),
      ...differing,
    });
  const discovering = (differing: Parameters<typeof aClientOf>[1] = {}) =>
    clientHere(granted({ endpoint: null }), {
      issuer: server.origin,
      introspection: { endpoint: null },
      ...differing,
    });
  const publish = (differing?: Readonly<Record<string, unknown>>) =>
    server.on('/.well-known/oauth-authorization-server', metadataOf(differing));

  it('is the one of the metadata where the settings name none', async () => {
    serve();
    publish();
    expect(outcomeOf(await scene.ask(discovering()))).toBe('active');
    expect(at('/token')[0]?.headers['authorization']).toBe(basic);
  });

  it('is read from metadata although the introspection endpoint is configured', async () => {
    serve();
    publish();
    const client = clientHere(granted({ endpoint: null }), { issuer: server.origin });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });

  it.each([
    ['basic where it says nothing', undefined, null, 'basic'],
    ['basic, else post', ['client_secret_post', 'none'], null, 'post'],
    ['what the settings name', ['client_secret_post', 'client_secret_basic'], 'client_secret_post', 'post'],
  ] as const)('is shown our secret by %s (META-8)', async (_what, methods, method, way) => {
    serve();
    publish({ token_endpoint_auth_methods_supported: methods });
    const authentication = granted({ endpoint: null, method });
    expect(outcomeOf(await scene.ask({ ...discovering(), authentication }))).toBe('active');
    expect(at('/token')[0]?.headers['authorization'] === undefined ? 'post' : 'basic').toBe(way);
  });

  it.each([
    ['that takes no shared secret', { token_endpoint_auth_methods_supported: ['private_key_jwt'] }],
    ['of another origin (META-7)', { token_endpoint: 'https://evil.example/token' }],
    ['that is not there', { token_endpoint: undefined }],
    ['of a server that takes no bearer token', { introspection_endpoint_auth_methods_supported: ['none'] }],
  ])('is refused in metadata: one %s', async (_what, differing) => {
    serve();
    publish(differing);
    expect(outcomeOf(await scene.ask(discovering()))).toBe('metadata_invalid');
    expect(at('/token')).toEqual([]);
  });

  it('may be of another origin that the settings list, on a server that names Bearer', async () => {
    serve();
    const other = await startFaultServer();
    try {
      other.always(tokens());
      publish({
        token_endpoint: other.url('/token'),
        introspection_endpoint_auth_methods_supported: ['Bearer'],
      });
      expect(outcomeOf(await scene.ask(discovering({ endpointOrigins: [other.origin] })))).toBe('active');
      expect(other.requests).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it('keeps its way of authentication over a refresh of the metadata', () => {
    const known = { method: 'bearer', algorithm: null, grant: 'client_secret_basic' } as const;
    const offered = { methods: null, algorithms: null, grantMethods: ['client_secret_post'] };
    expect(chooseAuthentication(granted(), offered, known).ok).toBe(false);
    const both = { ...offered, grantMethods: ['client_secret_post', 'client_secret_basic'] };
    expect(chooseAuthentication(granted(), both, { ...known, grant: 'client_secret_post' })).toMatchObject({
      value: { grant: 'client_secret_post' },
    });
  });

  it('is reached on an address of this host only with consent (T-14)', async () => {
    serve();
    const named = `http://idp.internal:${server.port}`;
    const client = (name: string, endpoint: string, allowAddresses: readonly string[]) => ({
      ...aClientOf(`${named}/introspect`, { authentication: granted({ endpoint }) }),
      name,
      allowAddresses,
    });
    expect(await scene.ask(client('named', `${named}/token`, []))).toMatchObject({
      failure: { reason: 'call_token_unavailable' },
    });
    expect(server.requests).toEqual([]);
    expect(outcomeOf(await scene.ask(client('allowed', `${named}/token`, ['127.0.0.0/8'])))).toBe('active');
    // Written down as it is, an address needs no range.
    expect(outcomeOf(await scene.ask(client('literal', server.url('/token'), [])))).toBe('active');
  });
});

describe('with oidc-provider', () => {
  it('gets a token by client credentials, which an endpoint of our making finds active', async () => {
    const idp = await startAuthorizationServer({
      clientSecret: SECRET,
      registration: { grant_types: ['client_credentials'] },
    });
    try {
      // Its own introspection endpoint takes client authentication only.
      server.on('/introspect', async ({ headers, body }) => {
        const [scheme, token = ''] = String(headers['authorization']).split(' ');
        const isActive = async (text: string): Promise<boolean> => {
          const response = await fetch(idp.issuer + INTROSPECTION_PATH, {
            method: 'POST',
            headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({ token: text }),
          });
          return ((await response.json()) as { readonly active: boolean }).active;
        };
        if (scheme !== 'Bearer' || !(await isActive(token))) return status(401);
        return json({ active: await isActive(new URLSearchParams(body).get('token') ?? '') });
      });
      const params = new Map([['resource', ['https://introspection.example']]]);
      const client = clientHere(granted({ endpoint: null, scopes: ['introspect'], params }), {
        issuer: idp.issuer,
      });
      expect(outcomeOf(await scene.ask(client, await idp.issueToken()))).toBe('active');
      expect(outcomeOf(await scene.ask(client, 'unknown'))).toBe('inactive');
      expect(idp.requestsTo('/token')).toBe(2);
    } finally {
      await idp.stop();
    }
  });
});
