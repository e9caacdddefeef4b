import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  AccessToken,
  type ClientAuthentication,
  type ClientContext,
  milliseconds,
  type RequestFact,
  Secret,
} from '../../src/domain/index.ts';
import { chooseAuthentication } from '../../src/introspection/authentication/client-authentication.ts';
import { createAuthenticator } from '../../src/introspection/authentication/authenticator.ts';
import type { Credentials } from '../../src/introspection/authentication/credentials.ts';
import type { HttpRequest } from '../../src/introspection/connection/exchange.ts';
import { formEncode } from '../../src/introspection/question/form-encode.ts';
import {
  type PreparedQuestion,
  prepareQuestion,
} from '../../src/introspection/question/introspection-request.ts';
import { createFactsReader } from '../../src/introspection/question/request-facts.ts';
import { aRequest } from '../support/builders.ts';
import { aClientOf, steadyRandomness, systemClock } from './scene.ts';

const ENDPOINT = 'https://idp.example/introspect?tenant=1';

const NEVER = new AbortController().signal;
const SIGNED = {
  algorithms: null,
  audience: ['gateway'],
  takesOldType: false,
  maxAge: milliseconds(60_000),
  keys: { kind: 'metadata' },
  decryption: null,
} as const;
const NOWHERE = { observe: () => undefined, resolveName: async () => [] };

type Method = 'client_secret_basic' | 'client_secret_post';

function authenticatorOf(client: ClientContext, method: Method = 'client_secret_basic') {
  const whereabouts = { introspectionEndpoint: ENDPOINT, tokenEndpoint: null };
  const parts = { ...NOWHERE, clock: systemClock, randomness: steadyRandomness };
  return createAuthenticator(client, { method, algorithm: null }, whereabouts, parts);
}

function prepared(client: ClientContext, endpoint = ENDPOINT, method?: Method): PreparedQuestion {
  const question = prepareQuestion(client, endpoint, authenticatorOf(client, method));
  if (!question.ok) throw new Error(question.failure);
  return question.value;
}

function requestOf(question: PreparedQuestion): HttpRequest {
  const request = question.requestFor(new AccessToken('t'), NEVER);
  if (request instanceof Promise || !request.ok) throw new Error('the request is not made at once');
  const { method, path, headers, body } = request.value;
  return { method, path, headers, body };
}

const wireOf = (question: PreparedQuestion): string => JSON.stringify([question.origin, requestOf(question)]);

function credentialsOf(authentication: ClientAuthentication, clientId: string, method?: Method): Credentials {
  const made = authenticatorOf(aClientOf(ENDPOINT, { clientId, authentication }), method).credentials(
    NEVER,
    null,
  );
  if (made instanceof Promise || !made.ok) throw new Error('credentials are not at hand');
  return made.value;
}

describe('credentials with a secret', () => {
  const basic = (clientId: string, secret: string, encoding?: 'form' | 'raw'): string => {
    const authentication = {
      method: 'client_secret_basic',
      secret: new Secret(secret),
      ...(encoding === undefined ? {} : { encoding }),
    } as const;
    const [header] = credentialsOf(authentication, clientId).headers;
    return header?.value.reveal() ?? '';
  };

  it('are raw before base64 for servers that want that', () => {
    const decoded = Buffer.from(basic('i:d', 'p@ss w%rd:/', 'raw').slice(6), 'base64').toString();
    expect(decoded).toBe('i:d:p@ss w%rd:/');
  });

  it('are those of the RFC 9449 example when raw, and others when encoded (22.9)', () => {
    const example = ['rs', 'rs:Mku-6g_lCzKIdz4fsN7kYcya+Ti'] as const;
    const written = 'Basic cnM6cnM6TWt1LTZnX2xDektJZHo0ZnNON2tZY3lhK1Rp';
    expect([basic(...example, 'raw') === written, basic(...example) === written]).toEqual([true, false]);
  });

  it('are the name alone where none is asked for', () => {
    const none = credentialsOf({ method: 'none' }, 'a b');
    expect([none.headers, none.form.reveal()]).toEqual([[], '&client_id=a+b']);
  });

  it('makes the Basic value of the RFC 7662 example', () => {
    expect(basic('s6BhdRkqt3', 'gX1fBat3bV')).toBe('Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW');
  });

  it('form-encodes id and secret before base64 (INT-5, 22.9)', () => {
    expect(basic('client:id+ü', 'p@ss w%rd:/')).toBe(
      'Basic Y2xpZW50JTNBaWQlMkIlQzMlQkM6cCU0MHNzK3clMjVyZCUzQSUyRg==',
    );
  });

  it('form-encodes s:e c/ret as the model does', () => {
    const decoded = Buffer.from(basic('id', 's:e c/ret').slice(6), 'base64').toString();
    expect(decoded).toBe('id:s%3Ae+c%2Fret');
  });

  it('prints no secret', () => {
    const authentication = { method: 'automatic', secret: new Secret('canary-8431') } as const;
    for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
      expect(JSON.stringify(credentialsOf(authentication, 'id', method))).not.toContain('8431');
    }
  });
});

