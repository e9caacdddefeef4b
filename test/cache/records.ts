import {
  type ActiveIntrospection,
  bytes,
  type CacheKey,
  type CacheRecord,
  type Clock,
  epochMilliseconds,
  epochSeconds,
  type HouseEvent,
  INACTIVE,
  type Json,
  milliseconds,
  monotonicMilliseconds,
} from '../../src/domain/index.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { anActiveIntrospection } from '../support/builders.ts';

/** A whole second near the real time: a real Redis counts real time. */
export const NOW = Math.floor(Date.now() / 1000) * 1000;

/** Keys of the tests: what a key is made of is not the caches' business. */
export const aKey = (name: string): CacheKey => name.padEnd(43, '_') as CacheKey;

/** A clock that stands still until a test moves it. */
export interface SimulatedClock extends Clock {
  /** Time passes: both clocks go on. */
  pass(ms: number): void;
  /** Somebody sets the wall clock; no time passes. */
  step(ms: number): void;
}

export function aClock(): SimulatedClock {
  let wallMs = NOW;
  let steadyMs = 1_000;
  return {
    now: () => epochMilliseconds(wallMs),
    monotonic: () => monotonicMilliseconds(steadyMs),
    pass(ms) {
      wallMs += ms;
      steadyMs += ms;
    },
    step(ms) {
      wallMs += ms;
    },
  };
}

/** What an authorization server says about a good token; `exp` is an hour away unless the test says otherwise. */
export function anAnswer(claims: Readonly<Record<string, Json>> = {}): ActiveIntrospection {
  const { claims: all } = anActiveIntrospection({}, { exp: NOW / 1000 + 3_600, ...claims });
  const read = readIntrospection(all);
  if (!read.ok || read.value.kind !== 'active') throw new Error('the test has made an unreadable answer');
  return read.value;
}

/** Stored now and kept for a minute. */
export function anActiveRecord(
  differing: Partial<CacheRecord> = {},
  claims: Readonly<Record<string, Json>> = {},
): CacheRecord {
  const introspection = anAnswer(claims);
  return {
    version: 1,
    introspection,
    storedAt: epochMilliseconds(NOW),
    softUntil: epochMilliseconds(NOW + 60_000),
    keepUntil: epochMilliseconds(NOW + 60_000),
    exp: introspection.expiresAt,
    generation: 0,
    ...differing,
  };
}

/** Stored now and kept for five seconds. */
export function anInactiveRecord(differing: Partial<CacheRecord> = {}): CacheRecord {
  return {
    ...anActiveRecord(),
    introspection: INACTIVE,
    softUntil: epochMilliseconds(NOW + 5_000),
    keepUntil: epochMilliseconds(NOW + 5_000),
    exp: null,
    ...differing,
  };
}

export const inMs = (ms: number) => epochMilliseconds(NOW + ms);
export const inSeconds = (seconds: number) => epochSeconds(NOW / 1000 + seconds);

export const ROOMY = {
  active: { entries: 1_000, bytes: bytes(10_000_000) },
  inactive: { entries: 1_000, bytes: bytes(10_000_000) },
};

export const SHARED = {
  timeout: milliseconds(1_000),
  maxAge: { active: milliseconds(60_000), inactive: milliseconds(5_000) },
};

/** Remembers what rooms tell telemetry. */
export function anObserver() {
  const events: HouseEvent[] = [];
  const all = <Name extends HouseEvent['event']>(name: Name) =>
    events.filter((event): event is Extract<HouseEvent, { event: Name }> => event.event === name);
  return {
    observe: (event: HouseEvent) => void events.push(event),
    events,
    all,
    /** Causes of all failures so far, in order. */
    failures: () => all('cache_failed').map(({ operation, cause }) => `${operation} ${cause}`),
  };
}
