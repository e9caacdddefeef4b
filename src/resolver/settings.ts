import type { Milliseconds } from '../domain/index.ts';

export interface ResolveSettings {
  readonly active: {
    /** 0: not at all. */
    readonly max: Milliseconds;
    /** Answers are kept shorter than `max` by up to this much. */
    readonly jitter: Milliseconds;
    readonly refreshAhead: boolean;
  };
  readonly inactive: {
    readonly max: Milliseconds;
    /** Whether a token that was sent again after it was found inactive is told to other replicas. */
    readonly shared: boolean;
  };
}
