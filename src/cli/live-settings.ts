import type { Caches } from './caches.ts';
import type { HouseClients } from './house-clients.ts';
import { createJudgement, type Judgement, type JudgementParts } from './judgement.ts';
import type { Settings } from '../config/index.ts';

/** The settings in force and the judgement made of them: what a reload replaces. */
export interface LiveSettings {
  readonly settings: Settings;
  readonly judgement: Judgement;
  /** What was wrong with a newer file, and since when it has been refused; `null`: nothing is. */
  readonly refused: Refused | null;
  /** Puts newly read settings in force, all at once (T-69). When that fails, those before stay whole. */
  replace(next: Settings): void;
  /** The file reads again as what is in force: an earlier refusal is over. */
  keep(): void;
  /** A changed file was refused. */
  refuse(problems: readonly string[]): void;
}

export interface Refused {
  /** ISO 8601. */
  readonly since: string;
  readonly problems: readonly string[];
}

export interface LiveSettingsParts extends Omit<
  JudgementParts,
  'memory' | 'shared' | 'names' | 'lock' | 'forgotten'
> {
  readonly clients: HouseClients;
  readonly caches: Caches;
}

export function createLiveSettings(initial: Settings, parts: LiveSettingsParts): LiveSettings {
  const { clients, caches, clock, observe } = parts;
  let settings = initial;
  let judgement = judge(initial);
  let refused: Refused | null = null;

  return {
    get settings() {
      return settings;
    },
    get judgement() {
      return judgement;
    },
    get refused() {
      return refused;
    },

    replace(next) {
      caches.replace(next.cache);
      // What may fail comes before anything is in force; the rest happens within one turn of the loop.
      judgement = judge(next);
      settings = next;
      refused = null;
      clients.replace(next);
    },

    keep() {
      if (refused === null) return;
      refused = null;
      observe({ event: 'settings_loaded', generation: settings.generation });
    },

    refuse(problems) {
      refused = { since: refused?.since ?? new Date(clock.now()).toISOString(), problems };
      observe({ event: 'settings_refused', problems });
    },
  };

  function judge(by: Settings): Judgement {
    const { memory, shared, names, lock, eviction } = caches;
    const { forgotten } = eviction;
    return createJudgement(by, { ...parts, memory, shared, names, lock, forgotten });
  }
}
