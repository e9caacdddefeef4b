import type { ActiveIntrospection, AllowDecision } from '../domain/index.ts';

/**
 * The allows that were made of answers, so that a hot token on a hot route costs a look-up (decision 13). Held by the
 * answer: they live as long as the cache remembers what they were made of.
 * Never: more than four of one answer. A door keeps bytes with each, and the cache, which bounds its memory by what
 * the answers take, cannot see how many routes there are.
 */
export interface RememberedAllows {
  of(introspection: ActiveIntrospection, rule: object): AllowDecision | undefined;
  /** In the place of the oldest when there are too many. */
  keep(introspection: ActiveIntrospection, rule: object, allow: AllowDecision): void;
}

const EACH_MAX = 4;

interface Made {
  readonly rule: object;
  readonly allow: AllowDecision;
}

export function createRememberedAllows(): RememberedAllows {
  const byAnswer = new WeakMap<ActiveIntrospection, Made[]>();

  return {
    of(introspection, rule) {
      return byAnswer.get(introspection)?.find((made) => made.rule === rule)?.allow;
    },
    keep(introspection, rule, allow) {
      const made = byAnswer.get(introspection);
      if (made === undefined) {
        byAnswer.set(introspection, [{ rule, allow }]);
        return;
      }
      if (made.length === EACH_MAX) made.shift();
      made.push({ rule, allow });
    },
  };
}
