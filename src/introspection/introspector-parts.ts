import type { Clock, Observe, Randomness, ResolveName } from '../domain/index.ts';

export interface IntrospectorParts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
  readonly resolveName: ResolveName;
}
