import type { ActiveIntrospection } from '../domain/index.ts';

/**
 * What was made of an answer, so that a hot token on a hot route costs a look-up (decision 13). Held by the answer: it
 * lives as long as the cache remembers what it was made of.
 * Never: more than four things of one answer. The cache, which bounds its memory by what the answers take, cannot see
 * how many rules there are, nor how much a door keeps with each.
 */
export interface Remembered<Thing> {
  of(introspection: ActiveIntrospection, by: object): Thing | undefined;
  /** In the place of the oldest when there are too many. */
  keep(introspection: ActiveIntrospection, by: object, thing: Thing): void;
}

const EACH_MAX = 4;

export function createRemembered<Thing>(): Remembered<Thing> {
  const byAnswer = new WeakMap<ActiveIntrospection, { readonly by: object; readonly thing: Thing }[]>();

  return {
    of(introspection, by) {
      return byAnswer.get(introspection)?.find((made) => made.by === by)?.thing;
    },
    keep(introspection, by, thing) {
      const made = byAnswer.get(introspection);
      if (made === undefined) {
        byAnswer.set(introspection, [{ by, thing }]);
        return;
      }
      if (made.length === EACH_MAX) made.shift();
      made.push({ by, thing });
    },
  };
}
