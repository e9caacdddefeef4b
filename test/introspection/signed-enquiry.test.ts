import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  type ClientContext,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
  type SignedAnswerSettings,
} from '../../src/domain/index.ts';
import { refreshAfter } from '../../src/introspection/discovery/refresh-after.ts';
import {
  type Answer,
  type FaultServer,
  gzipped,
  html,
  huge,
  json,
  jsonText,
  redirect,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { aClientOf, aDiscoveringClient, openScene, outcomeOf, type Scene, systemClock } from './scene.ts';
import { claimsOf, ec, jwt, otherEc, publicJwk, sign, SIGNED_TYPE, signedAnswers } from './signer.ts';

const METADATA = '/.well-known/oauth-authorization-server';

let server: FaultServer;
let scene: Scene;
let skippedMs = 0;

beforeEach(async () => {
  skippedMs = 0;
  server = await startFaultServer();
  // The real clock, which a test may move on.
  const monotonic = () => monotonicMilliseconds(systemClock.monotonic() + skippedMs);
  scene = openScene({ clock: { ...systemClock, monotonic } });
  server.on(METADATA, json(document()));
  server.on('/jwks', json(jwks(ec.publicKey)));
  server.on('/introspect', answering());
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

const document = (differing: Readonly<Record<string, unknown>> = {}) => ({
  issuer: server.origin,
  introspection_endpoint: server.url('/introspect'),
  jwks_uri: server.url('/jwks'),
  introspection_signing_alg_values_supported: ['ES256', 'RS256'],
  ...differing,
});
const jwks = (key: KeyObject, kid = 'k1') => ({ keys: [publicJwk(key, { kid, use: 'sig' })] });

/** An answer made when it is asked for. */
const answering =
  (kid: string | (() => string) = 'k1', key: KeyObject = ec.privateKey, active = true): Answer =>
  async () => {
    const iat = Math.floor(Date.now() / 1000);
    const name = typeof kid === 'string' ? kid : kid();
    return jwt(await sign(claimsOf({ active }, { iss: server.origin, iat }), { kid: name }, key));
  };

const FROM_METADATA: Partial<SignedAnswerSettings> = { algorithms: null, keys: { kind: 'metadata' } };

const wanting = (
  signed: Partial<SignedAnswerSettings> = {},
  timeoutMs = 5_000,
): ClientContext['introspection'] => ({
  ...aDiscoveringClient('').introspection,
  timeout: milliseconds(timeoutMs),
  signedAnswers: signedAnswers({ ...FROM_METADATA, ...signed }),
});
const here = (signed: Partial<SignedAnswerSettings> = {}, differing: Partial<ClientContext> = {}) =>
  aDiscoveringClient(server.origin, { introspection: wanting(signed), ...differing });

const askedFor = (path: string) => server.requests.filter((request) => request.path === path);
const refreshes = () =>
  scene.events.filter(
    (event): event is Extract<HouseEvent, { event: 'signing_keys_refreshed' }> =>
      event.event === 'signing_keys_refreshed',
  );

describe('an enquiry for a signed answer', () => {
  it('says so and says nothing else, and checks it with the keys that the metadata leads to (JIR-1, JIR-9, JIR-13)', async () => {
    expect(outcomeOf(await scene.ask(here()))).toBe('active');
    const [asked] = askedFor('/introspect');
    expect(asked?.headers['accept']).toBe(SIGNED_TYPE);
    const [keys] = askedFor('/jwks');
    expect(keys).toMatchObject({ method: 'GET', body: '' });
    expect(keys?.headers).not.toHaveProperty('authorization');
    expect(refreshes()).toMatchObject([{ client: 'main', outcome: 'changed', detail: null }]);
    expect(scene.introspector.status()).toMatchObject({
      main: { signingKeys: { failures: 0, lastFault: null } },
    });
  });

  it('is inactive when the signed answer says so', async () => {
    server.on('/introspect', answering('k1', ec.privateKey, false));
    expect(outcomeOf(await scene.ask(here()))).toBe('inactive');
  });

  it('fetches the keys while the server answers, once for any number of tokens', async () => {
    const client = here();
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => scene.ask(client, `token-${n}`)));
    expect(new Set(outcomes.map(outcomeOf))).toEqual(new Set(['active']));
    expect(askedFor('/jwks')).toHaveLength(1);
  });

  it('is another question than one for a plain answer (decision 3)', async () => {
    const questions = await Promise.all([
      scene.prepare(here()),
      scene.prepare(aDiscoveringClient(server.origin)),
      scene.prepare(here({ audience: ['other'] })),
    ]);
    const [signed, plain, other] = questions.map((question) =>
      question.ok ? question.value.identity.toString('hex') : '',
    );
    expect(signed).not.toBe(plain);
    expect(signed).toBe(other);
  });

  it.each<[string, () => Answer, boolean, string]>([
    ['plain JSON', () => json({ active: true }), true, 'introspection_unsigned'],
    ['plain JSON', () => json({ active: true }), false, 'active'],
    ['a signed answer', () => answering(), false, 'introspection_signed'],
    ['a page', () => html(), true, 'introspection_content_type'],
    ['401', () => status(401), true, 'credentials_refused'],
    [
      '400 invalid_client',
      () => json({ error: 'invalid_client' }, { status: 400 }),
      true,
      'credentials_refused',
    ],
    ['500', () => status(500), true, 'introspection_server_error'],
    ['a compressed answer', () => gzipped({ active: true }), true, 'introspection_compressed'],
    ['a long answer', () => jwt('e'.repeat(70_000)), true, 'introspection_too_large'],
  ])(
    'answered with %s, signed wanted: %3$s, is %4$s (JIR-3, JIR-11)',
    async (_what, answer, wantsSigned, expected) => {
      server.on('/introspect', answer());
      const client = wantsSigned ? here() : aDiscoveringClient(server.origin);
      expect(outcomeOf(await scene.ask(client))).toBe(expected);
    },
  );

  it('sends a JWT that somebody shows as a bearer token like any other token (JIR-12, T-15)', async () => {
    const shown = await sign(claimsOf());
    server.on('/introspect', answering('k1', ec.privateKey, false));
    expect(outcomeOf(await scene.ask(here(), shown))).toBe('inactive');
    expect(new URLSearchParams(askedFor('/introspect')[0]?.body).get('token')).toBe(shown);
  });
});

describe('where the keys are', () => {
  it('must be said by the metadata, where no setting does', async () => {
    server.on(METADATA, json(document({ jwks_uri: undefined })));
    expect(await scene.ask(here())).toMatchObject({
      failure: { reason: 'metadata_invalid', detail: expect.stringContaining('`introspection.jwt.jwksUri`') },
    });
  });

  it('is never another origin than consented to (META-7, T-14)', async () => {
    const inner = await startFaultServer();
    try {
      inner.always(json(jwks(ec.publicKey)));
      server.on(METADATA, json(document({ jwks_uri: inner.url('/jwks') })));
      expect(outcomeOf(await scene.ask(here()))).toBe('metadata_invalid');
      expect(inner.connections()).toBe(0);
      const consenting = here({}, { endpointOrigins: [inner.origin] });
      expect(outcomeOf(await scene.ask(consenting))).toBe('active');
    } finally {
      await inner.stop();
    }
  });

  it('is the place of the settings where they name one, and with an endpoint no metadata is read', async () => {
    server.on('/keys', json(jwks(otherEc.publicKey)));
    server.on('/introspect', answering('k1', otherEc.privateKey));
    const signed = signedAnswers({ keys: { kind: 'url', url: server.url('/keys') } });
    const client = aClientOf(server.url('/introspect'), {
      issuer: server.origin,
      introspection: { signedAnswers: signed },
    });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(server.requests.map(({ path }) => path).sort()).toEqual(['/introspect', '/keys']);
  });

  it('is read from the metadata though the endpoint is a setting, where no setting says more', async () => {
    const client = aClientOf(server.url('/introspect'), {
      issuer: server.origin,
      introspection: { signedAnswers: signedAnswers(FROM_METADATA) },
    });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(askedFor(METADATA)).toHaveLength(1);
  });

  it('is not connected to when its name leads to this host without consent (T-14)', async () => {
    const elsewhere = openScene({ resolveName: async () => [{ address: '127.0.0.9', family: 4 }] });
    const url = `http://keys.test:${server.port}/jwks`;
    const client = aClientOf(server.url('/introspect'), {
      issuer: server.origin,
      allowAddresses: [],
      introspection: { signedAnswers: signedAnswers({ keys: { kind: 'url', url } }) },
    });
    expect(await elsewhere.ask(client)).toMatchObject({
      failure: { reason: 'signing_keys_unavailable', detail: expect.stringContaining('allowAddresses') },
    });
    expect(elsewhere.resolved).toEqual(['keys.test']);
    await elsewhere.introspector.close();
  });

  it('may be this host when the settings say so in so many words', async () => {
    const client = (url: string) =>
      aClientOf(`http://idp.test:${server.port}/introspect`, {
        issuer: server.origin.replace('127.0.0.1', 'idp.test'),
        acceptIssuers: [server.origin],
        allowAddresses: [],
        introspection: { signedAnswers: signedAnswers({ keys: { kind: 'url', url } }) },
      });
    expect(outcomeOf(await scene.ask(client(server.url('/jwks'))))).toBe('active');
    const byName = client(`http://idp.test:${server.port}/jwks`);
    expect(outcomeOf(await scene.ask(byName))).toBe('introspection_unreachable');
  });

  it('is not asked over plain http where that is not permitted (T-46)', async () => {
    const keys = { kind: 'url', url: server.url('/jwks') } as const;
    const outcome = await scene.ask({
      ...aClientOf('https://localhost:1/', { introspection: { signedAnswers: signedAnswers({ keys }) } }),
      allowHttp: false,
    });
    expect(outcomeOf(outcome)).not.toBe('active');
    expect(server.connections()).toBe(0);
  });
});

describe('a key set', () => {
  const oct = { keys: [publicJwk(ec.publicKey, { kid: 'k1' }), { kty: 'oct', k: 'c2VjcmV0' }] };
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });

  it.each<[string, () => Answer, string]>([
    ['500', () => status(500), 'signing_keys_unavailable'],
    ['404', () => status(404), 'signing_keys_unavailable'],
    ['304 though nothing is known', () => status(304), 'signing_keys_unavailable'],
    ['a redirect', () => redirect(302, '/jwks2'), 'signing_keys_unavailable'],
    ['a reset', () => reset(), 'signing_keys_unavailable'],
    ['a login page', () => html(), 'signing_keys_invalid'],
    ['a compressed set', () => gzipped(jwks(ec.publicKey)), 'signing_keys_invalid'],
    ['over 512 KiB', () => huge(600_000, jwks(ec.publicKey)), 'signing_keys_invalid'],
    ['a repeated member', () => jsonText('{"keys":[],"keys":[]}'), 'signing_keys_invalid'],
    ['no keys', () => json({}), 'signing_keys_invalid'],
    ['an empty list', () => json({ keys: [] }), 'signing_keys_invalid'],
    [
      'a private key',
      () => json({ keys: [publicJwk(ec.privateKey, { kid: 'k1' })] }),
      'signing_keys_invalid',
    ],
    ['a shared key', () => json(oct), 'signing_keys_invalid'],
    [
      'keys for encryption only',
      () => json({ keys: [publicJwk(ec.publicKey, { kid: 'k1', use: 'enc' })] }),
      'signing_keys_invalid',
    ],
    ['a weak key only', () => json(jwks(weak.publicKey)), 'signing_keys_invalid'],
    [
      'very many keys',
      () => json({ keys: Array(101).fill(publicJwk(ec.publicKey)) }),
      'signing_keys_invalid',
    ],
  ])(
    'that is %2$s ends in a fault of its own, and in an answer when it is mended: %s (JAT-16)',
    async (_what, answer, expected) => {
      server.on('/jwks', answer());
      const client = here();
      expect(outcomeOf(await scene.ask(client))).toBe(expected);
      expect(refreshes()).toMatchObject([{ outcome: expected }]);
      expect(scene.introspector.status()).toMatchObject({
        main: { signingKeys: { lastFault: { reason: expected } } },
      });
      server.on('/jwks', json(jwks(ec.publicKey)));
      skippedMs += 1_000;
      expect(outcomeOf(await scene.ask(client))).toBe('active');
    },
  );

  it.each(['application/jwk-set+json', 'text/plain', 'application/octet-stream'])(
    'may be called %s',
    async (type) => {
      server.on('/jwks', json(jwks(ec.publicKey), { headers: { 'content-type': type } }));
      expect(outcomeOf(await scene.ask(here()))).toBe('active');
    },
  );

  it('with several keys of one name is searched for the one that goes with the algorithm (JAT-16)', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = [
      publicJwk(rsa.publicKey, { kid: 'k1' }),
      publicJwk(otherEc.publicKey, { kid: 'k1' }),
      publicJwk(ec.publicKey, { kid: 'k1' }),
    ];
    server.on('/jwks', json({ keys }));
    expect(outcomeOf(await scene.ask(here()))).toBe('active');
  });

  it('is waited for no longer than the enquiry may take, and is there for a later one', async () => {
    const client = here({}, { introspection: wanting({}, 300) });
    server.on('/jwks', json(jwks(ec.publicKey), { delayMs: 600 }));
    expect(await scene.ask(client)).toMatchObject({
      failure: {
        reason: 'signing_keys_unavailable',
        detail: expect.stringContaining('`introspection.timeout`'),
      },
    });
    while (refreshes().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(askedFor('/jwks')).toHaveLength(1);
  });

  it('is used for an hour at most, however long the server says (JIR-9)', async () => {
    server.on('/jwks', json(jwks(ec.publicKey), { headers: { 'cache-control': 'max-age=604800' } }));
    await scene.ask(here());
    const status = JSON.stringify(scene.introspector.status()['main']);
    const [, nextInMs] = /"signingKeys":\{"ageMs":\d+,"nextInMs":(\d+)/.exec(status) ?? [];
    expect(Number(nextInMs)).toBeLessThanOrEqual(3_600_000);
    expect(Number(nextInMs)).toBeGreaterThan(3_000_000);

    const hour = milliseconds(3_600_000);
    expect(refreshAfter({ 'cache-control': 'max-age=604800' }, hour)).toBe(3_600_000);
    expect(refreshAfter({ 'cache-control': 'max-age=600', age: '100' }, hour)).toBe(500_000);
    expect(refreshAfter({ 'cache-control': 'max-age=0' }, hour)).toBe(60_000);
    expect(refreshAfter({}, hour)).toBe(900_000);
  });
});

