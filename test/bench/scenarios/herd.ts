import { type Scenario } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** 512 requests at once with one token that nobody has seen. */
export const herd: Scenario = {
  name: 'herd',
  run: (bench) =>
    withServers({ server: startGatehouse('herd', { issuer: bench.issuer }) }, async ({ server }) => {
      const { figures, generator, issuer } = bench;
      await issuer.setDelay(20);
      try {
        const enquiries: number[] = [];
        for (let round = 0; round < bench.rounds; round += 1) {
          const before = (await issuer.counts()).enquiries;
          const known = { first: bench.newTokens(1), count: 1 };
          // Sixteen connections with 32 streams, for the 10 ms in which nothing is answered yet.
          const job = {
            ...SATURATED,
            connections: 16,
            seconds: 0.01,
            tokens: { ...SATURATED.tokens, known },
          };
          await generator.run({ ...job, port: server.port }, server.pid);
          enquiries.push((await issuer.counts()).enquiries - before);
        }
        figures.add('herd-of-512-enquiries', enquiries, 'enquiries', 1);
      } finally {
        await issuer.setDelay(0);
      }
    }),
};
