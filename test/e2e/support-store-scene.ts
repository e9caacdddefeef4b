/**
 * Traffic at a house while something is done to its shared store.
 *
 * In: a house, an authorization server, what is done to the store and how it is mended. Out: every check that was
 * answered wrongly, and how many paid for a store that did not answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { askForStatus, withToken } from './support-house-check.ts';
import type { Idp } from './support-house-idp.ts';
import type { OpenedHouse } from './support-house.ts';

export interface Scene {
  readonly house: OpenedHouse;
  readonly idp: Idp;
  /** Checks at least, those before the trouble and after it included. */
  readonly checks: number;
  readonly trouble: () => unknown;
  readonly mend: () => unknown;
  /** How long the trouble lasts at least, in milliseconds. */
  readonly lasting: number;
}

export interface Verdicts {
  readonly count: number;
  /** Such as `good-17: 401`. */
  readonly wrong: readonly string[];
  /** Lookups that ran out of time. */
  readonly paid: number;
}

/** Checks under way at a time: so many may wait when the first timeout fires. */
export const AT_ONCE = 8;
const KNOWN = 'known-from-before';
let scenes = 0;

export async function judgeThrough(scene: Scene): Promise<Verdicts> {
  const { house, idp, checks, trouble, mend, lasting } = scene;
  const prefix = `scene-${(scenes += 1)}`;
  const wrong: string[] = [];
  let count = 0;
  let isOver = false;
  idp.tokens.set(KNOWN, {});
  const before = await lookupsOutOfTime(house);

  const callers = Array.from({ length: AT_ONCE }, callUntilOver);
  await answered(checks * 0.2);
  await trouble();
  await Promise.all([sleep(lasting), answered(checks * 0.7)]);
  await mend();
  await answered(checks);
  isOver = true;
  await Promise.all(callers);
  return { count, wrong, paid: (await lookupsOutOfTime(house)) - before };

  async function callUntilOver(): Promise<void> {
    while (!isOver) {
      const number = (count += 1);
      const [token, expected] = nextToken(number);
      const status = await askForStatus(house, withToken(token));
      if (status !== expected) wrong.push(`${token}: ${status}`);
      // The server need not remember all that it was asked.
      if (number % 500 === 0) idp.forget();
    }
  }

  /** A good one, a bad one, one that is known, and one that another check has just brought in, in turn. */
  function nextToken(number: number): readonly [token: string, expected: number] {
    switch (number % 4) {
      case 0:
        return [KNOWN, 200];
      case 1:
        return [`${prefix}-bad-${number}`, 401];
      default: {
        const token = `${prefix}-good-${number - (number % 4)}`;
        idp.tokens.set(token, { sub: token });
        return [token, 200];
      }
    }
  }

  async function answered(least: number): Promise<void> {
    while (count < least) await sleep(5);
  }
}

function lookupsOutOfTime(house: OpenedHouse): Promise<number> {
  return house.metric('gatehouse_cache_failures_total', { operation: 'get', cause: 'timeout' });
}
