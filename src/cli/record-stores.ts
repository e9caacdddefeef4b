import {
  createDirectorySource,
  createHttpSource,
  createRecordReader,
  createRecordStore,
  type RecordSource,
  type RecordStore,
} from '../client-store/index.ts';
import { readClientRecord } from '../config/index.ts';
import {
  type ClientStoreSettings,
  type ClientStoreSource,
  type Clock,
  type HttpStoreSettings,
  type JsonObject,
  type Observe,
  unreachable,
} from '../domain/index.ts';

/** A store of records and where they come from, opened together. */
export interface OpenedRecords {
  readonly store: RecordStore;
  /** Puts new secrets in force; everything else in these settings is what it was. */
  renew(source: ClientStoreSource): void;
  status(): JsonObject;
  close(): Promise<void>;
}

interface Parts {
  readonly clock: Clock;
  readonly observe: Observe;
}

/** What a kind of source has besides its records. */
interface Hands {
  renew(source: ClientStoreSource): void;
  status(): JsonObject;
  close(): Promise<void>;
}

export function openRecords(settings: ClientStoreSettings, { clock, observe }: Parts): OpenedRecords {
  const { source } = settings;
  const reader = createRecordReader({ readRecord: (record) => readClientRecord(record, source) }, source);
  switch (source.kind) {
    case 'directory':
      return opened(createDirectorySource({ reader }, source), NO_HANDS);
    case 'http': {
      const service = createHttpSource({ reader }, withBounds(source));
      return opened(service, {
        renew(next) {
          if (next.kind === 'http') service.renew(withBounds(next));
        },
        status: () => ({ url: source.url }),
        close: () => service.close(),
      });
    }
    default:
      return unreachable(source);
  }

  function withBounds(http: HttpStoreSettings) {
    return { ...http, timeout: settings.timeout, connections: settings.limits.concurrent };
  }

  function opened<Version>(from: RecordSource<Version>, hands: Hands): OpenedRecords {
    const store = createRecordStore({ source: from, clock, observe }, settings);
    return {
      ...hands,
      store,
      async close() {
        store.close();
        await hands.close();
      },
    };
  }
}

const NO_HANDS: Hands = { renew: () => undefined, status: () => ({}), close: async () => undefined };
