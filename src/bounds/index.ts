/** Everything that bounds a wait. */
export { createBreaker, type Breaker, type BreakerParts, type BreakerSettings } from './breaker.ts';
export { createGate, type Gate, type Leave } from './gate.ts';
export { createSingleFlight, type SingleFlight } from './single-flight.ts';
export { withinBudget } from './within-budget.ts';
