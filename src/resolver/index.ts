/** Answers for a token from memory or by one shared enquiry, and decides how long to remember. */
export { createResolve, type ResolveParts } from './resolve.ts';
export type { ResolveSettings } from './settings.ts';
export { type CacheLimits, keepFor } from './keep-for.ts';
