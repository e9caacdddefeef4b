import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { ClientContext, ResolveName } from '../../src/domain/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { aClientOf, aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

let server: FaultServer;
let scene: Scene;

beforeEach(async () => {
  server = await startFaultServer();
  server.always(json({ active: true }));
  scene = openScene();
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

const REFUSED = {
  failure: {
    reason: 'introspection_unreachable',
    detail: expect.stringMatching(/^the address is refused: .*`allowAddresses` \(ADDRESS_REFUSED\)$/),
  },
};

async function askResolving(resolveName: ResolveName, client: ClientContext) {
  const resolving = openScene({ resolveName });
  try {
    return await resolving.ask(client);
  } finally {
    await resolving.introspector.close();
  }
}

describe('the address of a name (T-14)', () => {
  const byName = (differing: Partial<ClientContext> = {}) => {
    const { introspection, ...rest } = differing;
    return aClientOf(`http://idp.test:${server.port}/`, { allowAddresses: [], ...introspection, ...rest });
  };

  it('is refused when it is loopback and nobody consented, before anything is sent', async () => {
    expect(await scene.ask(byName())).toMatchObject(REFUSED);
    expect(server.connections()).toBe(0);
  });

  it('is refused for metadata, too (META-15)', async () => {
    const client = aDiscoveringClient(`http://idp.test:${server.port}`);
    expect(await scene.ask(client)).toMatchObject({
      failure: { reason: 'metadata_unavailable', detail: REFUSED.failure.detail },
    });
    expect(server.connections()).toBe(0);
  });

  it('is judged at every connection, so that rebinding a name gains nothing', async () => {
    let address = '127.0.0.1';
    const client = byName({ allowAddresses: ['127.0.0.1/32'] });
    const rebinding = openScene({ resolveName: async () => [{ address, family: 4 }] });
    expect(outcomeOf(await rebinding.ask(client))).toBe('active');
    await server.stop();
    await server.start();
    address = '127.0.0.2';
    await rebinding.ask(client, 'token-2');
    expect(await rebinding.ask(client, 'token-3')).toMatchObject(REFUSED);
    await rebinding.introspector.close();
  });

  it('is passed over when it is refused and the name has another', async () => {
    const several: ResolveName = async () => [
      { address: '::1', family: 6 },
      { address: '0.0.0.0', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const client = byName({ allowAddresses: ['127.0.0.1/32'] });
    expect(outcomeOf(await askResolving(several, client))).toBe('active');
  });

  it('may be loopback where the settings say localhost', async () => {
    const client = aClientOf(`http://localhost:${server.port}/`, { allowAddresses: [] });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });

  it('is refused where metadata names it and the settings do not', async () => {
    server.on(
      '/.well-known/oauth-authorization-server',
      json({
        issuer: `http://localhost:${server.port}`,
        introspection_endpoint: `http://0.0.0.0:${server.port}/introspect`,
      }),
    );
    const client = aDiscoveringClient(`http://localhost:${server.port}`, {
      endpointOrigins: [`http://0.0.0.0:${server.port}`],
    });
    expect(await scene.ask(client)).toMatchObject(REFUSED);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('connectTo', () => {
  const here = () => ({ host: '127.0.0.1', port: server.port, serverName: null });

  it('leads metadata and enquiries there, with the Host of the URL and no name resolved', async () => {
    const issuer = 'http://idp.test';
    server.on(
      '/.well-known/oauth-authorization-server',
      json({ issuer, introspection_endpoint: `${issuer}/introspect` }),
    );
    const client = aDiscoveringClient(issuer, { connectTo: here() });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(server.requests.map(({ headers }) => headers['host'])).toEqual(['idp.test', 'idp.test']);
    expect(scene.resolved).toEqual([]);
  });

  it('keeps the port of the URL where it names none, and resolves its own host name', async () => {
    const client = aClientOf(`http://idp.test:${server.port}/`, {
      connectTo: { host: 'idp.internal', port: null, serverName: null },
    });
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(scene.resolved).toEqual(['idp.internal']);
  });

  describe('over TLS', () => {
    const authority = createAuthority();
    let tlsServer: FaultServer;
    const startWith = async (name: string) => {
      tlsServer = await startFaultServer({ tls: authority.issue([name]) });
      tlsServer.always(json({ active: true }));
    };
    afterEach(() => tlsServer.stop());

    const askAt = (url: string, serverName: string | null) =>
      scene.ask(
        aClientOf(url, {
          allowHttp: false,
          tls: { ca: authority.ca, minVersion: 'TLSv1.2' },
          connectTo: { host: '127.0.0.1', port: tlsServer.port, serverName },
        }),
      );
    const NOT_ACCEPTED = { failure: { detail: expect.stringContaining('certificate') } };

    it('wants a certificate for the host of the URL, not for where it connects to', async () => {
      await startWith('DNS:idp.test');
      expect(outcomeOf(await askAt('https://idp.test/', null))).toBe('active');
      expect(await askAt('https://other.test/', null)).toMatchObject(NOT_ACCEPTED);
    });

    it('takes no certificate for the address it connects to when the URL names another (T-46)', async () => {
      await startWith('IP:127.0.0.1');
      expect(await askAt('https://192.0.2.1/', null)).toMatchObject(NOT_ACCEPTED);
      expect(await askAt('https://idp.test/', null)).toMatchObject(NOT_ACCEPTED);
    });

    it('wants a certificate for serverName where that is set, with the Host of the URL', async () => {
      await startWith('DNS:idp.internal');
      expect(outcomeOf(await askAt('https://idp.test/', 'idp.internal'))).toBe('active');
      expect(tlsServer.requests[0]?.headers['host']).toBe('idp.test');
      expect(await askAt('https://idp.test/', null)).toMatchObject(NOT_ACCEPTED);
      expect(await askAt('https://idp.internal/', 'idp.test')).toMatchObject(NOT_ACCEPTED);
    });
  });
});
