import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningRedis, startRedis } from '../support/redis.ts';

const REPLICAS = 8;
const HERD = 512;
const ROUNDS = process.env['GATEHOUSE_LONG'] === undefined ? 3 : 50;
/** Long enough for all replicas to come while the first one waits for its answer. */
const THINKS_MS = 200;

let redis: RunningRedis;
let server: Server;
let asked: string[] = [];
const replicas: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startRedis();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      asked.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('token') ?? '');
      void sleep(THINKS_MS).then(() => {
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ active: true, sub: 'alice', exp: Math.floor(Date.now() / 1000) + 3_600 }),
        );
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const replica of replicas.splice(0)) replica.disconnect();
  asked = [];
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await redis.stop();
});

describe(`a herd of ${HERD} on one new token`, () => {
  it('is one enquiry in one process (G8, T-36)', async () => {
    await startReplicas(1, { coalesces: false, herd: HERD });
    for (let round = 0; round < ROUNDS; round += 1) expect(await stampede(`one-${round}`)).toBe(HERD);
    expect(new Set(asked).size).toBe(ROUNDS);
    expect(asked.length).toBe(ROUNDS);
  });

  it('is one enquiry in eight processes that share a Redis, where they agree who asks', async () => {
    await startReplicas(REPLICAS, { coalesces: true, herd: HERD / REPLICAS });
    for (let round = 0; round < ROUNDS; round += 1) expect(await stampede(`agreed-${round}`)).toBe(HERD);
    expect(asked.length).toBe(ROUNDS);
  });

  it('is at most one enquiry in each of eight processes, where they do not', async () => {
    await startReplicas(REPLICAS, { coalesces: false, herd: HERD / REPLICAS });
    for (let round = 0; round < ROUNDS; round += 1) {
      asked = [];
      expect(await stampede(`each-${round}`)).toBe(HERD);
      expect(asked.length).toBeLessThanOrEqual(REPLICAS);
    }
  });
});

interface Kind {
  readonly coalesces: boolean;
  /** Requests in each process. */
  readonly herd: number;
}

async function startReplicas(count: number, { coalesces, herd }: Kind): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}/introspect`;
  const words = [String(redis.port), endpoint, String(coalesces), String(herd)];
  // Options of the test runner's own process are not for its children.
  const options = { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
  const started = Array.from({ length: count }, () =>
    fork(join(import.meta.dirname, 'herd-replica.ts'), words, options),
  );
  replicas.push(...started);
  await Promise.all(started.map(word));
}

/** Requests for one token in all replicas at once. Out: how many were found active. */
async function stampede(token: string): Promise<number> {
  const answers = replicas.map(async (replica) => {
    const answer = word(replica);
    replica.send(token);
    return Number(await answer);
  });
  return (await Promise.all(answers)).reduce((sum, active) => sum + active, 0);
}

/** What a replica says next; fails when it ends instead. */
async function word(replica: ChildProcess): Promise<unknown> {
  const ended = once(replica, 'exit').then(([code]) => {
    throw new Error(`a replica ended with ${String(code)}`);
  });
  const [said] = (await Promise.race([once(replica, 'message'), ended])) as [unknown];
  return said;
}
