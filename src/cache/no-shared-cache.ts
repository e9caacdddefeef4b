import { MISS, type TokenCache } from '../domain/index.ts';

/** Where no shared store is configured: memory alone serves. */
export const NO_SHARED_CACHE: TokenCache = Object.freeze({ get: () => MISS, put: () => undefined });
