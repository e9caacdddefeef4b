import type { Milliseconds } from '../../domain/index.ts';

/** Two ways to say who we are, of which one replaces the other. */
export interface Rotation {
  /** `null`: the previous one has been forgotten. */
  readonly state: RotationState | null;
}

export interface RotationState {
  readonly inUse: Which;
  /** Until the previous one is forgotten; `null`: it stays. */
  readonly endsIn: Milliseconds | null;
}

export type Which = 'current' | 'previous';
