import { generateKeyPairSync } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  introspectionRequest,
  processIntrospectionResponse,
} from 'oauth4webapi';

import {
  type AuthenticationMethod,
  type ClientAuthentication,
  milliseconds,
  Secret,
} from '../../src/domain/index.ts';
import {
  type AuthorizationServer,
  INTROSPECTION_PATH,
  startAuthorizationServer,
} from '../support/authorization-server.ts';
import { aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

const SECRET = 'a secret: with %, + and /';
const LONG_SECRET = 'a secret of at least thirty-two bytes';

let server: AuthorizationServer;
let scene: Scene;

beforeAll(async () => {
  server = await startAuthorizationServer({ clientSecret: SECRET });
});
afterAll(() => server.stop());
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.introspector.close());

const clientHere = (secret = SECRET) =>
  aDiscoveringClient(server.issuer, { authentication: { method: 'automatic', secret: new Secret(secret) } });

describe('with oidc-provider', () => {
  it('discovers, authenticates with a secret full of odd characters, and reads what oauth4webapi reads', async () => {
    const token = await server.issueToken({
      scope: 'read write',
      subject: 'alice',
      claims: { groups: ['a', 'b'] },
    });
    const ours = await scene.ask(clientHere(), token);
    const metadata = { issuer: server.issuer, introspection_endpoint: server.issuer + INTROSPECTION_PATH };
    const client = { client_id: 'gateway' };
    const theirs = await processIntrospectionResponse(
      metadata,
      client,
      await introspectionRequest(metadata, client, ClientSecretBasic(SECRET), token, {
        [allowInsecureRequests]: true,
      }),
    );
    expect(ours).toMatchObject({
      ok: true,
      value: {
        kind: 'active',
        subject: 'alice',
        clientId: 'web',
        scopes: ['read', 'write'],
        audiences: ['https://api.example'],
        issuer: server.issuer,
        tokenType: 'Bearer',
        claims: theirs,
      },
    });
  });

  it('finds an unknown token inactive, and a revoked one', async () => {
    const token = await server.issueToken();
    expect(outcomeOf(await scene.ask(clientHere(), 'unknown'))).toBe('inactive');
    expect(outcomeOf(await scene.ask(clientHere(), token))).toBe('active');
    await server.revokeToken(token);
    expect(outcomeOf(await scene.ask(clientHere(), token))).toBe('inactive');
  });

  it('says credentials_refused when our secret is wrong (G13)', async () => {
    expect(outcomeOf(await scene.ask(clientHere('wrong'), 'any'))).toBe('credentials_refused');
  });

  it('goes on after a restart of the server', async () => {
    const client = clientHere();
    const token = await server.issueToken();
    await scene.ask(client, token);
    await server.stop();
    expect(outcomeOf(await scene.ask(client, token))).toBe('introspection_unreachable');
    await server.start();
    expect(outcomeOf(await scene.ask(client, token))).toBe('active');
  });

  it('authenticates in the body where the server wants that', async () => {
    const posting = await startAuthorizationServer({
      clientSecret: SECRET,
      authentication: 'client_secret_post',
    });
    const client = aDiscoveringClient(posting.issuer, {
      authentication: { method: 'client_secret_post', secret: new Secret(SECRET) },
    });
    try {
      expect(outcomeOf(await scene.ask(client, await posting.issueToken()))).toBe('active');
      expect(posting.introspections()).toBe(1);
    } finally {
      await posting.stop();
    }
  });

  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwksOf = (pair: typeof ec) => ({
    keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }],
  });
  const assertion = (algorithm: string) =>
    ({
      algorithms: [algorithm],
      audience: 'issuer',
      type: 'client-authentication+jwt',
      lifetime: milliseconds(60_000),
      sendClientId: false,
    }) as const;
  const keyed = (pair: typeof ec, algorithm: string): ClientAuthentication => ({
    method: 'private_key_jwt',
    key: {
      pem: new Secret(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      id: 'k1',
    },
    assertion: assertion(algorithm),
  });

  it.each<[AuthenticationMethod, ClientAuthentication, ClientAuthentication, Record<string, unknown>]>([
    [
      'client_secret_jwt',
      { method: 'client_secret_jwt', secret: new Secret(LONG_SECRET), assertion: assertion('HS256') },
      { method: 'client_secret_jwt', secret: new Secret(`${LONG_SECRET}!`), assertion: assertion('HS256') },
      {},
    ],
    ['private_key_jwt', keyed(ec, 'ES256'), keyed(rsa, 'PS256'), { jwks: jwksOf(ec) }],
    ['private_key_jwt', keyed(rsa, 'PS256'), keyed(ec, 'ES256'), { jwks: jwksOf(rsa) }],
  ])(
    'authenticates with %s, and is refused with another key (CA-7)',
    async (method, right, wrong, registration) => {
      const asserting = await startAuthorizationServer({
        clientSecret: LONG_SECRET,
        authentication: method,
        registration,
      });
      try {
        const client = aDiscoveringClient(asserting.issuer, { authentication: right });
        const token = await asserting.issueToken();
        const outcomes = [await scene.ask(client, token), await scene.ask(client, token)];
        expect(outcomes.map(outcomeOf)).toEqual(['active', 'active']);
        expect(scene.introspector.status()).toMatchObject({ main: { authentication: method } });
        const stranger = aDiscoveringClient(asserting.issuer, { authentication: wrong });
        expect(outcomeOf(await scene.ask(stranger, token))).toBe('credentials_refused');
      } finally {
        await asserting.stop();
      }
    },
  );

  it('needs no proof where the server asks for none', async () => {
    const open = await startAuthorizationServer({ authentication: 'none' });
    try {
      const client = aDiscoveringClient(open.issuer, { authentication: { method: 'none' } });
      expect(outcomeOf(await scene.ask(client, await open.issueToken()))).toBe('active');
    } finally {
      await open.stop();
    }
  });
});
