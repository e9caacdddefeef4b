import { setTimeout as sleep } from 'node:timers/promises';

import { type Scenario, teach } from '../bench.ts';
import { residentMemoryOf } from '../process-account.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** Resident memory before and after 100,000 tokens with answers of 400 bytes. */
export const memory: Scenario = {
  name: 'memory',
  run: (bench) =>
    withServers(
      {
        server: startGatehouse('memory', {
          issuer: bench.issuer,
          more: 'cache: { active: { max: 30m, entries: 200000, bytes: 512MiB } }',
        }),
      },
      async ({ server }) => {
        const { figures } = bench;
        // The service as it is when it has worked: its code compiled, its buffers grown.
        await teach(bench, server, { first: bench.newTokens(2_000), count: 2_000 });
        await sleep(2_000);
        const empty = residentMemoryOf(server.pid);
        await teach(bench, server, { first: bench.newTokens(100_000), count: 100_000 });
        await sleep(5_000);
        const full = residentMemoryOf(server.pid);
        figures.add('memory-empty', [empty / 1e6], 'MB');
        figures.add('memory-100000-tokens', [full / 1e6], 'MB', 220);
        figures.add('memory-growth-100000-tokens', [(full - empty) / 1e6], 'MB', 90);
      },
    ),
};
