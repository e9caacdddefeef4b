import { cpuOf, interleave, p50Of, p99Of, ratios, type Scenario, teach } from '../bench.ts';
import { startBaseline, startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** A known token on a known route, the whole service with its metrics, beside servers that do nothing. */
export const hit: Scenario = {
  name: 'hit',
  run: (bench) =>
    withServers(
      {
        grpcJs: startGatehouse('grpc-js', { issuer: bench.issuer, transport: 'grpc-js' }),
        http2: startGatehouse('http2', { issuer: bench.issuer, transport: 'http2' }),
        protoLoader: startBaseline('grpc-proto-loader'),
        grpcBytes: startBaseline('grpc-bytes'),
        http2Bytes: startBaseline('http2-bytes'),
      },
      async ({ grpcJs, http2, protoLoader, grpcBytes, http2Bytes }) => {
        const known = { first: bench.newTokens(1_000), count: 1_000 };
        await teach(bench, grpcJs, known);
        await teach(bench, http2, known);
        const job = { tokens: { known, fresh: 0, invented: 0, newFirst: 0, order: 'turn' } } as const;
        const constant = { ...job, expect: 'constant' } as const;
        const measured = await interleave(bench, {
          'hit-grpc-js': { server: grpcJs, job },
          'hit-http2': { server: http2, job },
          'baseline-a': { server: protoLoader, job: constant },
          'baseline-b': { server: grpcBytes, job: constant },
          'baseline-c': { server: http2Bytes, job: constant },
        });
        const { figures } = bench;
        for (const [name, rounds] of Object.entries(measured)) {
          figures.add(`${name}-cpu`, rounds.map(cpuOf), 'us');
          figures.add(
            `${name}-throughput`,
            rounds.map(({ throughput }) => throughput),
            '1/s',
          );
          figures.add(`${name}-p50`, rounds.map(p50Of), 'ms');
          figures.add(`${name}-p99`, rounds.map(p99Of), 'ms');
        }
        const [b, c] = [measured['baseline-b'], measured['baseline-c']];
        const [overGrpcJs, overHttp2] = [measured['hit-grpc-js'], measured['hit-http2']];
        figures.add('hit-grpc-js-against-b', ratios(overGrpcJs, b, cpuOf), 'ratio', 1.35);
        figures.add('hit-http2-against-c', ratios(overHttp2, c, cpuOf), 'ratio', 1.4);
        figures.add('hit-http2-against-b', ratios(overHttp2, b, cpuOf), 'ratio', 0.8);
        figures.add('p99-grpc-js-against-b', ratios(overGrpcJs, b, p99Of), 'ratio', 0.9);
        figures.add('p99-http2-against-b', ratios(overHttp2, b, p99Of), 'ratio', 0.5);
      },
    ),
};
