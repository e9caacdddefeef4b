import { setTimeout as sleep } from 'node:timers/promises';
import type { Keyv, KeyvStoreAdapter } from 'keyv';
import {
  createKeyvBoard,
  createRedisBoard,
  loadRedis,
  loadStoreModule,
  openKeyv,
  type RedisStore,
  type RedisStoreParts,
} from '../cache/index.ts';
import type { SharedStoreSettings } from '../config/index.ts';
import {
  type Clock,
  type JsonObject,
  type MarkBoard,
  type Milliseconds,
  milliseconds,
  unreachable,
} from '../domain/index.ts';
import { letGo } from './let-go.ts';

/** The store behind the shared tier, whatever it is. */
export interface SharedStore {
  /** Where it is, for people. */
  readonly place: string;
  readonly store: Keyv<string>;
  /** Commands besides those of a Keyv store; `null`: it takes none. */
  readonly command: RedisStore['command'] | null;
  /** Asks all of it whether it answers; `null`: a lookup will do. */
  readonly ping: (() => Promise<void>) | null;
  /** Puts rotated passwords and certificates in force. */
  renew(settings: SharedStoreSettings): void;
  /** For the operator's status page. */
  status(): JsonObject;
  /** `null`: it does not say. */
  isConnected(): boolean | null;
  close(): Promise<void>;
}

/** A store module of the user's that cannot be used. The message says what is wrong and where. */
export class StoreModuleError extends Error {
  override readonly name = 'StoreModuleError';
}

const LOOK_EVERY_MS = 20;
const LOAD_WITHIN = milliseconds(5_000);

/**
 * @param key of the settings that names the store, for messages.
 * @throws StoreModuleError when the settings name a module that gives no store.
 */
export async function openSharedStore(
  settings: SharedStoreSettings,
  parts: RedisStoreParts & { readonly clock: Clock },
  key = 'cache.shared',
): Promise<SharedStore> {
  switch (settings.kind) {
    case 'redis':
      return redisStore(settings, parts);
    case 'module': {
      const adapter = await loadStoreModule(settings.path, LOAD_WITHIN, parts.clock);
      if (!adapter.ok) throw new StoreModuleError(`${key}.module: ${settings.path} ${adapter.failure}`);
      const close = () => letGo(() => adapter.value.disconnect?.(), parts.clock);
      return adapterStore(adapter.value, 'module', close);
    }
    default:
      return unreachable(settings);
  }
}

/** Waits for the first connection, where the store says whether there is one; no longer than so long. */
export async function connectedWithin(
  shared: Pick<SharedStore, 'isConnected'>,
  patience: Milliseconds,
): Promise<void> {
  const until = performance.now() + patience;
  while (shared.isConnected() === false && performance.now() < until) await sleep(LOOK_EVERY_MS);
}

/** A store that code hands over, and closes itself. */
export function storeFromCode(adapter: KeyvStoreAdapter): SharedStore {
  return adapterStore(adapter, 'from code', async () => undefined);
}

/** Where replicas that share this store tell each other what was forgotten. */
export function boardOf(
  { store, command, place }: SharedStore,
  { clock }: { readonly clock: Clock },
): MarkBoard {
  return command === null
    ? createKeyvBoard({ place, store, clock })
    : createRedisBoard({ place, command, clock });
}

async function redisStore(
  { redis }: Extract<SharedStoreSettings, { kind: 'redis' }>,
  parts: RedisStoreParts,
): Promise<SharedStore> {
  const { openRedisStore } = await loadRedis();
  const opened = openRedisStore(redis, parts);
  return {
    ...opened,
    renew(next) {
      if (next.kind === 'redis') opened.renew(next.redis);
    },
  };
}

function adapterStore(adapter: KeyvStoreAdapter, kind: string, close: () => Promise<void>): SharedStore {
  return {
    place: `store (${kind})`,
    store: openKeyv(adapter),
    command: null,
    ping: null,
    renew: () => undefined,
    status: () => ({ kind }),
    isConnected: () => null,
    close,
  };
}
