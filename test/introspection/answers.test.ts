import { createSecretKey } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createTurns } from '../../src/bounds/index.ts';
import { monotonicMilliseconds, Secret } from '../../src/domain/index.ts';
import { createAnswers } from '../../src/introspection/answer/answers.ts';
import { aClient } from '../support/builders.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { outcomeOf, steadyRandomness, systemClock } from './scene.ts';
import { anAnswer } from './signed-reading.ts';
import { claimsOf, ec, publicJwk, sign, signedAnswers } from './signer.ts';

let server: FaultServer;

beforeEach(async () => {
  server = await startFaultServer();
  server.always(json({ keys: [publicJwk(ec.publicKey)] }));
});
afterEach(() => server.stop());

/** Of a client whose keys are where its metadata says. */
function answers() {
  const keys = { kind: 'metadata' } as const;
  const client = aClient({
    issuer: server.origin,
    allowHttp: true,
    introspection: { ...aClient().introspection, signedAnswers: signedAnswers({ keys }) },
  });
  return createAnswers(client, PARTS);
}

const PARTS = {
  clock: systemClock,
  randomness: steadyRandomness,
  observe: () => undefined,
  resolveName: async () => [],
  discoveriesAtOnce: () => 1,
  discoveries: createTurns(() => 1),
};

/** Has the keys of a place fetched. */
async function expectAt(made: ReturnType<typeof answers>, path: string): Promise<void> {
  const reader = made.readerFor({ jwksUri: server.url(path), answerAlgorithms: null });
  if (!reader.ok) throw new Error(reader.failure);
  const before = server.requests.length;
  reader.value.expect();
  while (server.requests.length === before || made.keyFreshness?.confirmedAt === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('our secret as a key', () => {
  it('is the new one, and the old one for as long as a server may not know of the change', async () => {
    const [fresh, old] = ['the new secret, of thirty-two bytes', 'the old secret, of thirty-two bytes'];
    let now = 0;
    const clock = { ...systemClock, monotonic: () => monotonicMilliseconds(now) };
    const client = aClient({
      previous: {
        authentication: { method: 'client_secret_basic', secret: new Secret(old) },
        until: monotonicMilliseconds(100),
      },
      introspection: {
        ...aClient().introspection,
        signedAnswers: signedAnswers({
          algorithms: ['HS256'],
          keys: { kind: 'secret', secret: new Secret(fresh) },
        }),
      },
    });
    const reader = createAnswers(client, { ...PARTS, clock }).readerFor({
      jwksUri: null,
      answerAlgorithms: null,
    });
    if (!reader.ok) throw new Error(reader.failure);
    const outcomeWith = async (secret: string): Promise<string> => {
      const iat = Math.floor(Date.now() / 1000);
      const claims = claimsOf(undefined, { iss: client.issuer, iat });
      const text = await sign(claims, { alg: 'HS256' }, createSecretKey(secret, 'utf8'));
      return outcomeOf(await reader.value.read(anAnswer(text), new AbortController().signal));
    };
    expect([await outcomeWith(fresh), await outcomeWith(old)]).toEqual(['active', 'active']);
    now = 100;
    expect([await outcomeWith(fresh), await outcomeWith(old)]).toEqual(['active', 'signed_answer_signature']);
  });
});

describe('the keys of a client', () => {
  it('are kept over every question that finds them at one place', async () => {
    const made = answers();
    await expectAt(made, '/a');
    const again = made.readerFor({ jwksUri: server.url('/a'), answerAlgorithms: ['ES256'] });
    if (again.ok) again.value.expect();
    expect(server.requests).toHaveLength(1);
    expect(made.keyFreshness?.nextAt).not.toBeNull();
    made.pause();
  });

  it('are those of the place that the metadata names now', async () => {
    const made = answers();
    await expectAt(made, '/a');
    const before = made.keyFreshness;
    await expectAt(made, '/b');
    expect(server.requests.map(({ path }) => path)).toEqual(['/a', '/b']);
    expect(made.keyFreshness).not.toEqual(before);
    made.pause();
    expect(made.keyFreshness?.nextAt).toBeNull();
  });

  it('are refreshed by themselves only while the client is in force, wherever they come to be', async () => {
    const made = answers();
    made.pause();
    await expectAt(made, '/a');
    expect(made.keyFreshness?.nextAt).toBeNull();
    made.resume();
    expect(made.keyFreshness?.nextAt).not.toBeNull();
    made.pause();
    await expectAt(made, '/b');
    expect(made.keyFreshness?.nextAt).toBeNull();
  });
});
