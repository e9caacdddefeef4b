import type { EpochMilliseconds, Matcher } from '../domain/index.ts';

/** Answers that fit and were asked for before it came do not count any more. */
export interface Mark {
  /** Made of random bytes: the same mark may arrive more than once. */
  readonly id: string;
  /** By the clock of the replica that made it. */
  readonly madeAt: EpochMilliseconds;
  readonly matcher: Matcher;
}

/** How far the clocks of two replicas may differ. */
export const CLOCK_SKEW_MS = 5_000;

export type Condition = keyof Matcher;

export const EVERYTHING: Matcher = Object.freeze({
  fingerprints: null,
  tokenId: null,
  session: null,
  subject: null,
  clientId: null,
  issuer: null,
  tenant: null,
});

/** From what holds for few answers to what holds for many. */
export const CONDITIONS = [
  'fingerprints',
  'tokenId',
  'session',
  'subject',
  'clientId',
  'issuer',
  'tenant',
] as const satisfies readonly Condition[];

/** What a matcher asks for, by name and without values. */
export function conditionsOf(matcher: Matcher): readonly Condition[] {
  return CONDITIONS.filter((condition) => matcher[condition] !== null);
}
