import { cpuOf, interleave, ratios, type Scenario, teach } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import type { Job } from '../load/job.ts';
import { startBaseline, startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** The door for NGINX, over 64 kept-alive connections, beside node:http that answers a constant. */
export const httpDoor: Scenario = {
  name: 'http-door',
  run: (bench) =>
    withServers(
      {
        gatehouse: startGatehouse('http-door', { issuer: bench.issuer, more: ROUTES }),
        constant: startBaseline('http-constant'),
      },
      async ({ gatehouse, constant }) => {
        const known = { first: bench.newTokens(1_000), count: 1_000 };
        const job: Partial<Job> = {
          door: 'http',
          connections: 64,
          streams: 1,
          tokens: { ...SATURATED.tokens, known },
        };
        await teach(bench, gatehouse, known, { ...job, port: gatehouse.httpPort });
        const measured = await interleave(bench, {
          http: { server: gatehouse, job: { ...job, port: gatehouse.httpPort } },
          'baseline-e': { server: constant, job: { ...job, expect: 'constant' } },
        });
        for (const [name, rounds] of Object.entries(measured)) {
          bench.figures.add(`http-door-${name}-cpu`, rounds.map(cpuOf), 'us');
        }
        bench.figures.add(
          'http-door-against-e',
          ratios(measured.http, measured['baseline-e'], cpuOf),
          'ratio',
          1.4,
        );
      },
    ),
};

const ROUTES = 'routes:\n  - { name: all, upstream: { headers: { x-auth-subject: sub } } }';
