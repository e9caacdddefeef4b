/** Everything that bounds a wait. */
export { createAllowance, type Allowance, type AllowanceSettings } from './allowance.ts';
export { createBreaker, type Breaker, type BreakerParts, type BreakerSettings } from './breaker.ts';
export { createFailureWindow, type FailureWindow, type WindowSettings } from './failure-window.ts';
export { createGate, type Gate, type Leave, type Preference } from './gate.ts';
export { loadUsersModule } from './load-users-module.ts';
export { createProbingPause, type PauseSettings, type ProbingPause } from './probing-pause.ts';
export { createRecentKeys, type RecentKeys } from './recent-keys.ts';
export { createSingleFlight, type SingleFlight } from './single-flight.ts';
export { createTurns, type Turns } from './turns.ts';
export { unlessAborted } from './unless-aborted.ts';
export { withinBudget } from './within-budget.ts';
