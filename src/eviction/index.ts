/** Has answers forgotten, here and in every replica. */
export { createEviction, type Eviction, type EvictionParts } from './create-eviction.ts';
export { CLOCK_SKEW_MS } from './mark.ts';
