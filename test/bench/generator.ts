import { join } from 'node:path';
import process from 'node:process';

import type { Job, Outcome } from './load/job.ts';
import type { Report } from './load/main.ts';
import { nextMessage, startPinned } from './pinned-process.ts';
import { cpuTimeOf, descendantsOf } from './process-account.ts';

/** One run of a load against a server. */
export interface Measured extends Outcome {
  /** Microseconds of CPU time that the server's process and its workers spent for each answer. */
  readonly cpu: number;
  /** Answers each second. */
  readonly throughput: number;
}

export interface Generator {
  /** @throws Error when an answer was wrong: a figure of wrong answers would be worth nothing. */
  run(job: Job, pid: number): Promise<Measured>;
  stop(): Promise<void>;
}

export function startGenerator(): Generator {
  const started = startPinned(process.execPath, [join(import.meta.dirname, 'load/main.ts')], 'around');
  return {
    async run(job, pid) {
      const family = [pid, ...descendantsOf(pid)];
      const before = family.map(cpuTimeOf);
      const answer = nextMessage<Report>(started, job.seconds * 1_000 + 120_000);
      started.child.send(job);
      const report = await answer;
      if ('error' in report) throw new Error(report.error);
      const { outcome } = report;
      if (outcome.wrong > 0)
        throw new Error(`${outcome.wrong} of ${outcome.answered} answers were wrong or missing`);
      const spent = family.reduce((sum, member, index) => sum + cpuTimeOf(member) - (before[index] ?? 0), 0);
      return {
        ...outcome,
        cpu: spent / 1_000 / Math.max(outcome.answered, 1),
        throughput: outcome.answered / outcome.seconds,
      };
    },
    stop: () => started.stop(),
  };
}

/** Two connections with 32 streams each, as two workers of Envoy would have, as fast as they are answered. */
export const SATURATED: Omit<Job, 'port'> = {
  door: 'grpc',
  connections: 2,
  streams: 32,
  rate: null,
  seconds: 2,
  path: '/orders/4711',
  shape: 'opaque',
  tokens: { known: { first: 0, count: 1_000 }, fresh: 0, invented: 0, newFirst: 10_000_000, order: 'turn' },
  expect: 'verdicts',
  timeout: 2_000,
};
