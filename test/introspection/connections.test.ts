import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { milliseconds, type ResolvedAddress } from '../../src/domain/index.ts';
import { type Connections, openConnections } from '../../src/introspection/connection/connections.ts';
import { exchange, type Exchange } from '../../src/introspection/connection/exchange.ts';
import { type FaultServer, json, raw, reset, startFaultServer } from '../support/fault-server.ts';

const HERE: ResolvedAddress = { address: '127.0.0.1', family: 4 };
/** Of this host, too; nobody listens there unless a test does. */
const OTHER: ResolvedAddress = { address: '127.0.0.77', family: 4 };

let server: FaultServer;
let opened: Connections[];

beforeEach(async () => {
  opened = [];
  server = await startFaultServer();
  server.always(json({ active: true }));
});
afterEach(async () => {
  await Promise.all(opened.map((connections) => connections.close()));
  await server.stop();
});

function open(addresses: () => readonly ResolvedAddress[], lifeMs = 60_000) {
  let resolutions = 0;
  const connections = openConnections(
    `http://idp.test:${server.port}`,
    {
      resolveName: async () => {
        resolutions += 1;
        return addresses();
      },
    },
    {
      tls: { ca: null, minVersion: 'TLSv1.2' },
      connectTo: null,
      mayConnect: () => true,
      connectTimeout: milliseconds(2_000),
      limit: 8,
      life: milliseconds(lifeMs),
    },
  );
  opened.push(connections);
  const request = { method: 'GET', path: '/', headers: [], body: null } as const;
  const limits = { bodyLimit: () => 1_000 };
  const ask = (): Promise<Exchange> =>
    exchange(connections, request, { ...limits, signal: AbortSignal.timeout(5_000) });
  return { ask, resolutions: () => resolutions };
}

/** A connection is free again a turn of the loop after its answer. */
const turn = () => new Promise(setImmediate);

const connectionsUsed = () => new Set(server.requests.map(({ connection }) => connection)).size;

describe('connections to an origin', () => {
  it('are made anew after their life, so that a name that moved is followed', async () => {
    let addresses = [HERE];
    // Long enough for two questions on a busy machine.
    const { ask, resolutions } = open(() => addresses, 2_000);
    await ask();
    await turn();
    await ask();
    expect([resolutions(), connectionsUsed()]).toEqual([1, 1]);

    addresses = [OTHER];
    await sleep(2_200);
    expect(await ask()).toMatchObject({ kind: 'failed', failure: { kind: 'refused' } });
    addresses = [HERE];
    expect(await ask()).toMatchObject({ kind: 'answered' });
    expect(connectionsUsed()).toBe(2);
  });

  it('that grow old in the middle of an answer bring it to its end', async () => {
    server.always(json({ active: true }, { trickle: { bytes: 4, everyMs: 40 } }));
    const { ask } = open(() => [HERE], 20);
    const slow = ask();
    await sleep(60);
    const next = ask();
    expect(await slow).toMatchObject({ kind: 'answered', answer: { body: { kind: 'whole' } } });
    expect(await next).toMatchObject({ kind: 'answered', answer: { body: { kind: 'whole' } } });
  });

  it('begin with each address of the name in turn', async () => {
    const other = createServer((_request, response) => void response.end());
    await new Promise<void>((resolve) => other.listen(server.port, OTHER.address, resolve));
    const { ask } = open(() => [HERE, OTHER]);
    await Promise.all(Array.from({ length: 6 }, ask));
    expect(server.connections()).toBe(3);
    other.close();
    other.closeAllConnections();
  });

  it('go on to an address that answers', async () => {
    const { ask } = open(() => [OTHER, HERE]);
    const answers = await Promise.all(Array.from({ length: 6 }, ask));
    expect(answers.map(({ kind }) => kind)).toEqual(Array(6).fill('answered'));
    expect(server.connections()).toBe(6);
  });

  it.each([
    ['is reset', reset()],
    ['ends within an answer', raw('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{')],
  ])('cost one request when one of them %s, however many follow', async (_what, answer) => {
    const { ask } = open(() => [HERE]);
    await ask();
    server.next(answer);
    await ask();
    const after = [await ask(), await ask(), await ask()];
    expect(after.map((outcome) => outcome.kind === 'answered' && outcome.answer.body.kind)).toEqual([
      'whole',
      'whole',
      'whole',
    ]);
  });
});
