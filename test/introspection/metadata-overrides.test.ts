import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { ClientContext, JsonObject } from '../../src/domain/index.ts';
import { milliseconds, Secret } from '../../src/domain/index.ts';
import { readMetadata } from '../../src/introspection/discovery/read-metadata.ts';
import { aClient } from '../support/builders.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

const ISSUER = 'https://idp.example';
const DOCUMENT = { issuer: ISSUER, introspection_endpoint: `${ISSUER}/i`, unknown: { of: ['us'] } };

const read = (
  overrides: JsonObject,
  { document = DOCUMENT, ...differing }: Partial<ClientContext> & { document?: JsonObject } = {},
) => readMetadata(document, aClient({ issuer: ISSUER, metadataOverrides: overrides, ...differing }));

describe('metadataOverrides', () => {
  it('stand in place of what the document says', () => {
    const overrides = {
      introspection_endpoint: `${ISSUER}/inside`,
      introspection_endpoint_auth_methods_supported: ['client_secret_post'],
    };
    expect(read(overrides)).toMatchObject({
      value: {
        introspectionEndpoint: `${ISSUER}/inside`,
        authentication: { methods: ['client_secret_post'] },
      },
    });
  });

  it('add what the document lacks (META-6)', () => {
    expect(read({ introspection_endpoint: `${ISSUER}/i` }, { document: { issuer: ISSUER } }).ok).toBe(true);
    expect(read({}, { document: { issuer: ISSUER } }).ok).toBe(false);
  });

  it('replace aliases for mutual TLS as a whole (META-11)', () => {
    const document = {
      ...DOCUMENT,
      mtls_endpoint_aliases: { introspection_endpoint: 'https://mtls.example/i' },
    };
    const ours = { document, authentication: { method: 'tls_client_auth' } } as const;
    expect(read({}, ours).ok).toBe(false);
    expect(read({ mtls_endpoint_aliases: {} }, ours)).toMatchObject({
      value: { introspectionEndpoint: `${ISSUER}/i` },
    });
  });

  it.each([
    ['another origin', 'https://inside.example/i'],
    ['plain http', 'http://idp.example/i'],
    ['user info', 'https://a@idp.example/i'],
  ])('are refused with %s, as the document would be (META-7)', (_what, introspection_endpoint) => {
    expect(read({ introspection_endpoint }).ok).toBe(false);
  });

  it('may name an origin that endpointOrigins lists (META-7)', () => {
    const endpointOrigins = ['https://inside.example'];
    expect(read({ introspection_endpoint: 'https://inside.example/i' }, { endpointOrigins }).ok).toBe(true);
  });

  it('make no foreign document ours: the issuer compared is the published one (META-4)', () => {
    expect(read({ issuer: ISSUER }, { document: { ...DOCUMENT, issuer: 'https://evil.example' } }).ok).toBe(
      false,
    );
  });
});

describe('warnings about a document', () => {
  const SIGNING = 'introspection_endpoint_auth_signing_alg_values_supported';
  const assertion = {
    algorithms: ['HS256'],
    audience: 'issuer',
    type: null,
    lifetime: milliseconds(60_000),
    sendClientId: false,
  } as const;
  const asserting = {
    authentication: { method: 'client_secret_jwt', secret: new Secret('x'), assertion },
  } as const;
  const warningsOf = (document: JsonObject, differing: Partial<ClientContext> = {}) => {
    const metadata = read({}, { document, ...differing });
    return metadata.ok ? metadata.value.warnings : null;
  };

  it('are told when assertions are made and no algorithms are listed; the configured one is used (META-9)', () => {
    expect(warningsOf(DOCUMENT, asserting)).toEqual([expect.stringContaining(`lists no "${SIGNING}"`)]);
    expect(warningsOf({ ...DOCUMENT, [SIGNING]: ['HS256'] }, asserting)).toEqual([]);
    expect(warningsOf(DOCUMENT)).toEqual([]);
  });

  it('are told when `none` is listed, which is passed over (META-9)', () => {
    const document = { ...DOCUMENT, [SIGNING]: ['none', 'HS256'] };
    expect(warningsOf(document)).toEqual([expect.stringContaining('"none"')]);
    expect(read({}, { document, ...asserting })).toMatchObject({
      value: { authentication: { algorithms: ['HS256'] } },
    });
  });

  it('are not told about what concerns others: bound tokens, acr values, resources (META-12)', () => {
    const document = {
      ...DOCUMENT,
      tls_client_certificate_bound_access_tokens: true,
      dpop_signing_alg_values_supported: ['ES256'],
      acr_values_supported: ['1'],
      authorization_details_types_supported: [],
      protected_resources: ['https://other.example'],
    };
    expect(warningsOf(document)).toEqual([]);
  });
});

describe('a document that changes', () => {
  let server: FaultServer;
  let scene: Scene;
  beforeEach(async () => {
    server = await startFaultServer();
    scene = openScene();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await scene.introspector.close();
    await server.stop();
  });

  const warnings = () =>
    scene.events.flatMap((event) =>
      event.event === 'lifecycle' && event.phase === 'warning' ? [event.detail] : [],
    );
  const refreshes = () => scene.events.filter(({ event }) => event === 'metadata_refreshed').length;
  const refreshed = async (count: number) => {
    // A quarter of an hour less the jitter, and no more: the fetch that begins then has a budget of its own.
    jest.advanceTimersByTime(15 * 60_000 * 0.95);
    while (refreshes() < count) await new Promise(setImmediate);
  };

  it('is followed to another host that was consented to, which is logged; to no other (META-13)', async () => {
    const other = await startFaultServer();
    const evil = await startFaultServer();
    const path = '/.well-known/oauth-authorization-server';
    const at = (origin: string) =>
      json({ issuer: server.origin, introspection_endpoint: `${origin}/introspect` });
    for (const place of [server, other, evil]) place.on('/introspect', json({ active: true }));
    const client = aDiscoveringClient(server.origin, { endpointOrigins: [other.origin] });

    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
    server.on(path, at(server.origin));
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(warnings()).toEqual([]);

    server.on(path, at(other.origin));
    await refreshed(2);
    expect(outcomeOf(await scene.ask(client, 'two'))).toBe('active');
    expect(warnings()).toEqual([
      `metadata of client "main": the document moved the introspection endpoint from ${server.origin} to ${other.origin}`,
    ]);

    server.on(path, at(evil.origin));
    await refreshed(3);
    expect(outcomeOf(await scene.ask(client, 'three'))).toBe('active');
    expect(other.requests).toHaveLength(2);
    expect(evil.connections()).toBe(0);
    await Promise.all([other.stop(), evil.stop()]);
  });
});
