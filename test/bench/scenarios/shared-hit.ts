import { startRedis } from '../../support/redis.ts';
import { cpuOf, interleave, ratios, type Scenario, teach } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import type { Job } from '../load/job.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** A token that this process does not know and the shared store does, beside one that it knows. */
export const sharedHit: Scenario = {
  name: 'shared-hit',
  async run(bench) {
    const redis = await startRedis();
    const count = 20_000;
    const settings = { issuer: bench.issuer, more: cacheIn(redis.url, 200_000) };
    // It forgets at once what it read, so that each answer comes from the store.
    const forgetful = { issuer: bench.issuer, more: cacheIn(redis.url, 16) };
    try {
      await withServers(
        { remembers: startGatehouse('remembers', settings), forgets: startGatehouse('forgets', forgetful) },
        async ({ remembers, forgets }) => {
          const known = { first: bench.newTokens(count), count };
          await teach(bench, remembers, known);
          const enquiriesBefore = (await bench.issuer.counts()).enquiries;
          const job: Partial<Job> = { tokens: { ...SATURATED.tokens, known } };
          const measured = await interleave(bench, {
            memory: { server: remembers, job },
            shared: { server: forgets, job },
          });
          const asked = (await bench.issuer.counts()).enquiries - enquiriesBefore;
          bench.figures.add('shared-hit-cpu', measured.shared.map(cpuOf), 'us');
          bench.figures.add('shared-hit-enquiries', [asked], 'enquiries');
          bench.figures.add(
            'shared-hit-against-memory',
            ratios(measured.shared, measured.memory, cpuOf),
            'ratio',
            3,
          );
        },
      );
    } finally {
      await redis.stop();
    }
  },
};

function cacheIn(url: string, entries: number): string {
  const key = Buffer.alloc(32, 7).toString('base64');
  return `cache: { keys: ["${key}"], active: { max: 30m, entries: ${entries} }, shared: { redis: { url: "${url}" }, timeout: 1s } }`;
}
