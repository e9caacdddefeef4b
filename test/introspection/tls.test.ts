import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createAuthority, createSelfSigned } from '../support/certificates.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { aClientOf, aDiscoveringClient, openScene, outcomeOf } from './scene.ts';

const authority = createAuthority();

interface Trust {
  readonly ca?: string | null;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly name?: string;
}

async function askOver(
  tls: { cert: string; key: string; maxVersion?: 'TLSv1.2' },
  { ca = authority.ca, minVersion = 'TLSv1.2', name = 'idp.test' }: Trust = {},
) {
  const server: FaultServer = await startFaultServer({ tls });
  server.always(json({ active: true }));
  const scene = openScene();
  try {
    const endpoint = `https://${name}:${server.port}/introspect`;
    const result = await scene.ask(aClientOf(endpoint, { allowHttp: false, tls: { ca, minVersion } }));
    return { result, requests: server.requests.length };
  } finally {
    await scene.introspector.close();
    await server.stop();
  }
}

describe('TLS towards the authorization server (INT-7, T-46)', () => {
  const good = authority.issue(['DNS:idp.test', 'IP:127.0.0.1']);
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];

  beforeAll(() => {
    // The environment must not be able to switch the check off.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });

  it.each(['idp.test', '127.0.0.1'])('accepts a certificate of our own authority for %s', async (name) => {
    const { result } = await askOver(good, { name });
    expect(outcomeOf(result)).toBe('active');
  });

  it('accepts no certificate of an authority that only we know when none is configured', async () => {
    const { result, requests } = await askOver(good, { ca: null });
    expect(outcomeOf(result)).toBe('introspection_unreachable');
    expect(requests).toBe(0);
  });

  it.each([
    ['a self-signed certificate', createSelfSigned(['DNS:idp.test']), 'idp.test'],
    ['a certificate for another host', authority.issue(['DNS:other.test']), 'idp.test'],
    ['a certificate for another address', authority.issue(['DNS:idp.test']), '127.0.0.1'],
    ['an expired certificate', authority.issue(['DNS:idp.test'], { days: -1 }), 'idp.test'],
    ['a certificate of another authority', createAuthority().issue(['DNS:idp.test']), 'idp.test'],
  ])('refuses %s before anything is sent, and says why', async (_what, certificate, name) => {
    const { result, requests } = await askOver(certificate, { name });
    expect(result).toMatchObject({
      failure: {
        reason: 'introspection_unreachable',
        detail: expect.stringContaining('certificate of the server is not accepted'),
      },
    });
    expect(requests).toBe(0);
  });

  it('reads no metadata from a server whose certificate is not accepted (META-14)', async () => {
    const server = await startFaultServer({ tls: good });
    const scene = openScene();
    const issuer = `https://idp.test:${server.port}`;
    server.always(json({ issuer, introspection_endpoint: `${issuer}/introspect` }));
    const differing = { allowHttp: false, allowAddresses: ['127.0.0.0/8'] };
    const client = aDiscoveringClient(issuer, { ...differing, name: 'unknowing' });
    expect(await scene.prepare(client)).toMatchObject({
      failure: { reason: 'metadata_unavailable', detail: expect.stringContaining('certificate') },
    });
    expect(server.requests).toEqual([]);
    const tls = { ca: authority.ca, minVersion: 'TLSv1.2' } as const;
    expect((await scene.prepare(aDiscoveringClient(issuer, { ...differing, tls }))).ok).toBe(true);
    await scene.introspector.close();
    await server.stop();
  });

  it('keeps to the lowest version that is set', async () => {
    const old = { ...good, maxVersion: 'TLSv1.2' } as const;
    expect(outcomeOf((await askOver(old)).result)).toBe('active');
    const { result } = await askOver(old, { minVersion: 'TLSv1.3' });
    expect(result).toMatchObject({
      failure: { detail: expect.stringContaining('the TLS handshake failed') },
    });
  });
});
