/** 0: stopped as asked. 1: an unforeseen failure. 2: wrong settings or usage. */
export type ExitCode = 0 | 1 | 2;

/** What a command may touch of the process, so that it can be tested without one. */
export interface World {
  /** Without the program itself. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  /** Whether standard output is a terminal: readable lines then, JSON lines otherwise. */
  readonly isTerminal: boolean;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Standard input to its end. Left out: there is none. */
  readonly readInput?: () => Promise<string>;
  /** Calls back for each signal until the returned function is called. */
  readonly onSignal: (signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void) => () => void;
  /** Calls back for exceptions and rejections that nobody caught. */
  readonly onCrash: (listener: (cause: unknown) => void) => () => void;
}
