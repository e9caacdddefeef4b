/** Remembers answers in memory and in a shared Keyv store, sealed, and admits it when the store is broken. */
export { createDocumentShelf, type DocumentShelfParts } from './document-shelf.ts';
export { createMemoryCache, type MemoryStats, type ObservedMemoryCache } from './memory-cache.ts';
export { createRedisBoard } from './redis-board.ts';
export { createRedisLock } from './redis-lock.ts';
export { createKeyvBoard } from './keyv-board.ts';
export { loadStoreModule } from './load-store-module.ts';
export { NO_SHARED_CACHE } from './no-shared-cache.ts';
export { openKeyv } from './open-keyv.ts';
export { loadRedis } from './load-redis.ts';
export type { RedisStore, RedisStoreParts } from './redis-store.ts';
export { createSharedCache, type SharedCache, type SharedCacheParts } from './shared-cache.ts';
