import type { Shape } from './tokens.ts';

/** What the generator is asked to do, as it travels to its process. */
export interface Job {
  readonly door: 'grpc' | 'http';
  readonly port: number;
  readonly connections: number;
  /** Requests under way at once on each connection; 1 over HTTP/1.1. */
  readonly streams: number;
  /** Requests each second over all connections; `null`: as many as are answered (closed loop). */
  readonly rate: number | null;
  readonly seconds: number;
  readonly path: string;
  readonly shape: Shape;
  readonly tokens: TokenMix;
  /**
   * `verdicts`: every answer is an allow with the token's own subject, or a denial for a bad token.
   * `constant`: every answer is the same bytes, as baselines give it.
   */
  readonly expect: 'verdicts' | 'constant';
  /** `null` for one that sends no `grpc-timeout`. Milliseconds. */
  readonly timeout: number | null;
}

export interface TokenMix {
  /** Tokens that are asked about again and again: numbers from `first`, so many. */
  readonly known: { readonly first: number; readonly count: number };
  /** Share of requests in [0, 1] with a good token that nobody has seen, numbered from `newFirst`. */
  readonly fresh: number;
  /** Share with an invented token. */
  readonly invented: number;
  readonly newFirst: number;
  /** `turn`: each known token as often as every other, in order; `once`: each exactly one time, then the job ends. */
  readonly order: 'turn' | 'once';
}

/** What came of it. Times in microseconds, of requests with a known token; latency counts from when it was due. */
export interface Outcome {
  readonly answered: number;
  /** Wrong or missing answers; anything but 0 makes a figure worthless. */
  readonly wrong: number;
  /** Denied with 503 or 429. */
  readonly shed: number;
  readonly seconds: number;
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  /** CPU time of the generator itself, microseconds for each request. */
  readonly generatorCpu: number;
}
