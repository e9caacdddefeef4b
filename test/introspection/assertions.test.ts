import { createSecretKey, generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader, jwtVerify } from 'jose';

import {
  type AssertionSettings,
  type ClientAuthentication,
  type Clock,
  epochMilliseconds,
  milliseconds,
  Secret,
} from '../../src/domain/index.ts';
import { createAuthenticator } from '../../src/introspection/authentication/authenticator.ts';
import { NOON } from '../support/builders.ts';
import { json, startFaultServer } from '../support/fault-server.ts';
import { aClientOf, openScene, outcomeOf, steadyRandomness, systemClock } from './scene.ts';

const ENDPOINTS = {
  introspectionEndpoint: 'https://idp.example/introspect',
  tokenEndpoint: 'https://idp.example/token',
};
const SECRET = 'a secret of at least thirty-two bytes';
const clock: Clock = { ...systemClock, now: () => epochMilliseconds(NOON * 1000 + 900) };

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');

function settingsOf(algorithm: string, differing: Partial<AssertionSettings> = {}): AssertionSettings {
  return {
    algorithms: [algorithm],
    audience: 'issuer',
    type: 'client-authentication+jwt',
    lifetime: milliseconds(60_000),
    sendClientId: false,
    ...differing,
  };
}

type Asserting = Extract<ClientAuthentication, { readonly assertion: AssertionSettings }>;
type Keyed = Extract<ClientAuthentication, { readonly method: 'private_key_jwt' }>;

function keyed(algorithm = 'ES256', pair = ec, differing: Partial<AssertionSettings> = {}): Keyed {
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    method: 'private_key_jwt',
    key: { pem: new Secret(pem), id: 'k1' },
    assertion: settingsOf(algorithm, differing),
  };
}

function authenticatorOf(authentication: Asserting) {
  const [algorithm] = authentication.assertion.algorithms;
  const client = aClientOf(ENDPOINTS.introspectionEndpoint, {
    issuer: 'https://idp.example',
    authentication,
  });
  const choice = { method: authentication.method, algorithm: algorithm ?? null };
  return createAuthenticator(client, choice, ENDPOINTS, {
    clock,
    randomness: steadyRandomness,
    observe: () => undefined,
    resolveName: async () => [],
  });
}

/** The form of one request, and its assertion. */
async function assertion(authentication: Asserting) {
  const credentials = await authenticatorOf(authentication).credentials(new AbortController().signal, null);
  if (!credentials.ok) throw new Error(credentials.failure.reason);
  expect(credentials.value.headers).toEqual([]);
  const form = new URLSearchParams(credentials.value.form.reveal());
  return { form, jwt: form.get('client_assertion') ?? '' };
}

const verify = (jwt: string, key: Parameters<typeof jwtVerify>[1]) =>
  jwtVerify(jwt, key, { currentDate: new Date(NOON * 1000) });

describe('a client assertion', () => {
  it('goes in the form, once, with its type (CA-1)', async () => {
    const { form } = await assertion(keyed());
    expect([...form.keys()]).toEqual(['client_assertion_type', 'client_assertion']);
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  });

  it('says who we are, to whom, from when and for how long, and nothing else (CA-2, CA-3)', async () => {
    const { jwt } = await assertion(keyed());
    const { payload, protectedHeader } = await verify(jwt, ec.publicKey);
    expect(payload).toEqual({
      iss: 'gateway',
      sub: 'gateway',
      aud: 'https://idp.example',
      iat: NOON,
      exp: NOON + 60,
      jti: expect.stringMatching(/^[\w-]{32}$/),
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'k1', typ: 'client-authentication+jwt' });
  });

  it.each([
    ['issuer', 'https://idp.example'],
    ['token_endpoint', ENDPOINTS.tokenEndpoint],
    ['introspection_endpoint', ENDPOINTS.introspectionEndpoint],
  ] as const)('is for %s when the settings say so (CA-3)', async (audience, aud) => {
    const { jwt } = await assertion(keyed('ES256', ec, { audience }));
    expect((await verify(jwt, ec.publicKey)).payload.aud).toBe(aud);
  });

  it.each([
    [null, undefined],
    ['JWT', 'JWT'],
  ])('is of type %s when the settings say so (CA-4)', async (type, typ) => {
    const { jwt } = await assertion(keyed('ES256', ec, { type }));
    expect(decodeProtectedHeader(jwt).typ).toBe(typ);
  });

  it('ends when the settings say so (CA-3)', async () => {
    const { jwt } = await assertion(keyed('ES256', ec, { lifetime: milliseconds(10_500) }));
    expect((await verify(jwt, ec.publicKey)).payload.exp).toBe(NOON + 11);
  });

  it('names the client beside it when the settings say so (CA-1)', async () => {
    const { form } = await assertion(keyed('ES256', ec, { sendClientId: true }));
    expect(form.getAll('client_id')).toEqual(['gateway']);
  });

  it.each([
    ['PS256', rsa],
    ['RS256', rsa],
    ['EdDSA', ed],
    ['Ed25519', ed],
  ])('is signed with %s by the key (CA-5)', async (algorithm, pair) => {
    const { jwt } = await assertion(keyed(algorithm, pair));
    expect((await verify(jwt, pair.publicKey)).protectedHeader.alg).toBe(algorithm);
  });

  it('is signed with our secret for client_secret_jwt, and names no key (CA-5)', async () => {
    const authentication = {
      method: 'client_secret_jwt',
      secret: new Secret(SECRET),
      assertion: settingsOf('HS256'),
    } as const;
    const { jwt } = await assertion(authentication);
    const { protectedHeader } = await verify(jwt, createSecretKey(SECRET, 'utf8'));
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'client-authentication+jwt' });
  });

  it('is a new one each time (CA-6)', async () => {
    const authenticator = authenticatorOf(keyed());
    const forms = await Promise.all(
      [1, 2, 3].map(async () => authenticator.credentials(new AbortController().signal, null)),
    );
    const texts = forms.map((made) => (made.ok ? made.value.form.reveal() : ''));
    expect(new Set(texts).size).toBe(3);
    expect(JSON.stringify(forms)).not.toContain('client_assertion=');
  });
});

