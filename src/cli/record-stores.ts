import {
  createDirectorySource,
  createHttpSource,
  createKeyvSource,
  createModuleSource,
  createRecordReader,
  createRecordStore,
  loadClientStoreModule,
  type RecordReader,
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
  type KeyvStoreSettings,
  type Milliseconds,
  milliseconds,
  type ModuleStoreSettings,
  type Observe,
  type Randomness,
  type Seal,
  unreachable,
} from '../domain/index.ts';
import { createRecordSeal } from '../sealing/index.ts';
import { letGo } from './let-go.ts';
import { connectedWithin, openSharedStore, StoreModuleError } from './shared-store.ts';

/** A store of records and where they come from, opened together. */
export interface OpenedRecords extends Hands {
  readonly store: RecordStore;
}

/** What a kind of source has besides its records. */
interface Hands {
  /** Settles when all code that the settings name is loaded. @throws StoreModuleError */
  opened(): Promise<void>;
  /** Waits for the first connection, no longer than so long: for commands, which ask but once. */
  connected(patience: Milliseconds): Promise<void>;
  /** Puts new secrets in force; everything else in these settings is what it was. */
  renew(source: ClientStoreSource): void;
  status(): JsonObject;
  close(): Promise<void>;
}

interface Parts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
}

export function openRecords(settings: ClientStoreSettings, parts: Parts): OpenedRecords {
  const { clock, observe } = parts;
  const { source } = settings;
  const reader = createRecordReader({ readRecord: (record) => readClientRecord(record, source) }, source);
  switch (source.kind) {
    case 'directory':
      return opened(createDirectorySource({ reader }, source), NO_HANDS);
    case 'http':
      return opened(...openService(source, reader, settings));
    case 'keyv':
      return opened(...openKeyvRecords(source, reader, parts));
    case 'module':
      return opened(...openModule(source, reader, parts));
    default:
      return unreachable(source);
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

const NO_HANDS: Hands = {
  opened: async () => undefined,
  connected: async () => undefined,
  renew: () => undefined,
  status: () => ({}),
  close: async () => undefined,
};

function openService(
  initial: HttpStoreSettings,
  reader: RecordReader,
  { timeout, limits }: ClientStoreSettings,
) {
  const withBounds = (http: HttpStoreSettings) => ({ ...http, timeout, connections: limits.concurrent });
  const service = createHttpSource({ reader }, withBounds(initial));
  const hands: Hands = {
    ...NO_HANDS,
    renew(next) {
      if (next.kind === 'http') service.renew(withBounds(next));
    },
    // A query may hold a key.
    status: () => ({ url: initial.url.replace(/\?.*/, '') }),
    close: () => service.close(),
  };
  return [service, hands] as const;
}

function openKeyvRecords(initial: KeyvStoreSettings, reader: RecordReader, { clock, randomness }: Parts) {
  // Its failures are those of looks, which are counted.
  const quiet = { clock, randomness, observe: () => undefined };
  const opening = openSharedStore(initial.store, quiet, 'clientStore.keyv');
  opening.catch(() => undefined);
  let seal = recordSealOf(initial);
  let status = (): JsonObject => ({});
  void opening.then(
    (shared) => (status = () => shared.status()),
    () => undefined,
  );
  const entries = { get: async (name: string) => (await opening).store.get(name) };
  const hands: Hands = {
    async opened() {
      await opening;
    },
    connected: async (patience) => connectedWithin(await opening, patience),
    renew(next) {
      if (next.kind !== 'keyv') return;
      seal = recordSealOf(next);
      void opening.then((shared) => shared.renew(next.store));
    },
    status: () => ({ store: status() }),
    close: async () => opening.then((shared) => shared.close()),
  };
  return [createKeyvSource({ reader, entries, seal: () => seal }), hands] as const;
}

export function recordSealOf({ keys }: Pick<KeyvStoreSettings, 'keys'>): Seal {
  return createRecordSeal(keys.map((key) => Buffer.from(key.reveal(), 'base64')));
}

const LOAD_WITHIN = milliseconds(5_000);

function openModule({ path }: ModuleStoreSettings, reader: RecordReader, { clock }: Parts) {
  const loaded = loadClientStoreModule(path, LOAD_WITHIN, clock);
  const hands: Hands = {
    ...NO_HANDS,
    async opened() {
      const module = await loaded;
      if (!module.ok) throw new StoreModuleError(`clientStore.module: ${path} ${module.failure}`);
    },
    status: () => ({ path }),
    async close() {
      const module = await loaded;
      if (module.ok) await letGo(() => module.value.close?.(), clock);
    },
  };
  return [createModuleSource({ reader, loaded }), hands] as const;
}
