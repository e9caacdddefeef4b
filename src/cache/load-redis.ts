import type { openRedisStore } from './redis-store.ts';

/**
 * What opens a Redis, loaded only where the settings name one: its client takes longer to load than all the rest of what
 * keeps answers.
 */
export async function loadRedis(): Promise<{ readonly openRedisStore: typeof openRedisStore }> {
  return import('./redis-store.ts');
}
