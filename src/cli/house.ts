import type { KeyvStoreAdapter } from 'keyv';
import { type Caches, openCaches } from './caches.ts';
import { type Doors, openDoors } from './doors.ts';
import { openHouseClients } from './house-clients.ts';
import { createLiveSettings, type LiveSettings } from './live-settings.ts';
import { type Admin, openOperatorDoors } from './operator-doors.ts';
import { publicKeySet } from './public-keys.ts';
import { createReadinessWatch } from './readiness.ts';
import { openSharedStore, type SharedStore, storeFromCode } from './shared-store.ts';
import { describeHouse } from './status.ts';
import { systemResolveName } from './system.ts';
import { createTokenNames } from './token-names.ts';
import type { Settings } from '../config/index.ts';
import {
  type Clock,
  type DocumentShelf,
  milliseconds,
  type Milliseconds,
  type Observe,
  type ProxyFor,
  type Randomness,
} from '../domain/index.ts';
import { createIntrospector, isWrongSetting } from '../introspection/index.ts';
import type { Telemetry } from '../telemetry/index.ts';

/** A running Gatehouse: every part chosen and connected, every door open. */
export interface House extends Pick<LiveSettings, 'keep' | 'refuse'> {
  readonly doors: Doors['open'];
  readonly admin: Admin['open'];
  /** Puts newly read settings in force, all at once. They must not need a restart (`compareForReload`). */
  replace(settings: Settings): void;
  /** Ends it: a time in which checks are still accepted while health says otherwise, then the doors close. */
  drain(): Promise<void>;
}

export interface HouseParts {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** The way out that the environment names, for clients that name none. Left out: none. */
  readonly proxyFor?: ProxyFor;
  /**
   * A Keyv store of your own for the answers that replicas share, instead of `cache.shared` of the settings. It is kept
   * within its timeout, and it may be down; whoever made it closes it. `cache.keys` must be set.
   */
  readonly cacheStore?: KeyvStoreAdapter;
}

/** Old connections outlive a reload by this much, so that checks that began under the old settings end under them. */
const RETIRE_AFTER = milliseconds(10_000);

/**
 * @throws DoorError when an address cannot be listened on, StoreModuleError when a module of the settings gives no store;
 * nothing is left open then.
 */
export async function openHouse(
  initial: Settings,
  { telemetry, clock, randomness, proxyFor = () => null, cacheStore }: HouseParts,
): Promise<House> {
  const observe: Observe = telemetry.observe;
  telemetry.setClientsMax(initial.metrics.clients);
  const system = { clock, randomness, observe };
  const store = await chooseStore(initial, cacheStore, system);
  const discoveriesAtOnce = (): number => live.settings.discovery.concurrent;
  const documents = (): DocumentShelf | null =>
    live.settings.discovery.sharedCopies ? caches.documents : null;
  const outside = { resolveName: systemResolveName, proxyFor, documents };
  const introspector = createIntrospector({ ...system, ...outside, discoveriesAtOnce });
  const clients = openHouseClients(initial, { ...system, introspector });
  const caches = openCaches(initial.cache, { ...system, store });
  const live = createLiveSettings(initial, { clients, caches, introspector, ...system });
  telemetry.nameTokensBy(
    createTokenNames({
      settings: () => live.settings,
      fingerprintOf: (token) => caches.fingerprintOf(token),
    }),
  );
  const startedAt = clock.now();

  const { doors, admin, readiness } = await openAllDoors().catch(async (error: unknown) => {
    clients.close();
    await Promise.all([introspector.close(), caches.close()]);
    throw error;
  });
  telemetry.watchGauges({
    enquiries: () => introspector.stats(),
    cache: () => caches.stats(),
    forgotten: () => caches.eviction.stats(),
    standings: () => readiness.clients(),
  });
  if (caches.isShared) showStore(telemetry, caches);
  readiness.begin(clients.ofFile());

  return {
    doors: doors.open,
    admin: admin.open,
    replace,
    keep: () => live.keep(),
    refuse: (problems) => live.refuse(problems),
    drain,
  };

  async function openAllDoors() {
    await clients.opened();
    const check = {
      check: (context) => live.judgement.check(context),
      answerFor: (refusal) => live.judgement.answerFor(refusal),
      wait: () => live.judgement.wait,
      trustedHops: () => live.settings.clientAddress.trustedHops,
    } satisfies Partial<Parameters<typeof openDoors>[0]>;
    const opened = await openDoors({ ...check, ...system }, initial.listen);
    const watch = createReadinessWatch({
      warm: (client) => introspector.warm(client),
      isWrongSetting,
      observe,
      randomness,
      changed: () => opened.setServing(watch.state().ready),
    });
    const status = () =>
      describeHouse({ live, startedAt, doors: opened.open, readiness: watch, introspector, caches, clients });
    const operators = {
      metrics: () => telemetry.metrics(),
      readiness: () => watch.state(),
      publicKeys: (client: string | null) => publicKeySet(clients.ofFile(), client, clock.monotonic()),
      status,
      forget: caches.eviction.forget,
      observe,
    };
    const operatorDoors = await openOperatorDoors(operators, initial.listen).catch(async (error: unknown) => {
      await opened.close(milliseconds(0));
      throw error;
    });
    return { doors: opened, admin: operatorDoors, readiness: watch };
  }

  function replace(next: Settings): void {
    const before = clients.inForce();
    live.replace(next);
    telemetry.setLevel(next.log.level);
    telemetry.setClientsMax(next.metrics.clients);
    for (const problem of [...doors.renew(next.listen), ...admin.renew(next.listen)]) {
      observe({ event: 'lifecycle', phase: 'warning', detail: problem });
    }
    observe({ event: 'settings_loaded', generation: next.generation });
    introspector.retain([...before, ...clients.inForce()]);
    readiness.follow(clients.ofFile());
    setTimeout(() => introspector.retain(clients.inForce()), RETIRE_AFTER).unref();
  }

  async function drain(): Promise<void> {
    const { accepting, closing } = shareOut(live.settings.drain);
    observe({ event: 'lifecycle', phase: 'draining', detail: `still accepting for ${accepting} ms` });
    readiness.drain();
    doors.drain();
    await new Promise((resolve) => setTimeout(resolve, accepting));
    await doors.close(closing);
    for (const part of [readiness, clients]) part.close();
    await Promise.all([introspector.close(), caches.close(), admin.close()]);
  }
}

function showStore({ addGauge }: Telemetry, caches: Caches): void {
  const reading = (isSo: boolean) => [{ labels: {}, value: isSo ? 1 : 0 }];
  addGauge('gatehouse_shared_cache_connected', () => reading(caches.isConnected()));
  addGauge('gatehouse_shared_cache_resting', () => reading(caches.isResting()));
}

async function chooseStore(
  { cache }: Settings,
  fromCode: KeyvStoreAdapter | undefined,
  system: Parameters<typeof openSharedStore>[1],
): Promise<SharedStore | null> {
  if (fromCode === undefined)
    return cache.shared === null ? null : openSharedStore(cache.shared.store, system);
  if (cache.keys.length === 0)
    throw new TypeError('a shared store needs `cache.keys`: 32 bytes in base64 that all replicas have');
  return storeFromCode(fromCode);
}

/** The first fifth, five seconds at most, still takes checks: gateways need a moment to hear that health says no. */
function shareOut(drain: Milliseconds): { readonly accepting: Milliseconds; readonly closing: Milliseconds } {
  const accepting = Math.min(drain / 5, 5_000);
  return { accepting: milliseconds(accepting), closing: milliseconds(drain - accepting) };
}
