import { describe, expect, it } from '@jest/globals';

import type { SignedAnswerSettings } from '../../src/domain/index.ts';
import { readMetadata } from '../../src/introspection/discovery/read-metadata.ts';
import { refreshAfter } from '../../src/introspection/discovery/refresh-after.ts';
import { wellKnownPlaces } from '../../src/introspection/discovery/well-known.ts';
import { aClient } from '../support/builders.ts';
import { signedAnswers } from './signer.ts';

describe('wellKnownPlaces', () => {
  it.each([
    ['https://example.com', ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']],
    [
      'https://example.com/',
      ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
    ],
    [
      'https://example.com/issuer1',
      [
        '/.well-known/oauth-authorization-server/issuer1',
        '/.well-known/openid-configuration/issuer1',
        '/issuer1/.well-known/openid-configuration',
      ],
    ],
    [
      'https://example.com/issuer1/',
      [
        '/.well-known/oauth-authorization-server/issuer1',
        '/.well-known/openid-configuration/issuer1',
        '/issuer1/.well-known/openid-configuration',
      ],
    ],
  ])('lists the places of %s in order (META-2, META-3, 22.8)', (issuer, paths) => {
    expect(wellKnownPlaces(issuer)).toEqual(paths.map((path) => `https://example.com${path}`));
  });
});

describe('readMetadata', () => {
  const client = aClient({ issuer: 'https://idp.example' });
  const document = { issuer: 'https://idp.example', introspection_endpoint: 'https://idp.example/i' };

  it('takes endpoint and methods', () => {
    const methods = ['client_secret_post'];
    const full = { ...document, introspection_endpoint_auth_methods_supported: methods, unknown: {} };
    expect(readMetadata(full, client)).toEqual({
      ok: true,
      value: {
        introspectionEndpoint: 'https://idp.example/i',
        authentication: { methods, algorithms: null },
        tokenEndpoint: null,
        warnings: [],
        jwksUri: null,
        answerAlgorithms: null,
      },
    });
  });

  describe('for signed answers', () => {
    const algorithms = ['ES256', 'none'];
    const full = {
      ...document,
      jwks_uri: 'https://idp.example/jwks',
      introspection_signing_alg_values_supported: algorithms,
    };
    const wanting = (differing: Partial<SignedAnswerSettings> = {}) => {
      const signed = signedAnswers({ keys: { kind: 'metadata' }, ...differing });
      return { ...client, introspection: { ...client.introspection, signedAnswers: signed } };
    };

    it('says where the keys are and what it signs with (META-10)', () => {
      const value = { jwksUri: 'https://idp.example/jwks', answerAlgorithms: algorithms };
      expect(readMetadata(full, wanting())).toMatchObject({ ok: true, value });
      expect(readMetadata({ ...document, jwks_uri: full.jwks_uri }, wanting())).toMatchObject({
        value: { answerAlgorithms: null },
      });
    });

    it('says it beside an endpoint of the settings, too', () => {
      const settled = wanting();
      const configured = {
        ...settled,
        introspection: { ...settled.introspection, endpoint: 'https://idp.example/x' },
      };
      expect(readMetadata(full, configured)).toMatchObject({
        value: { introspectionEndpoint: 'https://idp.example/x', jwksUri: 'https://idp.example/jwks' },
      });
    });

    it('is not asked for keys that the settings lead to', () => {
      const keys = { kind: 'url', url: 'https://idp.example/keys' } as const;
      expect(readMetadata(document, wanting({ keys }))).toMatchObject({ ok: true, value: { jwksUri: null } });
    });

    it.each([
      ['is missing', undefined],
      ['is no text', 7],
      ['is on another origin', 'https://evil.example/jwks'],
      ['is plain http', 'http://idp.example/jwks'],
      ['holds user info', 'https://a:b@idp.example/jwks'],
    ])('is refused when "jwks_uri" %s (META-7, T-14)', (_what, uri) => {
      expect(readMetadata({ ...full, jwks_uri: uri as string }, wanting()).ok).toBe(false);
    });

    it('is refused when its algorithms are no list of texts', () => {
      const odd = { ...full, introspection_signing_alg_values_supported: 'ES256' };
      expect(readMetadata(odd, wanting()).ok).toBe(false);
    });
  });

  it('says that methods are unknown when the document is silent (META-8)', () => {
    expect(readMetadata(document, client)).toMatchObject({
      ok: true,
      value: { authentication: { methods: null, algorithms: null } },
    });
  });

  it.each([
    ['a final slash', 'https://idp.example/'],
    ['the case of the host', 'https://IDP.example'],
    ['the default port', 'https://idp.example:443'],
    ['a percent escape', 'https://idp.ex%61mple'],
    ['the scheme', 'http://idp.example'],
    ['another host', 'https://evil.example'],
    ['a prefix', 'https://idp.example.evil'],
  ])('refuses an issuer that differs in %s (META-4)', (_what, issuer) => {
    expect(readMetadata({ ...document, issuer }, client).ok).toBe(false);
  });

  it('refuses an issuer in another Unicode form (META-4, INT-26)', () => {
    const composed = 'https://idp.example/\u00e9';
    const decomposed = composed.normalize('NFD');
    expect(readMetadata({ ...document, issuer: decomposed }, { ...client, issuer: composed }).ok).toBe(false);
  });

  it('names the final slash when only that differs', () => {
    expect(readMetadata({ ...document, issuer: 'https://idp.example/' }, client)).toMatchObject({
      failure: expect.stringContaining('final slash'),
    });
  });

  it.each([
    ['no object', []],
    ['no issuer', { introspection_endpoint: 'https://idp.example/i' }],
    ['no endpoint (META-6)', { issuer: 'https://idp.example' }],
    ['an endpoint that is no string', { ...document, introspection_endpoint: 7 }],
    ['a plain http endpoint (META-7)', { ...document, introspection_endpoint: 'http://idp.example/i' }],
    ['user info', { ...document, introspection_endpoint: 'https://a@idp.example/i' }],
    ['a fragment', { ...document, introspection_endpoint: 'https://idp.example/i#x' }],
    ['another host (T-14)', { ...document, introspection_endpoint: 'https://169.254.169.254/' }],
    ['another port', { ...document, introspection_endpoint: 'https://idp.example:8443/i' }],
    ['methods that are no list', { ...document, introspection_endpoint_auth_methods_supported: 'x' }],
    ['methods that are not all text', { ...document, introspection_endpoint_auth_methods_supported: [1] }],
  ])('refuses a document with %s', (_what, bad) => {
    expect(readMetadata(bad as never, client).ok).toBe(false);
  });

  it.each([
    ['metadataUrl', { metadataUrl: 'https://inside.example/metadata' }],
    ['endpointOrigins', { endpointOrigins: ['https://inside.example'] }],
  ])('accepts an endpoint on an origin that %s vouches for (META-7)', (_what, consent) => {
    const elsewhere = { ...document, introspection_endpoint: 'https://inside.example/i' };
    expect(readMetadata(elsewhere, client).ok).toBe(false);
    expect(readMetadata(elsewhere, { ...client, ...consent }).ok).toBe(true);
  });

  describe('with aliases for mutual TLS (META-11)', () => {
    const aliases = { introspection_endpoint: 'https://mtls.idp.example/i', token_endpoint: 7 };
    const aliasing = { ...document, mtls_endpoint_aliases: aliases };
    const consenting = { ...client, endpointOrigins: ['https://mtls.idp.example'] };
    const endpointOf = (from: object, reader: typeof client): string => {
      const metadata = readMetadata(from as never, reader);
      return metadata.ok ? metadata.value.introspectionEndpoint : metadata.failure;
    };

    it.each(['tls_client_auth', 'self_signed_tls_client_auth', 'automatic_tls'] as const)(
      'takes the alias for %s, on an origin that was consented to',
      (method) => {
        const ours = { ...consenting, authentication: { method } };
        expect(endpointOf(aliasing, ours)).toBe(aliases.introspection_endpoint);
        expect(endpointOf(aliasing, { ...client, authentication: { method } })).toMatch('another origin');
        expect(endpointOf({ ...document, mtls_endpoint_aliases: {} }, ours)).toBe('https://idp.example/i');
        expect(endpointOf(document, ours)).toBe('https://idp.example/i');
        expect(endpointOf({ ...document, mtls_endpoint_aliases: [] }, ours)).toMatch('not an object');
      },
    );

    it('takes the ordinary endpoint for every other method', () => {
      expect(endpointOf(aliasing, consenting)).toBe('https://idp.example/i');
      expect(endpointOf(aliasing, { ...consenting, authentication: { method: 'none' } })).toBe(
        'https://idp.example/i',
      );
    });
  });

  it('keeps the query of an endpoint (META-7)', () => {
    const queried = { ...document, introspection_endpoint: 'https://idp.example/i?t=1' };
    expect(readMetadata(queried, client)).toMatchObject({
      value: { introspectionEndpoint: 'https://idp.example/i?t=1' },
    });
  });
});

describe('refreshAfter', () => {
  const minute = 60_000;
  it.each([
    ['15 minutes when the server is silent', {}, 15 * minute],
    ['15 minutes when it only says no-store', { 'cache-control': 'no-store' }, 15 * minute],
    ['max-age', { 'cache-control': 'public, max-age=600' }, 10 * minute],
    ['max-age in any case and quoted', { 'cache-control': 'Max-Age="600"' }, 10 * minute],
    ['max-age of a repeated header', { 'cache-control': ['public', 'max-age=600'] }, 10 * minute],
    ['max-age less Age', { 'cache-control': 'max-age=600', age: '300' }, 5 * minute],
    ['a minute for max-age=0', { 'cache-control': 'max-age=0' }, minute],
    ['a minute when Age is over max-age', { 'cache-control': 'max-age=600', age: '9999' }, minute],
    ['a day for a longer one', { 'cache-control': 'max-age=999999999' }, 24 * 60 * minute],
    ['15 minutes for nonsense', { 'cache-control': 'max-age=-1' }, 15 * minute],
    ['max-age when Age is nonsense', { 'cache-control': 'max-age=600', age: 'x' }, 10 * minute],
  ])('is %s', (_what, headers, expected) => {
    expect(refreshAfter(headers)).toBe(expected);
  });
});
