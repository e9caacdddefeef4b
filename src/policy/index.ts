/** Finds the rule for a request and judges an introspection against it. */
export { inspectPatterns, type InvalidPattern } from './inspect-patterns.ts';
export { inspectRoutes, type RouteFinding } from './inspect-routes.ts';
export { REASON_MEMBER, RULE_MEMBER } from './metadata.ts';
export { markStale } from './mark-stale.ts';
export { createPolicy, type Found, type Policy, type PolicySettings } from './policy.ts';
export type { Rule } from './rule.ts';
