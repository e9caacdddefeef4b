import { codeOf, type Seal } from '../domain/index.ts';
import type { RecordReader, RecordVersion } from './record-reader.ts';
import { cannotAsk, type Reading, type RecordSource } from './record-source.ts';
import { entryNameOf, unsealRecord } from './sealed-record.ts';

/** What we need of a Keyv that hands over bare text and rejects when a call fails. */
export interface RecordEntries {
  get(name: string): Promise<unknown>;
}

/**
 * Records in a store that others may reach, too.
 *
 * In: an entry. Out: the record that was sealed in it.
 * Never: a record that was not sealed by this deployment, or that was sealed for another tenant; who can write to the
 * store can take a record away or put an older one of the same tenant back, and no more.
 *
 * @param seal asked for at each look: keys rotate.
 */
export function createKeyvSource({
  reader,
  entries,
  seal,
}: {
  readonly reader: RecordReader;
  readonly entries: RecordEntries;
  readonly seal: () => Seal;
}): RecordSource<RecordVersion> {
  return {
    hasFamilies: true,
    async read(name, known) {
      try {
        const stored = await entries.get(entryNameOf(name));
        return stored === undefined || stored === null
          ? { kind: 'missing' }
          : await open(name, stored, known);
      } catch (error) {
        return cannotAsk(`cannot be asked for: the store failed (${codeOf(error)})`);
      }
    },
  };

  async function open(
    name: string,
    stored: unknown,
    known: RecordVersion | null,
  ): Promise<Reading<RecordVersion>> {
    const record = unsealRecord(seal(), name, stored);
    return record === null ? UNSEALED : reader.read(name, record, known);
  }
}

const UNSEALED = {
  kind: 'failed',
  cause: 'unsealed',
  detail: 'is not sealed for it with a key of ours; write it with `gatehouse client put`',
} as const;
