import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type ClientContext, milliseconds, type OutboundProxy, Secret } from '../../src/domain/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { freePort } from '../support/processes.ts';
import { type ProxyServer, startProxyServer, type TunnelAnswer } from '../support/proxy-server.ts';
import { aClientOf, aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

const authority = createAuthority();
let server: FaultServer;
let tlsServer: FaultServer;
let proxy: ProxyServer;
let scene: Scene;

beforeEach(async () => {
  server = await startFaultServer();
  server.always(json({ active: true }));
  tlsServer = await startFaultServer({ tls: authority.issue(['DNS:idp.test']) });
  tlsServer.always(json({ active: true }));
  proxy = await startProxyServer();
  scene = openScene({ resolveName: async (name) => Promise.reject(new Error(`${name} was resolved here`)) });
});
afterEach(async () => {
  await scene.introspector.close();
  await Promise.all([server.stop(), tlsServer.stop(), proxy.stop()]);
});

const through = (differing: Partial<OutboundProxy> = {}): Pick<ClientContext, 'proxy'> => {
  return {
    proxy: { kind: 'named', proxy: { origin: proxy.origin, credentials: null, ca: null, ...differing } },
  };
};
const aDirectClient = (differing: Partial<Omit<ClientContext, 'introspection'>> = {}) =>
  aClientOf(`https://idp.test:${tlsServer.port}/introspect`, {
    allowHttp: false,
    tls: { ca: authority.ca, minVersion: 'TLSv1.2' },
    ...differing,
  });
const aTlsClient = (differing: Partial<Omit<ClientContext, 'introspection'>> = {}) =>
  aDirectClient({ ...through(), ...differing });

describe('a proxy that is named', () => {
  it('opens a tunnel to the name, which only the proxy resolves', async () => {
    expect(outcomeOf(await scene.ask(aTlsClient()))).toBe('active');
    expect(proxy.tunnels).toEqual([{ to: `idp.test:${tlsServer.port}`, authorization: null }]);
    expect(scene.resolved).toEqual([]);
    expect(tlsServer.requests[0]).toMatchObject({
      path: '/introspect',
      headers: { host: `idp.test:${tlsServer.port}` },
    });
  });

  it('sees neither token nor secret, for TLS ends at the server', async () => {
    await scene.ask(aTlsClient(), 'a-token-of-a-caller');
    expect(proxy.seen()).not.toMatch(/a-token-of-a-caller|authorization|introspect/i);
    expect(tlsServer.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('keeps its tunnel open for the next request', async () => {
    const client = aTlsClient();
    await scene.ask(client, 'one');
    await new Promise(setImmediate);
    await scene.ask(client, 'two');
    expect(proxy.tunnels).toHaveLength(1);
    expect(tlsServer.requests).toHaveLength(2);
  });

  it('changes nothing about whose certificate is wanted (INT-7, T-46)', async () => {
    const NOT_ACCEPTED = { failure: { detail: expect.stringContaining('certificate of the server') } };
    const other = aTlsClient();
    const elsewhere = {
      ...other,
      introspection: { ...other.introspection, endpoint: `https://other.test:${tlsServer.port}/` },
    };
    expect(await scene.ask(elsewhere)).toMatchObject(NOT_ACCEPTED);
    expect(await scene.ask(aTlsClient({ tls: { ca: null, minVersion: 'TLSv1.2' } }))).toMatchObject(
      NOT_ACCEPTED,
    );
  });

  it('carries metadata, too, and plain http where that is permitted', async () => {
    const issuer = `http://idp.test:${server.port}`;
    server.on(
      '/.well-known/oauth-authorization-server',
      json({ issuer, introspection_endpoint: `${issuer}/introspect` }),
    );
    expect(outcomeOf(await scene.ask(aDiscoveringClient(issuer, through())))).toBe('active');
    expect(proxy.tunnels.map(({ to }) => to)).toEqual([`idp.test:${server.port}`, `idp.test:${server.port}`]);
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/.well-known/oauth-authorization-server',
      '/introspect',
    ]);
  });

  it('is asked for the host and port of connectTo', async () => {
    const client = aTlsClient({
      connectTo: { host: 'idp.internal', port: tlsServer.port, serverName: null },
    });
    expect(
      outcomeOf(
        await scene.ask({
          ...client,
          introspection: { ...client.introspection, endpoint: 'https://idp.test/' },
        }),
      ),
    ).toBe('active');
    expect(proxy.tunnels.map(({ to }) => to)).toEqual([`idp.internal:${tlsServer.port}`]);
  });

  it('gets the credentials of the settings', async () => {
    proxy.answer({ kind: 'guarded', username: 'gate', password: 'pässword:1' });
    const credentials = { username: 'gate', password: new Secret('pässword:1') };
    expect(outcomeOf(await scene.ask(aTlsClient(through({ credentials }))))).toBe('active');
    expect(outcomeOf(await scene.ask(aTlsClient()))).toBe('introspection_unreachable');
  });

  it('may itself be under TLS, with a certificate that is checked', async () => {
    const secure = await startProxyServer(authority.issue(['IP:127.0.0.1']));
    const named = (ca: string | null) => through({ origin: secure.origin, ca });
    expect(outcomeOf(await scene.ask(aTlsClient(named(authority.ca))))).toBe('active');
    expect(await scene.ask(aTlsClient(named(null)))).toMatchObject({
      failure: { detail: 'the certificate of the proxy is not accepted; see `proxy.ca`' },
    });
    await secure.stop();
  });
});

describe('a proxy that does not do as it is asked', () => {
  it.each<[string, TunnelAnswer, detail: string | RegExp]>([
    [
      'wants credentials',
      { kind: 'refuse', status: 407 },
      'the proxy does not accept our credentials (407); see `proxy`',
    ],
    [
      'refuses',
      { kind: 'refuse', status: 403 },
      'the proxy did not open a tunnel: it answered with status 403',
    ],
    [
      'reaches nobody',
      { kind: 'refuse', status: 502 },
      'the proxy did not open a tunnel: it answered with status 502',
    ],
    ['hangs', { kind: 'hang' }, 'the proxy opened no tunnel in time'],
    ['resets', { kind: 'reset' }, /^the proxy cannot be used: the connection was lost before an answer/],
    ['speaks something else', { kind: 'garbage' }, /^the proxy cannot be used: what came back is not HTTP/],
  ])('is introspection_unreachable when it %s', async (_what, answer, detail) => {
    proxy.answer(answer);
    const client = aTlsClient();
    const hasty = { ...client, introspection: { ...client.introspection, timeout: milliseconds(1_000) } };
    expect(await scene.ask(hasty)).toMatchObject({
      failure: {
        reason: 'introspection_unreachable',
        detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
      },
    });
    expect(tlsServer.requests).toEqual([]);
  });

  it('is introspection_unreachable when nobody is there, and no straight way is tried', async () => {
    const origin = `http://127.0.0.1:${await freePort()}`;
    expect(await scene.ask(aTlsClient(through({ origin })))).toMatchObject({
      failure: {
        reason: 'introspection_unreachable',
        detail: 'the proxy cannot be used: the connection was refused (ECONNREFUSED)',
      },
    });
    expect(tlsServer.connections()).toBe(0);
  });
});

describe('addresses behind a proxy (T-14)', () => {
  it.each([
    '127.0.0.1',
    '[::1]',
    '169.254.169.254',
    '0.0.0.0',
    '[::ffff:127.0.0.1]',
    'localhost',
    'idp.localhost',
  ])('are refused where metadata names %s and the settings do not', async (host) => {
    const issuer = `http://idp.test:${server.port}`;
    const elsewhere = `http://${host}:${server.port}`;
    server.on(
      '/.well-known/oauth-authorization-server',
      json({ issuer, introspection_endpoint: `${elsewhere}/introspect` }),
    );
    const endpointOrigins = [new URL(elsewhere).origin];
    const client = aDiscoveringClient(issuer, { ...through(), endpointOrigins });
    expect(await scene.ask(client)).toMatchObject({
      failure: { detail: expect.stringContaining('(ADDRESS_REFUSED)') },
    });
    expect(proxy.tunnels).toHaveLength(1);
    expect(
      outcomeOf(
        await scene.ask({
          ...client,
          allowAddresses: ['127.0.0.0/8', '::1/128', '169.254.0.0/16', '0.0.0.0/32'],
        }),
      ),
    ).not.toBe('metadata_unavailable');
    expect(proxy.tunnels).toHaveLength(3);
  });

  it('are not asked about where the operator named the proxy itself', async () => {
    const resolving = openScene();
    const origin = `http://proxy.test:${proxy.port}`;
    expect(outcomeOf(await resolving.ask(aTlsClient({ ...through({ origin }), allowAddresses: [] })))).toBe(
      'active',
    );
    expect(resolving.resolved).toEqual(['proxy.test']);
    await resolving.introspector.close();
  });
});

describe('a proxy of the environment', () => {
  const named = () => ({ origin: proxy.origin, credentials: null, ca: null });

  it('is used where the settings say nothing, and not where they say `none`', async () => {
    const asked: string[] = [];
    const scenery = openScene({
      proxyFor: ({ protocol, host, port }) => {
        asked.push(`${protocol}//${host}:${port}`);
        return named();
      },
    });
    const silent = aDirectClient();
    expect(outcomeOf(await scenery.ask(silent))).toBe('active');
    expect(new Set(asked)).toEqual(new Set([`https://idp.test:${tlsServer.port}`]));
    expect(scenery.introspector.status()).toMatchObject({ main: { proxy: proxy.origin } });
    expect(proxy.tunnels).toHaveLength(1);

    const straight = { ...silent, proxy: { kind: 'none' }, name: 'straight' } as const;
    expect(outcomeOf(await scenery.ask(straight))).toBe('active');
    expect(proxy.tunnels).toHaveLength(1);
    expect(scenery.introspector.status()).toMatchObject({ straight: { proxy: null } });
    await scenery.introspector.close();
  });
});
