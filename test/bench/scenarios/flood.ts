import { interleave, p99Of, ratios, type Scenario, teach } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import type { Job } from '../load/job.ts';
import { residentMemoryOf } from '../process-account.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** Known good tokens at a steady rate, alone and among nine times as many invented ones. */
export const flood: Scenario = {
  name: 'flood',
  run: (bench) =>
    withServers({ server: startGatehouse('flood', { issuer: bench.issuer }) }, async ({ server }) => {
      const known = { first: bench.newTokens(1_000), count: 1_000 };
      await teach(bench, server, known);
      await bench.issuer.setDelay(5);
      try {
        const good = 300;
        const tokens = { ...SATURATED.tokens, known };
        const steady: Partial<Job> = { connections: 16, streams: 64, seconds: bench.seconds * 2 };
        const measured = await interleave(bench, {
          quiet: { server, job: { ...steady, rate: good, tokens } },
          flood: {
            server,
            job: {
              ...steady,
              rate: good * 10,
              get tokens() {
                return { ...tokens, invented: 0.9, newFirst: bench.newTokens(100_000) };
              },
            },
          },
        });
        const { figures } = bench;
        figures.add('flood-good-p99', measured.flood.map(p99Of), 'ms');
        figures.add('quiet-good-p99', measured.quiet.map(p99Of), 'ms');
        figures.add(
          'flood-good-p99-against-quiet',
          ratios(measured.flood, measured.quiet, p99Of),
          'ratio',
          2,
        );
        figures.add('flood-resident-memory', [residentMemoryOf(server.pid) / 1e6], 'MB');
      } finally {
        await bench.issuer.setDelay(0);
      }
    }),
};
