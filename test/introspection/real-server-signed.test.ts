import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type ClientContext, Secret, type SignedAnswerSettings } from '../../src/domain/index.ts';
import {
  aKey,
  type AuthorizationServer,
  type PublishedKey,
  startAuthorizationServer,
} from '../support/authorization-server.ts';
import { aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';
import { decryption, decryptionKey, signedAnswers } from './signer.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const JWKS = '/jwks';

let server: AuthorizationServer;
let scene: Scene;

beforeEach(() => {
  scene = openScene();
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

/** oidc-provider puts our client id into `aud`, and the algorithm is what was registered for us. */
function wanting(signed: Partial<SignedAnswerSettings> = {}): ClientContext {
  return aDiscoveringClient(server.issuer, {
    authentication: { method: 'client_secret_basic', secret: new Secret(SECRET) },
    introspection: {
      ...aDiscoveringClient('').introspection,
      signedAnswers: signedAnswers({ algorithms: null, keys: { kind: 'metadata' }, ...signed }),
    },
  });
}

async function start(registration: Readonly<Record<string, unknown>>, keys?: readonly PublishedKey[]) {
  server = await startAuthorizationServer({
    clientSecret: SECRET,
    registration,
    ...(keys === undefined ? {} : { keys }),
  });
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const jwkOf = (key: KeyObject, alg: string): PublishedKey => ({
  ...key.export({ format: 'jwk' }),
  kid: alg,
  alg,
});

describe('signed answers of oidc-provider', () => {
  it.each([
    ['ES256', () => aKey('ES256')],
    ['RS256', () => jwkOf(rsa.privateKey, 'RS256')],
    ['PS256', () => jwkOf(rsa.privateKey, 'PS256')],
    ['EdDSA', () => jwkOf(ed.privateKey, 'EdDSA')],
    ['Ed25519', () => jwkOf(ed.privateKey, 'Ed25519')],
  ])('are asked for, verified and read: %s', async (alg, key) => {
    await start({ introspection_signed_response_alg: alg }, [key()]);
    const token = await server.issueToken({
      scope: 'read write',
      subject: 'alice',
      claims: { groups: ['a', 'b'] },
    });
    expect(await scene.ask(wanting(), token)).toMatchObject({
      ok: true,
      value: {
        kind: 'active',
        subject: 'alice',
        clientId: 'web',
        scopes: ['read', 'write'],
        audiences: ['https://api.example'],
        issuer: server.issuer,
        claims: { groups: ['a', 'b'] },
      },
    });
    expect(outcomeOf(await scene.ask(wanting(), 'unknown'))).toBe('inactive');
    await server.revokeToken(token);
    expect(outcomeOf(await scene.ask(wanting(), token))).toBe('inactive');
  });

  it('are the same facts as plain ones', async () => {
    await start({ introspection_signed_response_alg: 'ES256' });
    const token = await server.issueToken({ scope: 'a', subject: 'alice' });
    const plain = { ...wanting(), introspection: aDiscoveringClient('').introspection };
    const answers = [await scene.ask(wanting(), token), await scene.ask(plain, token)];
    expect(JSON.stringify(answers[0])).toBe(JSON.stringify(answers[1]));
  });

  it('are verified with our secret where HMAC is registered and named', async () => {
    await start({ introspection_signed_response_alg: 'HS256' });
    const token = await server.issueToken();
    const hmac = (secret: string) =>
      wanting({ algorithms: ['HS256'], keys: { kind: 'secret', secret: new Secret(secret) } });
    expect(outcomeOf(await scene.ask(hmac(SECRET), token))).toBe('active');
    expect(outcomeOf(await scene.ask(hmac(`${SECRET}!`), token))).toBe('signed_answer_signature');
    // The metadata lists it, which does not count: nobody here said that our secret is a key.
    expect(outcomeOf(await scene.ask(wanting(), token))).toBe('signed_answer_algorithm');
  });

  it('that are for somebody else are not taken (JIR-5)', async () => {
    await start({ introspection_signed_response_alg: 'ES256' });
    const token = await server.issueToken();
    expect(outcomeOf(await scene.ask(wanting({ audience: ['https://rs.example'] }), token))).toBe(
      'signed_answer_audience',
    );
  });
});

describe('signed and encrypted answers of oidc-provider', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it.each([
    ['RSA-OAEP-256', 'A128CBC-HS256', rsa],
    ['RSA-OAEP-256', 'A256GCM', rsa],
    ['ECDH-ES', 'A128GCM', ec],
  ])('are opened, then verified: %s with %s (JIR-10)', async (alg, enc, pair) => {
    const key = decryptionKey(pair.privateKey, [alg]);
    const published = {
      ...createPublicKey(pair.privateKey).export({ format: 'jwk' }),
      kid: key.id,
      use: 'enc',
    };
    await start({
      introspection_signed_response_alg: 'ES256',
      introspection_encrypted_response_alg: alg,
      introspection_encrypted_response_enc: enc,
      jwks: { keys: [published] },
    });
    const token = await server.issueToken({ subject: 'alice' });
    const client = wanting({ decryption: decryption({ keys: [key] }) });
    expect(await scene.ask(client, token)).toMatchObject({ value: { kind: 'active', subject: 'alice' } });
    expect(outcomeOf(await scene.ask(client, 'unknown'))).toBe('inactive');
    const other = decryptionKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, [
      'RSA-OAEP-256',
    ]);
    const stranger = wanting({ decryption: decryption({ keys: [other] }) });
    expect(outcomeOf(await scene.ask(stranger, token))).toBe('signed_answer_undecryptable');
    expect(outcomeOf(await scene.ask(wanting(), token))).toBe('signed_answer_undecryptable');
  });
});

describe('oidc-provider that changes its keys while it is asked', () => {
  /** Asks all the time, about active and unknown tokens, until the task is done. */
  async function whileAsking(client: ClientContext, token: string, task: () => Promise<void>) {
    const outcomes: string[] = [];
    let isOver = false;
    const ask = async (shown: string, expected: string): Promise<void> => {
      while (!isOver) {
        const outcome = outcomeOf(await scene.ask(client, shown));
        outcomes.push(outcome === expected ? 'right' : `${outcome} instead of ${expected}`);
      }
    };
    const asking = [1, 2, 3, 4].map((n) => (n % 2 === 0 ? ask(token, 'active') : ask('unknown', 'inactive')));
    await task();
    isOver = true;
    await Promise.all(asking);
    return outcomes;
  }

  const someMore = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const goal = server.introspections() + count;
      const look = setInterval(() => {
        if (server.introspections() < goal) return;
        clearInterval(look);
        resolve();
      }, 5);
    });

  it('gives not one wrong answer, whether it announces the new key or not (JIR-9)', async () => {
    const [old, next, sudden] = [aKey('old'), aKey('next'), aKey('sudden')];
    await start({ introspection_signed_response_alg: 'ES256' }, [old]);
    const token = await server.issueToken();
    const outcomes = await whileAsking(wanting(), token, async () => {
      await someMore(50);
      // Published first, then used, then the old one withdrawn.
      await server.changeKeys([old, next]);
      await someMore(50);
      await server.changeKeys([next, old]);
      await someMore(50);
      await server.changeKeys([next]);
      await someMore(50);
    });
    expect(new Set(outcomes)).toEqual(new Set(['right']));
    expect(outcomes.length).toBeGreaterThan(200);

    const suddenly = await whileAsking(wanting(), token, async () => {
      await someMore(50);
      await server.changeKeys([sudden]);
      await someMore(50);
    });
    expect(new Set(suddenly)).toEqual(new Set(['right']));
    // Each change that an answer showed costs one request, and nothing else does.
    expect(server.requestsTo(JWKS)).toBe(4);
  });
});
