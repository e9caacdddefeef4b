import type { Observe } from '../domain/index.ts';
import type { Reading } from './record-source.ts';

/** Whether the store as a whole answers. */
export interface StoreHealth {
  /** Why no record can be read; `null`: nothing says so. */
  readonly trouble: string | null;
  note(reading: Reading<unknown>): void;
}

/** So many say that it is the store and not one record. */
const FAILURES_IN_A_ROW = 3;

/** Tells when the trouble begins and when it is over, once each, however many tenants it concerns. */
export function createStoreHealth({ observe }: { readonly observe: Observe }): StoreHealth {
  let failures = 0;
  let trouble: string | null = null;

  return {
    get trouble() {
      return trouble;
    },
    note(reading) {
      if (reading.kind !== 'failed' || reading.cause !== 'unavailable') {
        if (trouble !== null) warn('it answers again');
        failures = 0;
        trouble = null;
        return;
      }
      failures += 1;
      if (failures < FAILURES_IN_A_ROW) return;
      if (trouble === null) warn(`a record ${reading.detail}; tenants in memory stay in force`);
      trouble = reading.detail;
    },
  };

  function warn(detail: string): void {
    observe({ event: 'lifecycle', phase: 'warning', detail: `client store: ${detail}` });
  }
}