describe('formEncode', () => {
  it('is undone by URLSearchParams, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(new URLSearchParams(`a=${formEncode(text)}`).get('a')).toBe(text);
      }),
    );
  });

  it('leaves only characters that are their own form encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(formEncode(text)).toMatch(/^[\w.~*%+-]*$/);
      }),
    );
  });
});

describe('chooseAuthentication', () => {
  const secret = new Secret('s3cret');

  it.each([
    ['client_secret_basic', 'automatic', null],
    ['client_secret_basic', 'automatic', ['client_secret_post', 'client_secret_basic']],
    ['client_secret_post', 'automatic', ['private_key_jwt', 'client_secret_post', 'Bearer']],
    ['client_secret_post', 'client_secret_post', null],
    ['client_secret_post', 'client_secret_post', ['client_secret_basic', 'client_secret_post']],
    ['none', 'none', ['none']],
    ['tls_client_auth', 'automatic_tls', null],
    ['tls_client_auth', 'automatic_tls', ['self_signed_tls_client_auth', 'tls_client_auth']],
    ['self_signed_tls_client_auth', 'automatic_tls', ['client_secret_basic', 'self_signed_tls_client_auth']],
  ] as const)('gives %s for %s when the metadata says %j (META-8)', (method, wanted, methods) => {
    const offered = { methods, algorithms: null };
    expect(chooseAuthentication({ method: wanted, secret }, offered, null)).toEqual({
      ok: true,
      value: { method, algorithm: null },
    });
  });

  it.each([
    ['automatic', ['private_key_jwt']],
    ['automatic', []],
    ['client_secret_basic', ['client_secret_post']],
    ['none', ['client_secret_post']],
    ['automatic_tls', ['client_secret_post']],
    ['tls_client_auth', ['self_signed_tls_client_auth']],
  ] as const)('refuses %s when the metadata says %j, and says what to set (META-8)', (method, methods) => {
    const outcome = chooseAuthentication({ method, secret }, { methods, algorithms: null }, null);
    expect(outcome).toMatchObject({ ok: false, failure: expect.stringContaining('`auth`') });
  });

  const keyed = {
    method: 'private_key_jwt',
    key: { pem: secret, id: null },
    assertion: {
      algorithms: ['PS256', 'RS256'],
      audience: 'issuer',
      type: null,
      lifetime: milliseconds(60_000),
      sendClientId: false,
    },
  } as const;
  const choose = (algorithms: readonly string[] | null, known: string | null = null) =>
    chooseAuthentication(
      keyed,
      { methods: ['private_key_jwt'], algorithms },
      known === null ? null : { method: 'private_key_jwt', algorithm: known },
    );

  it.each([
    ['PS256', null],
    ['PS256', ['RS256', 'PS256']],
    ['RS256', ['none', 'RS256', 'HS256']],
  ])('signs with %s when the metadata says %j (META-9)', (algorithm, offered) => {
    expect(choose(offered)).toMatchObject({ ok: true, value: { algorithm } });
  });

  it('refuses when no algorithm that goes with the key is taken, none at all included (CA-5)', () => {
    expect(choose(['none', 'HS256', 'ES256'])).toMatchObject({
      ok: false,
      failure: expect.stringContaining('`auth.alg`'),
    });
  });

  it('keeps method and algorithm over a refresh, or fails', () => {
    expect(choose(['PS256', 'RS256'], 'RS256')).toMatchObject({ ok: true, value: { algorithm: 'RS256' } });
    expect(choose(['PS256'], 'RS256').ok).toBe(false);
    const offered = { methods: ['client_secret_post'], algorithms: null };
    const known = { method: 'client_secret_basic', algorithm: null } as const;
    expect(chooseAuthentication({ method: 'automatic', secret }, offered, known).ok).toBe(false);
  });
});

