/** Everything that bounds a wait. */
export { createGate, type Gate, type Leave } from './gate.ts';
export { createSingleFlight, type SingleFlight } from './single-flight.ts';
export { withinBudget } from './within-budget.ts';
