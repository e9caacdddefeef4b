import { cpuOf, interleave, ratios, type Scenario, teach } from '../bench.ts';
import type { Job } from '../load/job.ts';
import { SATURATED } from '../generator.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** One token, a thousand, a hundred thousand; and tokens of the length of a JWT. */
export const hitManyTokens: Scenario = {
  name: 'hit-many-tokens',
  run: (bench) =>
    withServers(
      { server: startGatehouse('many-tokens', { issuer: bench.issuer, more: LONG_LIVED }) },
      async ({ server }) => {
        const known = { first: bench.newTokens(100_000), count: 100_000 };
        await teach(bench, server, known);
        const jwts = { first: bench.newTokens(1_000), count: 1_000 };
        await teach(bench, server, jwts, { shape: 'jwt' });

        const jobOf = (count: number): Partial<Job> => ({
          tokens: { ...SATURATED.tokens, known: { first: known.first, count } },
        });
        const measured = await interleave(bench, {
          '1': { server, job: jobOf(1) },
          '1000': { server, job: jobOf(1_000) },
          '100000': { server, job: jobOf(100_000) },
          jwt: { server, job: { shape: 'jwt', tokens: { ...SATURATED.tokens, known: jwts } } },
        });
        for (const [name, rounds] of Object.entries(measured)) {
          bench.figures.add(`hit-tokens-${name}-cpu`, rounds.map(cpuOf), 'us');
        }
        const against = ratios(measured['100000'], measured['1000'], cpuOf);
        bench.figures.add('hit-100000-tokens-against-1000', against, 'ratio', 1.15);
      },
    ),
};

/** Answers that outlive the scenario: only hits are measured. */
const LONG_LIVED = 'cache: { active: { max: 30m, entries: 300000, bytes: 512MiB } }';
