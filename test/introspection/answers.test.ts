import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createTurns } from '../../src/bounds/index.ts';
import { createAnswers } from '../../src/introspection/answers.ts';
import { aClient } from '../support/builders.ts';
import { type FaultServer, json, startFaultServer } from '../support/fault-server.ts';
import { steadyRandomness, systemClock } from './scene.ts';
import { ec, publicJwk, signedAnswers } from './signer.ts';

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
  return createAnswers(client, {
    clock: systemClock,
    randomness: steadyRandomness,
    observe: () => undefined,
    resolveName: async () => [],
    discoveriesAtOnce: () => 1,
    discoveries: createTurns(() => 1),
  });
}

/** Has the keys of a place fetched. */
async function expectAt(made: ReturnType<typeof answers>, path: string): Promise<void> {
  const reader = made.readerFor({ jwksUri: server.url(path), answerAlgorithms: null });
  if (!reader.ok) throw new Error(reader.failure);
  const before = server.requests.length;
  reader.value.expect();
  while (server.requests.length === before || made.keyFreshness?.confirmedAt === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

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
