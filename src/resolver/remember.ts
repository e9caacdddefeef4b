import {
  type CacheRecord,
  type Clock,
  epochMilliseconds,
  INACTIVE,
  type Introspection,
  type MonotonicMilliseconds,
  type Randomness,
  type Recall,
} from '../domain/index.ts';
import type { CacheLimits } from './keep-for.ts';
import { recordOf } from './record-of.ts';
import type { ResolveSettings } from './settings.ts';
import type { Tiers } from './tiers.ts';
import type { Wanted } from './wanted.ts';

/** Keeps a fresh answer where it belongs: in memory at once, in the store by the time it settles. */
export type Remember = (introspection: Introspection, wanted: Wanted, facts: AnswerFacts) => Promise<void>;

export interface AnswerFacts {
  readonly askedAt: MonotonicMilliseconds;
  /** Of this client. */
  readonly limits: CacheLimits;
  /** What the shared store said before the server was asked. */
  readonly stored: Recall;
  /** Whether several wait for it: that is as good as a second sighting. */
  readonly isHerd: boolean;
}

export interface RememberParts {
  readonly tiers: Pick<Tiers, 'keep' | 'forget' | 'share'>;
  readonly recallFromStore: (wanted: Wanted) => Promise<Recall>;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

export function createRemember(parts: RememberParts, settings: ResolveSettings): Remember {
  const { tiers, recallFromStore, clock } = parts;
  const { jitter, refreshAhead: refreshesAhead } = settings.active;

  return async function remember(introspection, wanted, facts) {
    const { askedAt, limits, stored, isHerd } = facts;
    const { key, question } = wanted;
    const record = recordOf(introspection, askedAt, parts, { ...limits, jitter, refreshesAhead });
    if (record !== null) tiers.keep(key, record, question.client.name);
    else if (introspection.kind === 'inactive') tiers.forget(key);

    if (introspection.kind === 'active') {
      if (record !== null) await tiers.share(key, record);
    } else if (record !== null && isHerd && settings.inactive.shared) {
      await tiers.share(key, record);
    } else if (limits.active.max > 0) await retract(wanted, record ?? overAtOnce(), stored);
  };

  /**
   * Replaces what the store says of a token that is no longer active. Other inactive answers stay in this process:
   * whoever invents tokens must not fill the store that replicas share.
   */
  async function retract(wanted: Wanted, record: CacheRecord, stored: Recall): Promise<void> {
    const isKnownActive = wanted.known?.introspection.kind === 'active';
    const isRead = isKnownActive || wanted.age.freshness !== 0;
    const last = isRead ? stored : await recallFromStore(wanted);
    const isStoredActive = last.kind === 'hit' && last.record.introspection.kind === 'active';
    if (isKnownActive || isStoredActive) await tiers.share(wanted.key, record);
  }

  /** For a store that must forget where nothing inactive is kept. */
  function overAtOnce(): CacheRecord {
    const now = clock.now();
    const keepUntil = epochMilliseconds(now + 1);
    const times = { storedAt: now, softUntil: keepUntil, keepUntil };
    return { version: 1, introspection: INACTIVE, ...times, exp: null, generation: 0 };
  }
}
