import { generateKeyPairSync, X509Certificate } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';

import { type Certificate, createAuthority, createSelfSigned } from '../support/certificates.ts';
import { eventually, stopAllProcesses } from '../support/processes.ts';
import { openRotationScene, type RotationScene, type RotationSettings } from './support-rotation-scene.ts';

// At oidc-provider, which knows one secret of a client at a time, while 50 checks a second flow.
let scene: RotationScene | null = null;

afterEach(async () => {
  await scene?.close();
  scene = null;
  await stopAllProcesses();
});

async function open(settings: RotationSettings): Promise<RotationScene> {
  scene = await openRotationScene(settings);
  await scene.answers(20);
  return scene;
}

const secretNo = (ordinal: number): string => `secret-no-${ordinal}-of-thirty-two-bytes-or-more`;

describe('a client secret', () => {
  it.each([
    ['client_secret_basic', 'and again', [2, 3]],
    ['client_secret_jwt', 'once', [2]],
  ] as const)(
    'rotates without one wrong answer and without one fault when the file changes first: %s, %s',
    async (method, _again, ordinals) => {
      const { server, gatehouse, change, answers, switchedTo, wrong } = await open({
        server: { clientSecret: secretNo(1), authentication: method },
        client: `auth: ${method}, clientSecret: { file: secret }`,
        files: { secret: secretNo(1) },
      });
      for (const ordinal of ordinals) {
        await change({ secret: secretNo(ordinal) });
        await switchedTo('previous');
        await answers(50);
        const { clients } = (await gatehouse.status()) as never as Status;
        expect(clients.main).toMatchObject({ rotation: { inUse: 'previous' } });
        await server.changeClient({ client_secret: secretNo(ordinal) });
        await switchedTo('current');
        await answers(50);
      }
      expect(wrong).toEqual([]);
      expect(await gatehouse.metric('gatehouse_credentials_switched_total')).toBe(2 * ordinals.length);
      expect(await gatehouse.metric('gatehouse_faults_total')).toBe(0);
    },
  );

  it('rotates without one wrong answer and without one fault when the server changes first, to one that is named', async () => {
    const { server, gatehouse, change, answers, switchedTo, wrong } = await open({
      server: { clientSecret: secretNo(1) },
      client: 'clientSecret: { file: secret }, previousSecret: { file: other }, secretGrace: 0s',
      files: { secret: secretNo(1), other: secretNo(1) },
    });
    await change({ other: secretNo(2) });
    await server.changeClient({ client_secret: secretNo(2) });
    await switchedTo('previous');
    await answers(50);
    await change({ secret: secretNo(2), other: secretNo(1) });
    await answers(50);
    expect(wrong).toEqual([]);
    expect(await gatehouse.metric('gatehouse_faults_total')).toBe(0);
  });

  it('that only the server knows is a fault until the file has it, and never a verdict', async () => {
    const { server, change, answers, wrong } = await open({
      server: { clientSecret: secretNo(1) },
      client: 'clientSecret: { file: secret }',
      files: { secret: secretNo(1) },
    });
    await server.changeClient({ client_secret: secretNo(2) });
    await eventually('a refusal', () => (wrong.length > 0 ? true : null));
    await change({ secret: secretNo(2) });
    // Those under way at that moment were asked about with the old one.
    await answers(50);
    const until = wrong.length;
    await answers(50);
    expect(wrong).toHaveLength(until);
    expect(new Set(wrong)).toEqual(new Set(['503 instead of 200', '503 instead of 401']));
  });
});

describe('a key that signs assertions', () => {
  const keyNo = (ordinal: number) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const named = { kid: `k${ordinal}`, alg: 'ES256' };
    return {
      file: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...named }),
      published: { ...publicKey.export({ format: 'jwk' }), ...named, use: 'sig' },
    };
  };

  it('rotates without one wrong answer and without one fault, in either order', async () => {
    const [first, second, third] = [keyNo(1), keyNo(2), keyNo(3)];
    const { server, gatehouse, change, answers, switchedTo, wrong } = await open({
      server: { authentication: 'private_key_jwt', registration: { jwks: { keys: [first.published] } } },
      client: 'auth: { key: { file: key } }',
      files: { key: first.file },
    });
    await change({ key: second.file });
    await switchedTo('previous');
    await answers(50);
    await server.changeClient({ jwks: { keys: [second.published] } });
    await switchedTo('current');
    await answers(50);

    await server.changeClient({ jwks: { keys: [second.published, third.published] } });
    await change({ key: third.file });
    await answers(50);
    await server.changeClient({ jwks: { keys: [third.published] } });
    await answers(50);
    expect(wrong).toEqual([]);
    expect(await gatehouse.metric('gatehouse_faults_total')).toBe(0);
  });
});

describe('a client certificate', () => {
  const authority = createAuthority();
  const here = authority.issue(['IP:127.0.0.1']);
  const atTheServer = { tls: { ...here, ca: authority.ca } };
  const filesOf = ({ cert, key }: Certificate) => ({ 'cert.pem': cert, 'key.pem': key });
  const CLIENT = 'tls: { ca: ca.pem, cert: cert.pem, key: key.pem }';
  const jwkOf = ({ cert }: Certificate) => {
    const certificate = new X509Certificate(cert);
    return { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] };
  };

  it('of an authority rotates without one wrong answer and without one fault', async () => {
    const issue = (): Certificate => authority.issue(['DNS:gateway.example']);
    const { gatehouse, change, answers, wrong } = await open({
      server: {
        ...atTheServer,
        authentication: 'tls_client_auth',
        registration: { tls_client_auth_san_dns: 'gateway.example' },
      },
      client: `auth: tls_client_auth, ${CLIENT}`,
      files: { 'ca.pem': authority.ca, ...filesOf(issue()) },
    });
    for (const next of [issue(), issue()]) {
      await change(filesOf(next));
      await answers(50);
    }
    expect(wrong).toEqual([]);
    expect(await gatehouse.metric('gatehouse_faults_total')).toBe(0);
  });

  it('of its own rotates without one wrong answer and without one fault when the server hears of it first', async () => {
    const [first, second] = [1, 2].map(() => createSelfSigned(['DNS:gateway.example'])) as [
      Certificate,
      Certificate,
    ];
    const { server, gatehouse, change, answers, wrong } = await open({
      server: {
        ...atTheServer,
        authentication: 'self_signed_tls_client_auth',
        registration: { jwks: { keys: [jwkOf(first)] } },
      },
      client: `auth: self_signed_tls_client_auth, ${CLIENT}`,
      files: { 'ca.pem': authority.ca, ...filesOf(first) },
    });
    await server.changeClient({ jwks: { keys: [jwkOf(first), jwkOf(second)] } });
    await answers(25);
    await change(filesOf(second));
    await answers(50);
    await server.changeClient({ jwks: { keys: [jwkOf(second)] } });
    await answers(50);
    expect(wrong).toEqual([]);
    expect(await gatehouse.metric('gatehouse_faults_total')).toBe(0);
  });
});

interface Status {
  readonly clients: { readonly main: object };
}