describe('prepareQuestion', () => {
  it('refuses an endpoint that is not https where http is not permitted', () => {
    const client = { ...aClientOf(ENDPOINT), allowHttp: false };
    expect(prepareQuestion(client, 'http://idp.example/', authenticatorOf(client)).ok).toBe(false);
  });

  it.each([
    ['user info', 'https://a:b@idp.example/'],
    ['a fragment', 'https://idp.example/#'],
    ['another scheme', 'ftp://idp.example/'],
    ['no URL', 'idp.example/introspect'],
  ])('refuses an endpoint with %s', (_what, endpoint) => {
    const client = aClientOf(endpoint);
    expect(prepareQuestion(client, endpoint, authenticatorOf(client)).ok).toBe(false);
  });

  it('writes the parameters that are ours once, whatever `params` holds (INT-1, INT-6)', () => {
    const names = ['token', 'client_id', 'client_secret', 'token_type_hint', 'access_token', 'own'];
    const params = new Map<string, readonly string[]>([
      ...names.map((name) => [name, ['other']] as const),
      ['resource', ['https://api.example']],
    ]);
    const introspection = { params, tokenParameter: 'own' };
    const request = requestOf(prepared(aClientOf(ENDPOINT, { introspection })));
    expect(request.body).toBe('own=t&resource=https%3A%2F%2Fapi.example');
  });

  it('writes the headers that are ours once, whatever `headers` holds (INT-6)', () => {
    const plain = requestOf(prepared(aClientOf(ENDPOINT)));
    const names = ['authorization', 'accept', 'host', 'content_type', 'transfer-encoding', 'cookie'];
    const headers = new Map(names.map((name) => [name, new Secret('other')]));
    expect(requestOf(prepared(aClientOf(ENDPOINT, { introspection: { headers } })))).toEqual(plain);
  });

  it('keeps secret and token out of the identity, and the method of authentication too', () => {
    const client = aClientOf(ENDPOINT, {
      authentication: { method: 'automatic', secret: new Secret('canary-8431') },
    });
    const basic = prepared(client).identity;
    expect(basic.toString()).not.toContain('8431');
    expect(prepared(client, ENDPOINT, 'client_secret_post').identity.equals(basic)).toBe(true);
  });

  const text = fc.constantFrom('', 'a', 'b', 'ab', 'null', '0', '1', 'é', 'a&b=c');
  const value = fc.constantFrom('a', 'b', 'a b', '%61');
  const fact = fc.constantFrom<RequestFact>({ kind: 'method' }, { kind: 'header', name: 'x-device' });
  const settings = fc.record({
    name: text,
    issuer: fc.option(text),
    clientId: text,
    path: fc.constantFrom('/', '/a', '/a?b', '/b'),
    tokenTypeHint: fc.option(text),
    tokenParameter: fc.constantFrom('token', 'a', 'access_token'),
    params: fc.array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 2 })), { maxLength: 3 }),
    headers: fc.array(fc.tuple(fc.constantFrom('x-a', 'x-b', 'user-agent'), value), { maxLength: 3 }),
    facts: fc.record({
      params: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'm'), fact), { maxLength: 2 }),
      headers: fc.array(fc.tuple(fc.constantFrom('x-a', 'x-m'), fact), { maxLength: 2 }),
    }),
    isSigned: fc.boolean(),
    request: fc.record({ method: text, device: fc.option(text) }),
  });
  type Settings = typeof settings extends fc.Arbitrary<infer Value> ? Value : never;

  const clientWith = ({ name, issuer, clientId, tokenTypeHint, tokenParameter, ...sent }: Settings) =>
    aClientOf(ENDPOINT, {
      name,
      issuer,
      clientId,
      introspection: {
        tokenTypeHint,
        tokenParameter,
        params: new Map(sent.params),
        signedAnswers: sent.isSigned ? SIGNED : null,
        headers: new Map(sent.headers.map(([header, held]) => [header, new Secret(held)])),
        facts: { params: new Map(sent.facts.params), headers: new Map(sent.facts.headers) },
      },
    });

  function questionOf(all: Settings): PreparedQuestion {
    const client = clientWith(all);
    const question = prepared(client, `https://idp.example${all.path}`);
    const readFacts = createFactsReader(client);
    const { method, device } = all.request;
    const headers = device === null ? [] : [['x-device', device] as const];
    if (readFacts === null) return question;
    const request = aRequest({ method, headers });
    return question.causedBy(request, readFacts(request));
  }

  /** Client id and secret apart, which are the authentication on the wire. */
  const wireWithoutUs = (question: PreparedQuestion): string =>
    wireOf(question).replace(/"authorization","[^"]*"/, '');

  it('gives another identity to whatever differs on the wire, our authentication apart (decision 3)', () => {
    const keys = [
      'name',
      'path',
      'tokenTypeHint',
      'tokenParameter',
      'params',
      'headers',
      'facts',
      'isSigned',
      'request',
    ];
    fc.assert(
      fc.property(
        settings,
        settings,
        fc.subarray(keys, { minLength: 1, maxLength: 2 }),
        (one, all, changed) => {
          const other = {
            ...one,
            ...Object.fromEntries(Object.entries(all).filter(([key]) => changed.includes(key))),
          };
          const [first, second] = [questionOf(one), questionOf(other)];
          if (wireWithoutUs(first) !== wireWithoutUs(second)) {
            expect(first.identity.equals(second.identity)).toBe(false);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives the same identity to the same settings on requests that are the same on the wire (T-31)', () => {
    fc.assert(
      fc.property(settings, settings, (one, other) => {
        const same = { ...one, request: other.request };
        const isSame = wireOf(questionOf(one)) === wireOf(questionOf(same));
        expect(questionOf(one).identity.equals(questionOf(same).identity)).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });

  it('gives no identity to two clients, whatever is on the wire (T-31)', () => {
    const who = ({ name, issuer, clientId }: Settings): string => JSON.stringify([name, issuer, clientId]);
    fc.assert(
      fc.property(settings, settings, (one, { name, issuer, clientId }) => {
        const other = { ...one, name, issuer, clientId };
        const isSame = questionOf(one).identity.equals(questionOf(other).identity);
        expect(isSame).toBe(who(one) === who(other));
      }),
      { numRuns: 300 },
    );
  });
});