describe('a server that changes its keys', () => {
  it('is asked for them when it signs with one that is not known, and nobody notices', async () => {
    const client = here();
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    server.on('/jwks', json(jwks(otherEc.publicKey, 'k2')));
    server.on('/introspect', answering('k2', otherEc.privateKey));
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => scene.ask(client, `token-${n}`)));
    expect(new Set(outcomes.map(outcomeOf))).toEqual(new Set(['active']));
    expect(askedFor('/jwks')).toHaveLength(2);
    expect(refreshes().map(({ outcome }) => outcome)).toEqual(['changed', 'changed']);
  });

  it('may give a new key the old name', async () => {
    const client = here();
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    server.on('/jwks', json(jwks(otherEc.publicKey)));
    server.on('/introspect', answering('k1', otherEc.privateKey));
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    // What the old key signs is believed no longer.
    server.on('/introspect', answering());
    expect(outcomeOf(await scene.ask(client))).toBe('signed_answer_signature');
  });

  it('is asked once in ten seconds, whatever names answers make up (JAT-7, T-19)', async () => {
    const client = here();
    await scene.ask(client);
    let ordinal = 0;
    server.on(
      '/introspect',
      answering(() => `made-up-${(ordinal += 1)}`),
    );
    for (const window of [1, 2]) {
      for (let round = 0; round < 10; round += 1) {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, n) => scene.ask(client, `${window}-${round}-${n}`)),
        );
        expect(new Set(outcomes.map(outcomeOf))).toEqual(new Set(['signed_answer_key']));
      }
      expect(askedFor('/jwks')).toHaveLength(1 + window);
      skippedMs += 10_000;
    }
    server.on('/introspect', answering());
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });

  it.each<[string, () => Answer]>([
    ['answers 503', () => status(503)],
    ['gives secrets away', () => json({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })],
    ['says nothing', () => silence()],
  ])('is believed by the keys that are known while it %s about new ones (G15)', async (_what, answer) => {
    const client = here({}, { introspection: wanting({}, 500) });
    await scene.ask(client);
    server.on('/jwks', answer());
    server.on('/introspect', answering('k2', otherEc.privateKey));
    expect(outcomeOf(await scene.ask(client))).toBe('signed_answer_key');
    expect(askedFor('/jwks')).toHaveLength(2);
    server.on('/introspect', answering());
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });

  it('is asked whether anything is new, where it gave a tag (RFC 9110)', async () => {
    const client = here();
    const headers = { etag: '"v1"', 'cache-control': 'max-age=300' };
    server.on('/jwks', (request) =>
      request.headers['if-none-match'] === '"v1"'
        ? status(304, { headers })
        : json(jwks(ec.publicKey), { headers }),
    );
    await scene.ask(client);
    server.on('/introspect', answering('k2'));
    expect(outcomeOf(await scene.ask(client))).toBe('signed_answer_key');
    expect(askedFor('/jwks').map((request) => request.headers['if-none-match'])).toEqual([undefined, '"v1"']);
    expect(refreshes().map(({ outcome }) => outcome)).toEqual(['changed', 'unchanged']);
    server.on('/introspect', answering());
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });

  it('has nothing new when its document is the same, whatever tag it has', async () => {
    let ordinal = 0;
    server.on('/jwks', () => json(jwks(ec.publicKey), { headers: { etag: `"v${(ordinal += 1)}"` } }));
    const client = here();
    await scene.ask(client);
    server.on('/introspect', answering('k2'));
    await scene.ask(client);
    expect(refreshes().map(({ outcome }) => outcome)).toEqual(['changed', 'unchanged']);
  });

  it('is asked no more when the client is gone, and again when it is back', async () => {
    const client = here();
    await scene.ask(client);
    const planned = { main: { signingKeys: { nextInMs: expect.any(Number) } } };
    expect(scene.introspector.status()).toMatchObject(planned);
    scene.introspector.retain([]);
    scene.introspector.retain([client]);
    expect(scene.introspector.status()).toMatchObject(planned);
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });
});
