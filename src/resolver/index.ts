/** Answers for a token from memory or by one shared enquiry, and decides how long to remember. */
export { createResolve, type ResolveParts, type ResolveSettings } from './resolve.ts';
export { type CacheLimits, keepFor } from './keep-for.ts';
