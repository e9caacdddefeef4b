/**
 * Puts a load on a door and checks every answer.
 *
 * In: a job. Out: how many were answered, how many wrongly, and how long the known tokens took.
 * A closed loop keeps so many requests under way; at a fixed rate each request is due at its own moment, and its
 * latency counts from then, whether or not it could be sent in time (no coordinated omission).
 */
import { Buffer } from 'node:buffer';
import { createHistogram } from 'node:perf_hooks';
import process from 'node:process';

import { makeTemplate } from './check-request.ts';
import { openSubrequestConnection } from './http1-connection.ts';
import { openUnaryConnection, type UnaryConnection, type UnaryEvents } from './http2-connection.ts';
import type { Job, Outcome } from './job.ts';
import { readVerdict } from './read-answer.ts';
import { subjectOf, tokenText } from './tokens.ts';
import { createTokenTurns, type Turn } from './token-turns.ts';

const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

interface Asked {
  readonly turn: Turn;
  /** Milliseconds of `performance.now`. */
  readonly dueAt: number;
}

interface Writer {
  readonly length: number;
  write(turn: Turn, requestId: number, into: Buffer, at: number): void;
}

export async function generate(job: Job): Promise<Outcome> {
  const writer = job.door === 'grpc' ? grpcWriter(job) : httpWriter(job);
  const isRight =
    job.expect === 'constant' ? constantAnswers() : job.door === 'grpc' ? grpcVerdict(job) : httpVerdict(job);
  const next = createTokenTurns(job.tokens);
  const latency = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  const slotCount = job.connections * job.streams;
  const asked: Asked[] = Array.from({ length: slotCount });
  const connections: UnaryConnection[] = [];
  const tally = { answered: 0, wrong: 0, shed: 0, sent: 0, open: 0 };
  const ending = { lost: null as string | null };
  let isOver = false;
  const settled = Promise.withResolvers<null>();
  /** At a fixed rate: slots that nobody is waiting in, and requests that are due and have none. */
  const idle: number[] = Array.from({ length: slotCount }, (_, slot) => slot);
  const overdue: number[] = [];

  const events = (): UnaryEvents => ({
    answered(slot, message) {
      take(slot, message);
      if (job.rate === null) {
        send(slot, performance.now());
        return;
      }
      const dueAt = overdue.shift();
      if (dueAt === undefined) idle.push(slot);
      else send(slot, dueAt);
    },
    batchEnded() {
      if (tally.open === 0 && isOver) settled.resolve(null);
    },
    lost(why) {
      ending.lost = why;
      isOver = true;
      settled.resolve(null);
    },
  });
  for (let index = 0; index < job.connections; index += 1) connections.push(await open(job, events()));

  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const endsAt = startedAt + job.seconds * 1_000;
  if (job.rate === null) fillAll();
  else void pace(job.rate);
  const alarm = setTimeout(() => (isOver = true), job.seconds * 1_000);
  await Promise.race([settled.promise, patience(job.seconds + 20)]);
  clearTimeout(alarm);

  const seconds = Math.max((performance.now() - startedAt) / 1_000, 1e-6);
  const cpu = process.cpuUsage(cpuBefore);
  for (const connection of connections) connection.end();
  if (ending.lost !== null) throw new Error(`the load was broken off: ${ending.lost}`);
  const { answered, shed, open: unanswered } = tally;
  return {
    answered,
    wrong: tally.wrong + unanswered,
    shed,
    seconds,
    latency: { p50: latency.percentile(50), p99: latency.percentile(99), max: latency.max },
    generatorCpu: (cpu.user + cpu.system) / Math.max(answered, 1),
  };

  function fillAll(): void {
    for (let slot = 0; slot < slotCount; slot += 1) send(slot, performance.now());
    for (const connection of connections) connection.flush();
    if (tally.open === 0) settled.resolve(null);
  }

  /** Turns with the event loop, so that each request leaves in the millisecond in which it is due. */
  async function pace(rate: number): Promise<void> {
    const gap = 1_000 / rate;
    for (let dueAt = startedAt; dueAt < endsAt && !isOver;) {
      const now = performance.now();
      for (; dueAt <= now && dueAt < endsAt; dueAt += gap) {
        const slot = idle.pop();
        if (slot === undefined) overdue.push(dueAt);
        else send(slot, dueAt);
      }
      for (const connection of connections) connection.flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
    isOver = true;
    if (tally.open === 0) settled.resolve(null);
  }

  function send(slot: number, dueAt: number): void {
    if (isOver && job.rate === null) return;
    const turn = next();
    if (turn === null) {
      isOver = true;
      return;
    }
    asked[slot] = { turn, dueAt };
    tally.open += 1;
    tally.sent += 1;
    const requestId = tally.sent;
    connections[slot % job.connections]?.ask(slot, writer.length, (into, at) =>
      writer.write(turn, requestId, into, at),
    );
  }

  function take(slot: number, message: Buffer | null): void {
    const question = asked[slot];
    if (question === undefined) return;
    tally.open -= 1;
    tally.answered += 1;
    if (question.turn.kind === 'known') {
      latency.record(Math.max(1, Math.round((performance.now() - question.dueAt) * 1_000)));
    }
    const verdict = message === null ? 'wrong' : isRight(question.turn, message);
    if (verdict === 'wrong') tally.wrong += 1;
    else if (verdict === 'shed') tally.shed += 1;
  }
}

type Marked = 'right' | 'wrong' | 'shed';

function open(job: Job, events: UnaryEvents): Promise<UnaryConnection> {
  return job.door === 'grpc'
    ? openUnaryConnection(job.port, CHECK_PATH, job.timeout, events)
    : openSubrequestConnection(job.port, events);
}

function tokenOf({ kind, number }: Turn, { shape }: Job): string {
  return tokenText(shape, number, kind === 'invented' ? 'bad' : 'good');
}

function grpcWriter(job: Job): Writer {
  const { bytes, tokenAt, requestIdAt } = makeTemplate(job.shape, job.path);
  return {
    length: bytes.length,
    write(turn, requestId, into, at) {
      bytes.copy(into, at);
      into.write(tokenOf(turn, job), at + tokenAt, 'latin1');
      // Eight digits of a UUID: no two requests are the same bytes.
      into.write(String(requestId % 100_000_000).padStart(8, '0'), at + requestIdAt, 'latin1');
    },
  };
}

function httpWriter(job: Job): Writer {
  const request = (token: string, requestId: string): string =>
    [
      'GET /authz HTTP/1.1',
      'host: 127.0.0.1',
      `x-original-uri: ${job.path}`,
      'x-original-method: GET',
      'x-forwarded-host: api.example.com',
      'x-forwarded-proto: https',
      'x-forwarded-for: 203.0.113.7',
      `x-request-id: ${requestId}-0000-4000-8000-000000000000`,
      `authorization: Bearer ${token}`,
      'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      'accept: application/json',
      'accept-encoding: gzip, deflate, br',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '',
      '',
    ].join('\r\n');
  const requestOf = (turn: Turn, requestId: number): string =>
    request(tokenOf(turn, job), String(requestId % 100_000_000).padStart(8, '0'));
  return {
    length: requestOf({ kind: 'known', number: 0 }, 0).length,
    write(turn, requestId, into, at) {
      into.write(requestOf(turn, requestId), at, 'latin1');
    },
  };
}

function grpcVerdict(job: Job): (turn: Turn, message: Buffer) => Marked {
  return (turn, message) => {
    const verdict = readVerdict(message);
    if (verdict === 'unavailable') return turn.kind === 'known' ? 'wrong' : 'shed';
    if (turn.kind === 'invented') return verdict === 'denied' ? 'right' : 'wrong';
    return verdict === 'allowed' && message.includes(subjectOf(tokenOf(turn, job))) ? 'right' : 'wrong';
  };
}

function httpVerdict(job: Job): (turn: Turn, message: Buffer) => Marked {
  return (turn, message) => {
    const status = message.toString('latin1', 9, 12);
    if (turn.kind === 'invented') return status === '401' ? 'right' : 'wrong';
    return status === '200' && message.includes(subjectOf(tokenOf(turn, job))) ? 'right' : 'wrong';
  };
}

/** Baselines say the same each time. */
function constantAnswers(): (turn: Turn, message: Buffer) => Marked {
  let first: Buffer | null = null;
  return (_turn, message) => {
    first ??= Buffer.from(message);
    return message.length > 0 && first.equals(message) ? 'right' : 'wrong';
  };
}

function patience(seconds: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), seconds * 1_000).unref());
}
