import type { Milliseconds } from './quantity.ts';

/**
 * Keeps documents outside of the process, sealed, for a restart while their server is away. What goes wrong looks like
 * a document that is not there; neither verb ever rejects, and both end within a few seconds.
 */
export interface DocumentShelf {
  /** `null` when there is none under this very name, or none that this deployment sealed. */
  recall(name: string): Promise<Buffer | null>;
  keep(name: string, document: Buffer, keepFor: Milliseconds): Promise<void>;
}