describe('a client that authenticates with assertions', () => {
  it('shows a new one on every request and nothing else, and tells nobody (CA-6, INT-6)', async () => {
    const server = await startFaultServer();
    const scene = openScene();
    try {
      const client = aClientOf(server.url('/introspect'), {
        issuer: 'https://idp.example',
        authentication: keyed(),
      });
      server.always(json({ active: true }));
      expect(outcomeOf(await scene.ask(client, 'one'))).toBe('active');
      expect(outcomeOf(await scene.ask(client, 'two'))).toBe('active');
      const forms = server.requests.map(({ body }) => new URLSearchParams(body));
      expect(new Set(forms.map((form) => form.get('client_assertion'))).size).toBe(2);
      expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, undefined]);
      expect(scene.introspector.status()).toMatchObject({
        main: { authentication: 'private_key_jwt', algorithm: 'ES256' },
      });
      const told = JSON.stringify([scene.events, scene.introspector.status()]);
      for (const form of forms) expect(told).not.toContain(form.get('client_assertion'));
    } finally {
      await scene.introspector.close();
      await server.stop();
    }
  });

  it('makes none for a server whose metadata names the endpoint of another one (CA-3, META-7)', async () => {
    const [honest, malicious] = [await startFaultServer(), await startFaultServer()];
    const scene = openScene();
    try {
      honest.always(json({ active: true }));
      malicious.always(
        json({
          issuer: malicious.origin,
          introspection_endpoint: honest.url('/introspect'),
          token_endpoint: honest.url('/token'),
        }),
      );
      const tricked = aClientOf('unused', {
        issuer: malicious.origin,
        authentication: keyed('ES256', ec, { audience: 'token_endpoint' }),
        introspection: { endpoint: null },
      });
      expect(outcomeOf(await scene.ask(tricked))).toBe('metadata_invalid');
      expect(honest.requests).toEqual([]);
      // Even with consent to the origin, what is signed is for the server that was configured.
      const consenting = {
        ...tricked,
        name: 'consenting',
        endpointOrigins: [honest.origin],
        authentication: keyed(),
      };
      expect(outcomeOf(await scene.ask(consenting))).toBe('active');
      const shown = new URLSearchParams(honest.requests[0]?.body).get('client_assertion') ?? '';
      expect((await jwtVerify(shown, ec.publicKey)).payload.aud).toBe(malicious.origin);
    } finally {
      await scene.introspector.close();
      await Promise.all([honest.stop(), malicious.stop()]);
    }
  });

  it('reads the metadata for a token endpoint although its own endpoint is configured', async () => {
    const server = await startFaultServer();
    const scene = openScene();
    try {
      server.on(
        '/.well-known/oauth-authorization-server',
        json({ issuer: server.origin, token_endpoint: server.url('/token') }),
      );
      server.on('/introspect', json({ active: true }));
      const client = aClientOf(server.url('/introspect'), {
        issuer: server.origin,
        authentication: keyed('ES256', ec, { audience: 'token_endpoint' }),
      });
      expect(outcomeOf(await scene.ask(client))).toBe('active');
      const shown = new URLSearchParams(server.requests.at(-1)?.body).get('client_assertion') ?? '';
      expect((await jwtVerify(shown, ec.publicKey)).payload.aud).toBe(server.url('/token'));
    } finally {
      await scene.introspector.close();
      await server.stop();
    }
  });
});
