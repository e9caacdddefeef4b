import { type Figures } from './figures.ts';
import { type Generator, type Measured, SATURATED } from './generator.ts';
import type { Job } from './load/job.ts';
import type { AuthorizationServer, Server } from './servers.ts';

/** What a scenario works with. */
export interface Bench {
  readonly figures: Figures;
  readonly generator: Generator;
  readonly issuer: AuthorizationServer;
  /** Rounds of each measurement, and seconds of each round. */
  readonly rounds: number;
  readonly seconds: number;
  readonly isFull: boolean;
  readonly say: (line: string) => void;
  /** A number that no token had yet, so many in a row. */
  readonly newTokens: (count: number) => number;
}

export interface Scenario {
  /** For `ONLY=`. */
  readonly name: string;
  /** Left out of the short run. */
  readonly onlyFull?: boolean;
  readonly run: (bench: Bench) => Promise<void>;
}

/** One of the things that are measured beside each other. */
export interface Contender {
  readonly server: Pick<Server, 'port' | 'pid'>;
  readonly job?: Partial<Job>;
}

/**
 * Measures contenders in turn, round after round, so that what disturbs the machine disturbs all alike. A first short
 * round warms each up and is thrown away.
 */
export async function interleave<Name extends string>(
  { generator, rounds, seconds, say }: Pick<Bench, 'generator' | 'rounds' | 'seconds' | 'say'>,
  contenders: Readonly<Record<Name, Contender>>,
): Promise<Readonly<Record<Name, readonly Measured[]>>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Measured[]>;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const { server, job } = contenders[name];
      const whole: Job = {
        ...SATURATED,
        seconds: round === 0 ? 1 : seconds,
        ...job,
        port: job?.port ?? server.port,
      };
      const measured = await generator.run(whole, server.pid);
      if (round > 0) results[name].push(measured);
      const label = round === 0 ? 'warm-up' : `round ${round}/${rounds}`;
      say(
        `  ${label} ${name}: ${measured.cpu.toFixed(1)} us CPU, ${Math.round(measured.throughput)}/s, p99 ${(measured.latency.p99 / 1_000).toFixed(2)} ms`,
      );
    }
  }
  return results;
}

/** The ratio of each round, one against the other. */
export function ratios(
  one: readonly Measured[],
  other: readonly Measured[],
  of: (measured: Measured) => number,
): readonly number[] {
  return one.map((measured, index) => of(measured) / of(other[index] ?? measured));
}

export const cpuOf = ({ cpu }: Measured): number => cpu;
export const p50Of = ({ latency }: Measured): number => latency.p50 / 1_000;
export const p99Of = ({ latency }: Measured): number => latency.p99 / 1_000;

/** Asks once about each of these tokens, so that the answers are known. */
export async function teach(
  { generator }: Pick<Bench, 'generator'>,
  server: Pick<Server, 'port' | 'pid'>,
  known: { readonly first: number; readonly count: number },
  job: Partial<Job> = {},
): Promise<void> {
  const tokens = { ...SATURATED.tokens, known, order: 'once' } as const;
  await generator.run(
    { ...SATURATED, streams: 16, seconds: 120, ...job, port: job.port ?? server.port, tokens },
    server.pid,
  );
}
