/**
 * The flags of Node that a serving process is to run with beside those that it was given.
 *
 * The tail of the latency is the collector of young objects: with Node's default of 16 MiB it stops the loop for
 * several milliseconds at a time, with 2 MiB for a fraction of one, at the same cost in all (docs/performance.md).
 * Whoever sets the size, on the command line or in NODE_OPTIONS, has the last word.
 */
export function flagsToAdd({ argv, execArgv, nodeOptions }: LaunchFacts): readonly string[] {
  if (!argv.includes('serve')) return [];
  const isSaid = [...execArgv, ...nodeOptions.split(/\s+/)].some((flag) => SIZE_OF_YOUNG.test(flag));
  return isSaid ? [] : ['--max-semi-space-size=2'];
}

export interface LaunchFacts {
  /** Words after the program. */
  readonly argv: readonly string[];
  /** Flags of Node that the process was started with. */
  readonly execArgv: readonly string[];
  /** Empty where it is not set. */
  readonly nodeOptions: string;
}

const SIZE_OF_YOUNG = /^--(max|min)[-_]semi[-_]space[-_]size\b/;
