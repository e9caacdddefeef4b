import { cpuOf, interleave, ratios, type Scenario, teach } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** Ten routes and ten thousand; the one that is asked for is the last. */
export const hitRoutes: Scenario = {
  name: 'hit-routes',
  run: (bench) =>
    withServers(
      {
        few: startGatehouse('10-routes', { issuer: bench.issuer, more: routes(10) }),
        many: startGatehouse('10000-routes', { issuer: bench.issuer, more: routes(10_000) }),
      },
      async ({ few, many }) => {
        const known = { first: bench.newTokens(1_000), count: 1_000 };
        const jobOf = (count: number) => ({
          path: `/service-${count - 1}/orders/4711`,
          tokens: { ...SATURATED.tokens, known },
        });
        await teach(bench, few, known, { path: jobOf(10).path });
        await teach(bench, many, known, { path: jobOf(10_000).path });
        const measured = await interleave(bench, {
          '10': { server: few, job: jobOf(10) },
          '10000': { server: many, job: jobOf(10_000) },
        });
        for (const [name, rounds] of Object.entries(measured)) {
          bench.figures.add(`hit-routes-${name}-cpu`, rounds.map(cpuOf), 'us');
        }
        bench.figures.add(
          'hit-10000-routes-against-10',
          ratios(measured['10000'], measured['10'], cpuOf),
          'ratio',
          1.3,
        );
        bench.figures.add('start-10000-routes', [many.startedIn], 'ms');
      },
    ),
};

function routes(count: number): string {
  const route = (number: number): string =>
    `  - { name: r${number}, match: { hosts: [api.example.com], paths: [/service-${number}/**] }, require: { scopes: [orders:read] }, upstream: { headers: { x-auth-subject: sub } } }`;
  return `routes:\n${Array.from({ length: count }, (_, number) => route(number)).join('\n')}`;
}
