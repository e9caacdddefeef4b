import process from 'node:process';
import { join } from 'node:path';

import { cpuOf, interleave, type Bench, type Scenario } from '../bench.ts';
import { median } from '../figures.ts';
import type { Job } from '../load/job.ts';
import { nextMessage, startPinned } from '../pinned-process.ts';
import { cpuTimeOf } from '../process-account.ts';
import { startBaseline, startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** Every token is new: one enquiry for each check, with an authorization server that takes 0, 5 and 50 ms. */
export const miss: Scenario = {
  name: 'miss',
  run: (bench) =>
    withServers(
      { gatehouse: startGatehouse('miss', { issuer: bench.issuer }), grpcBytes: startBaseline('grpc-bytes') },
      async ({ gatehouse, grpcBytes }) => {
        const { figures, issuer } = bench;
        try {
          for (const delay of bench.isFull ? [0, 5, 50] : [0, 5]) {
            await issuer.setDelay(delay);
            const before = await issuer.counts();
            // Baseline (b) answers the same checks without an enquiry; baseline (d) makes the enquiries without a check.
            const measured = await interleave(bench, {
              miss: {
                server: gatehouse,
                job: {
                  get tokens() {
                    return allNew(bench);
                  },
                },
              },
              'baseline-b': { server: grpcBytes, job: { expect: 'constant' } },
            });
            const after = await issuer.counts();
            const enquiries = after.enquiries - before.enquiries;
            const bare = await bareEnquiries(bench);
            const cpu = measured.miss.map(cpuOf);
            figures.add(`miss-${delay}ms-cpu`, cpu, 'us');
            figures.add(`miss-${delay}ms-bare-enquiry-cpu`, bare, 'us');
            figures.add(
              `miss-${delay}ms-new-connections`,
              [(after.connections - before.connections) / enquiries],
              'per enquiry',
              0.01,
            );
            if (delay !== 0) continue;
            const floor = median(measured['baseline-b'].map(cpuOf)) + median(bare);
            figures.add(
              'miss-against-b-and-d',
              cpu.map((value) => value / floor),
              'ratio',
              1.3,
            );
          }
        } finally {
          await issuer.setDelay(0);
        }
      },
    ),
};

function allNew({ newTokens }: Bench): Job['tokens'] {
  return {
    known: { first: 0, count: 0 },
    fresh: 1,
    invented: 0,
    newFirst: newTokens(200_000),
    order: 'turn',
  };
}

/** Baseline (d). Microseconds of CPU time for each POST. */
async function bareEnquiries({ issuer, rounds }: Bench): Promise<readonly number[]> {
  const poster = startPinned(
    process.execPath,
    [join(import.meta.dirname, '../baselines/undici-post.ts')],
    'measured',
  );
  try {
    await nextMessage(poster);
    const each: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const count = round === 0 ? 2_000 : 10_000;
      const before = cpuTimeOf(poster.pid);
      const done = nextMessage(poster);
      poster.child.send({ port: issuer.port, count, atOnce: 64 });
      await done;
      if (round > 0) each.push((cpuTimeOf(poster.pid) - before) / 1_000 / count);
    }
    return each;
  } finally {
    await poster.stop();
  }
}
