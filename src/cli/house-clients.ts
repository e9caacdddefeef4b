import { type CandidateStore, createStaticStore } from '../client-store/index.ts';
import { isEqual, type Settings } from '../config/index.ts';
import type {
  ClientContext,
  ClientStore,
  ClientStoreSettings,
  Clock,
  JsonObject,
  Observe,
  Randomness,
} from '../domain/index.ts';
import { openRecords } from './record-stores.ts';

/** The client store of the settings in force, whichever they name. */
export interface HouseClients extends ClientStore, CandidateStore {
  /** Puts the clients of newly read settings in force. */
  replace(settings: ClientParts): void;
  /** Clients that are known now; of a store outside of the file, those in memory. */
  inForce(): readonly ClientContext[];
  /** Those that count for readiness: tenants never do. */
  ofFile(): readonly ClientContext[];
  status(): JsonObject;
  /** Settles when all code that the settings name is loaded. @throws StoreModuleError */
  opened(): Promise<void>;
  close(): void;
}

type ClientParts = Pick<Settings, 'clients' | 'clientMatches' | 'clientStore'>;

interface Parts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observe: Observe;
  /** Hears of tenants that come and go by themselves; what a reload changes, the house tells it. */
  readonly introspector: { retain(clients: readonly ClientContext[]): void };
}

type Current = Omit<HouseClients, 'replace' | 'onChange'> & {
  readonly onChange: ClientStore['onChange'];
  /** `false`: another store has to be opened for these settings. */
  readonly take: (settings: ClientParts) => boolean;
};

export function openHouseClients(initial: ClientParts, parts: Parts): HouseClients {
  const listeners = new Set<(clients: readonly ClientContext[]) => void>();
  let current = open(initial);

  return {
    get: (client, context) => current.get(client, context),
    candidates: (names, context) => current.candidates(names, context),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    replace(next) {
      if (current.take(next)) return;
      const before = current;
      current = open(next);
      before.close();
      tell(current.inForce());
    },
    inForce: () => current.inForce(),
    ofFile: () => current.ofFile(),
    status: () => current.status(),
    opened: () => current.opened(),
    close: () => current.close(),
  };

  function open(settings: ClientParts): Current {
    const { clientStore } = settings;
    const opened = clientStore === null ? openStatic(settings, parts) : openDynamic(clientStore, parts);
    opened.onChange(tell);
    return opened;
  }

  function tell(clients: readonly ClientContext[]): void {
    for (const listener of listeners) listener(clients);
  }
}

function openStatic({ clients, clientMatches }: ClientParts, { clock }: Parts): Current {
  const store = createStaticStore(clients, clientMatches, { clock });
  return {
    ...store,
    take(next) {
      if (next.clientStore !== null) return false;
      store.replace(next.clients, next.clientMatches);
      return true;
    },
    ofFile: () => store.inForce(),
    status: () => ({ kind: 'static', clients: store.inForce().length }),
    opened: async () => undefined,
    close: () => undefined,
  };
}

function openDynamic(initial: ClientStoreSettings, { introspector, ...parts }: Parts): Current {
  const { store, ...records } = openRecords(initial, parts);
  store.onChange((clients) => introspector.retain(clients));
  let settings = initial;
  return {
    ...store,
    // Of one request there is one tenant.
    candidates: () => null,
    take({ clientStore: next }) {
      if (next === null || !isEqual(withoutSecrets(next), withoutSecrets(settings))) return false;
      // What is in memory outlives a rotation.
      if (!isEqual(next, settings)) records.renew(next.source);
      settings = next;
      return true;
    },
    ofFile: () => [],
    status: () => ({ kind: settings.source.kind, ...records.status(), ...store.status() }),
    opened: () => records.opened(),
    // A store that cannot be closed is left to itself.
    close: () => void records.close().catch(() => undefined),
  };
}

/** Without what may rotate: secrets print all the same, and certificates stand under `tls`. */
function withoutSecrets(settings: ClientStoreSettings): unknown {
  return JSON.parse(
    JSON.stringify(settings, (member, value: unknown) => (member === 'tls' ? undefined : value)),
  );
}
