import { type Admin, openOperatorDoors } from './operator-doors.ts';
import { openCaches } from './caches.ts';
import { type Doors, openDoors } from './doors.ts';
import { createJudgement, type Judgement } from './judgement.ts';
import { createReadinessWatch } from './readiness.ts';
import { describeHouse } from './status.ts';
import { systemResolveName } from './system.ts';
import { createStaticStore } from '../client-store/index.ts';
import type { Settings } from '../config/index.ts';
import { type Clock, milliseconds, type Observe, type Randomness } from '../domain/index.ts';
import { createIntrospector, isWrongSetting } from '../introspection/index.ts';
import type { Telemetry } from '../telemetry/index.ts';

/** A running Gatehouse: every part chosen and connected, every door open. */
export interface House {
  readonly doors: Doors['open'];
  readonly admin: Admin['open'];
  /** Puts newly read settings in force, all at once. They must not need a restart (`compareForReload`). */
  replace(settings: Settings): void;
  /** The file reads again as what is in force: an earlier refusal is over. */
  keep(): void;
  /** Tells the house that a changed settings file was refused, and since when. */
  refuse(problems: readonly string[]): void;
  /** Ends it: a time in which checks are still accepted while health says otherwise, then the doors close. */
  drain(): Promise<void>;
}

export interface HouseParts {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Old connections outlive a reload by this much, so that checks that began under the old settings end under them. */
const RETIRE_AFTER = milliseconds(10_000);

export async function openHouse(initial: Settings, parts: HouseParts): Promise<House> {
  const { telemetry, clock, randomness } = parts;
  const observe: Observe = telemetry.observe;

  const introspector = createIntrospector({ clock, randomness, observe, resolveName: systemResolveName });
  const clients = createStaticStore(initial.clients);
  const caches = openCaches(initial.cache, { clock, randomness, observe });
  const startedAt = clock.now();
  let settings = initial;
  let judgement = judge(initial);
  let refused: { readonly since: string; readonly problems: readonly string[] } | null = null;

  const doors = await openDoors(
    {
      check: (context) => judgement.check(context),
      answerFor: (refusal) => judgement.answerFor(refusal),
      wait: () => judgement.wait,
      clock,
      randomness,
      observe,
    },
    initial.listen,
  );
  const readiness = createReadinessWatch({
    warm: (client) => introspector.warm(client),
    isWrongSetting,
    observe,
    randomness,
    changed: () => doors.setServing(readiness.state().ready),
  });
  const admin = await openOperatorDoors(
    {
      metrics: () => telemetry.metrics(),
      readiness: () => readiness.state(),
      status: () =>
        describeHouse({ settings, refused, startedAt, doors: doors.open, readiness, introspector, caches }),
    },
    initial.listen,
  ).catch(async (error: unknown) => {
    await doors.close(milliseconds(0));
    throw error;
  });
  telemetry.watchGauges({
    enquiries: () => introspector.stats(),
    cache: () => caches.stats(),
    standings: () => readiness.clients(),
  });
  if (caches.isShared) {
    telemetry.addGauge('gatehouse_shared_cache_connected', () => [
      { labels: {}, value: caches.isConnected() ? 1 : 0 },
    ]);
  }
  readiness.begin(initial.clients);

  return { doors: doors.open, admin: admin.open, replace, keep, refuse, drain };

  function judge(by: Settings): Judgement {
    const { memory, shared, names } = caches;
    return createJudgement(by, {
      clients,
      introspector,
      memory,
      shared,
      names,
      clock,
      randomness,
      observe,
    });
  }

  function replace(next: Settings): void {
    caches.replace(next.cache);
    // What may fail comes before anything is in force; the rest happens within one turn of the loop.
    judgement = judge(next);
    settings = next;
    refused = null;
    clients.replace(next.clients);
    telemetry.setLevel(next.log.level);
    for (const problem of doors.renew(next.listen)) {
      observe({ event: 'lifecycle', phase: 'warning', detail: problem });
    }
    observe({ event: 'settings_loaded', generation: next.generation });
    readiness.follow(clients.inForce());
    setTimeout(() => introspector.retain(clients.inForce()), RETIRE_AFTER).unref();
  }

  function keep(): void {
    if (refused === null) return;
    refused = null;
    observe({ event: 'settings_loaded', generation: settings.generation });
  }

  function refuse(problems: readonly string[]): void {
    refused = { since: refused?.since ?? new Date(clock.now()).toISOString(), problems };
    observe({ event: 'settings_refused', problems });
  }

  async function drain(): Promise<void> {
    const { drain: total } = settings;
    const accepting = milliseconds(Math.min(total / 5, 5_000));
    observe({ event: 'lifecycle', phase: 'draining', detail: `still accepting for ${accepting} ms` });
    readiness.drain();
    await new Promise((resolve) => setTimeout(resolve, accepting));
    await doors.close(milliseconds(total - accepting));
    readiness.close();
    await Promise.all([introspector.close(), caches.close(), admin.close()]);
  }
}
