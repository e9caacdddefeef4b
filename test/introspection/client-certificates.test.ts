import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type ClientContext, Secret } from '../../src/domain/index.ts';
import { startAuthorizationServer } from '../support/authorization-server.ts';
import { type Certificate, createAuthority, createSelfSigned } from '../support/certificates.ts';
import { aClientOf, aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

const authority = createAuthority();
const here = authority.issue(['IP:127.0.0.1']);
const ours = authority.issue(['DNS:gateway.example']);
const selfSigned = createSelfSigned(['DNS:gateway.example']);
const strangers = createAuthority('another authority').issue(['DNS:gateway.example']);

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.introspector.close());

function showing(certificate: Certificate | null): Pick<ClientContext, 'tls' | 'allowHttp'> {
  const shown =
    certificate === null ? {} : { certificate: { cert: certificate.cert, key: new Secret(certificate.key) } };
  return { tls: { ca: authority.ca, minVersion: 'TLSv1.2', ...shown }, allowHttp: false };
}

describe('a client certificate, at oidc-provider (RFC 8705)', () => {
  const derOf = (pem: string): string => new X509Certificate(pem).raw.toString('base64');
  const jwkOf = (pem: string) => ({
    ...new X509Certificate(pem).publicKey.export({ format: 'jwk' }),
    x5c: [derOf(pem)],
  });

  it.each([
    ['tls_client_auth', ours, strangers, { tls_client_auth_san_dns: 'gateway.example' }],
    ['self_signed_tls_client_auth', selfSigned, ours, { jwks: { keys: [jwkOf(selfSigned.cert)] } }],
  ] as const)(
    'authenticates with %s, and another one or none is refused',
    async (method, right, wrong, registration) => {
      const server = await startAuthorizationServer({
        tls: { ...here, ca: authority.ca },
        authentication: method,
        registration,
      });
      try {
        const token = await server.issueToken();
        const client = (certificate: Certificate | null) =>
          aDiscoveringClient(server.issuer, { authentication: { method }, ...showing(certificate) });
        expect(outcomeOf(await scene.ask(client(right), token))).toBe('active');
        expect(scene.introspector.status()).toMatchObject({ main: { authentication: method } });
        expect(outcomeOf(await scene.ask(client(wrong), token))).toBe('credentials_refused');
        expect(outcomeOf(await scene.ask(client(null), token))).toBe('credentials_refused');
      } finally {
        await server.stop();
      }
    },
  );
});

/** Answers that every token is active, and tells who asked. */
async function startWitness() {
  const seen: { readonly certificate: string; readonly isReused: boolean; readonly body: string }[] = [];
  const options = { ...here, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    const { socket } = request;
    if (!(socket instanceof TLSSocket)) throw new TypeError('not TLS');
    const certificate = socket.getPeerX509Certificate()?.toString() ?? 'none';
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      seen.push({ certificate, isReused: socket.isSessionReused(), body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"active":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`,
    seen,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a client certificate', () => {
  const [first, second] = [authority.issue(['DNS:one.example']), authority.issue(['DNS:two.example'])];
  const text = (certificate: Certificate): string => new X509Certificate(certificate.cert).toString();

  it('is a new one from the next request on when it was rotated, whatever session is remembered (MTLS-2)', async () => {
    const witness = await startWitness();
    try {
      const client = (certificate: Certificate) =>
        aClientOf(witness.url, { authentication: { method: 'tls_client_auth' }, ...showing(certificate) });
      const [before, after] = [client(first), client(second)];
      await scene.ask(before, 'a');
      await scene.ask(after, 'b');
      scene.introspector.retain([after]);
      await scene.ask(after, 'c');
      await scene.ask(before, 'd');
      expect(witness.seen.map(({ certificate }) => certificate)).toEqual(
        [first, second, second, first].map(text),
      );
      expect(witness.seen.slice(0, 2).map(({ isReused }) => isReused)).toEqual([false, false]);
    } finally {
      await witness.stop();
    }
  });

  it('goes with our name in the form, and with nothing else that proves who we are (MTLS-1, INT-6)', async () => {
    const witness = await startWitness();
    try {
      const authentication = { method: 'self_signed_tls_client_auth' } as const;
      await scene.ask(aClientOf(witness.url, { authentication, ...showing(first) }), 't');
      expect(witness.seen.map(({ body }) => body)).toEqual(['token=t&client_id=gateway']);
    } finally {
      await witness.stop();
    }
  });

  it('is never that of another client of the same server (MTLS-3)', async () => {
    const witness = await startWitness();
    try {
      const client = (name: string, certificate: Certificate | null) =>
        aClientOf(witness.url, { name, authentication: { method: 'none' }, ...showing(certificate) });
      const clients = [client('one', first), client('two', second), client('three', null)];
      for (const asking of [...clients, ...clients]) await scene.ask(asking, 't');
      const expected = [text(first), text(second), 'none'];
      expect(witness.seen.map(({ certificate }) => certificate)).toEqual([...expected, ...expected]);
    } finally {
      await witness.stop();
    }
  });

  it('shows its key nowhere', async () => {
    const client = aClientOf('https://idp.example/', showing(first));
    const question = await scene.prepare(client);
    expect(JSON.stringify([question, scene.introspector.status()])).not.toContain(first.key.split('\n')[1]);
  });
});
