import { cpuOf, interleave, p50Of, p99Of, ratios, type Scenario, teach } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import type { Job } from '../load/job.ts';
import { startBaseline, startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** 1,000 checks a second: 95 % with a known token, 4 % with a new one, 1 % with an invented one. */
export const mixedDay: Scenario = {
  name: 'mixed-day',
  run: (bench) =>
    withServers(
      {
        gatehouse: startGatehouse('mixed-day', { issuer: bench.issuer }),
        baseline: startBaseline('http2-bytes', ['--max-semi-space-size=2']),
      },
      async ({ gatehouse, baseline }) => {
        const known = { first: bench.newTokens(1_000), count: 1_000 };
        await teach(bench, gatehouse, known);
        await bench.issuer.setDelay(5);
        try {
          const tokens = { ...SATURATED.tokens, known };
          const steady: Partial<Job> = { rate: 1_000, seconds: bench.seconds * 2, tokens };
          const measured = await interleave(bench, {
            day: {
              server: gatehouse,
              job: {
                ...steady,
                get tokens() {
                  return { ...tokens, fresh: 0.04, invented: 0.01, newFirst: bench.newTokens(10_000) };
                },
              },
            },
            hits: { server: gatehouse, job: steady },
            'baseline-c': { server: baseline, job: { ...steady, expect: 'constant' } },
          });
          const { figures } = bench;
          for (const [name, rounds] of Object.entries(measured)) {
            figures.add(`at-1000-${name}-cpu`, rounds.map(cpuOf), 'us');
            figures.add(`at-1000-${name}-p50`, rounds.map(p50Of), 'ms');
            figures.add(`at-1000-${name}-p99`, rounds.map(p99Of), 'ms');
          }
          figures.add(
            'p99-at-1000-against-c',
            ratios(measured.hits, measured['baseline-c'], p99Of),
            'ratio',
            1.5,
          );
        } finally {
          await bench.issuer.setDelay(0);
        }
      },
    ),
};
