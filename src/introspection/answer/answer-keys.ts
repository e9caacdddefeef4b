import { createPublicKey, createSecretKey } from 'node:crypto';

import {
  type ClientContext,
  type Clock,
  fail,
  type Fault,
  fault,
  type FixedKey,
  followedBy,
  type Milliseconds,
  milliseconds,
  type MonotonicMilliseconds,
  type Result,
  type Secret,
  type Soon,
  succeed,
  type VerificationKey,
} from '../../domain/index.ts';
import { classOf } from '../class-of.ts';
import type { EnquirerParts } from '../introspector-parts.ts';
import { type Fetched, type FreshnessState, keepFresh } from '../discovery/keep-fresh.ts';
import { type KeySet, loadKeySet } from './load-key-set.ts';

/** The keys that signatures of one server are checked with. */
export interface AnswerKeys {
  /** At hand, or when they have come. The same list for the same keys. */
  get(): Soon<Result<readonly VerificationKey[], Fault>>;
  /** For whoever found none that fits: what the server has now, or what is at hand when it was asked just before. */
  renew(): Soon<Result<readonly VerificationKey[], Fault>>;
  /** `null`: they come from nowhere. */
  readonly freshness: FreshnessState | null;
  pause(): void;
  resume(): void;
}

/** Keys of the settings, which a reload changes. */
export function createFixedKeys(keys: readonly FixedKey[]): AnswerKeys {
  return unchanging(keys.map(({ id, algorithms, pem }) => ({ id, algorithms, key: createPublicKey(pem) })));
}

/** A secret of ours, and until when it is one; `null`: for good. */
export interface LastingSecret {
  readonly secret: Secret;
  readonly until: MonotonicMilliseconds | null;
}

/** Our secrets as keys; only for HMAC, so that no public key is ever taken for a secret or the other way round. */
export function createSecretKeys(
  secrets: readonly LastingSecret[],
  algorithms: readonly string[],
  clock: Pick<Clock, 'monotonic'>,
): AnswerKeys {
  let kept = succeed(
    secrets.map(({ secret, until }) => {
      return { id: null, algorithms, key: createSecretKey(secret.reveal(), 'utf8'), until };
    }),
  );
  const isOver = ({ until }: Pick<LastingSecret, 'until'>): boolean =>
    until !== null && clock.monotonic() >= until;
  const get = () => {
    if (kept.value.some(isOver)) kept = succeed(kept.value.filter((key) => !isOver(key)));
    return kept;
  };
  return { ...unchanging([]), get, renew: get };
}

function unchanging(keys: readonly VerificationKey[]): AnswerKeys {
  const kept = succeed(keys);
  return {
    get: () => kept,
    renew: () => kept,
    freshness: null,
    pause: () => undefined,
    resume: () => undefined,
  };
}

/**
 * Keys that a server publishes: fetched when first needed, again off the request path, and at once when an answer is
 * signed with one that is not among them.
 *
 * Never: two fetches at a time; more than one in ten seconds because of answers (T-19); known keys dropped over an outage.
 */
export function createPublishedKeys(url: string, client: ClientContext, parts: EnquirerParts): AnswerKeys {
  const { observe, clock, randomness, discoveries } = parts;
  let isAwaited = true;
  let renewal: Promise<Result<KeySet, Fault>> | null = null;
  let renewedAt: number | null = null;

  const kept = keepFresh<KeySet>({
    fetch: (known) => {
      const urgency = isAwaited ? 'urgent' : 'patient';
      isAwaited = false;
      return discoveries.take(urgency, () => fetch(known));
    },
    onOutcome: (told) => observe({ event: 'signing_keys_refreshed', client: client.name, ...told }),
    clock,
    randomness,
  });

  return {
    get,
    renew() {
      if (renewal !== null) return renewal.then(keysOf);
      if (renewedAt !== null && clock.monotonic() - renewedAt < BETWEEN_RENEWALS) return get();
      renewedAt = clock.monotonic();
      isAwaited = true;
      renewal = kept.renew().finally(() => {
        renewal = null;
      });
      return renewal.then(keysOf);
    },
    get freshness() {
      return kept.state;
    },
    pause: () => kept.pause(),
    resume: () => kept.resume(),
  };

  function get(): Soon<Result<readonly VerificationKey[], Fault>> {
    return followedBy(kept.get(), keysOf);
  }

  async function fetch(known: KeySet | null): Promise<Result<Fetched<KeySet>, Fault>> {
    try {
      return await loadKeySet(url, known, client, parts);
    } catch (error) {
      observe({ event: 'crashed', where: 'introspection signing keys', cause: classOf(error) });
      return fail(fault('internal'));
    }
  }
}

function keysOf(kept: Result<KeySet, Fault>): Result<readonly VerificationKey[], Fault> {
  return kept.ok ? succeed(kept.value.keys) : kept;
}

const BETWEEN_RENEWALS: Milliseconds = milliseconds(10_000);
