import type { CacheKey } from './cache-record.ts';
import type { Milliseconds } from './quantity.ts';

/**
 * Keeps replicas from asking the same at the same time. Losing it costs an enquiry more and nothing else: nobody relies
 * on holding it. Never rejects.
 */
export interface EnquiryLock {
  /** Takes it for so long at most. */
  take(key: CacheKey, forMs: Milliseconds): Promise<LockTaken>;
  /** Whether anybody has it; false also when that cannot be told. */
  isHeld(key: CacheKey): Promise<boolean>;
  /** Does nothing when it is somebody else's by now. */
  release(key: CacheKey, fence: string): Promise<void>;
}

export type LockTaken =
  /** `fence` tells our lock from those of others. */
  | { readonly kind: 'taken'; readonly fence: string }
  | { readonly kind: 'held' }
  | { readonly kind: 'unavailable' };
