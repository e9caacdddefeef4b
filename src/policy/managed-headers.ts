import type { RequestHeaders, RouteSettings } from '../domain/index.ts';
import { foldHeaderName, isOddName, spellingsOf } from './header-spelling.ts';
import { compileScrub } from './scrub.ts';

/** With these a client asks an upstream to read another method than the one that was judged. */
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'];

/** The headers of a settings file that no client may set. */
export interface ManagedHeaders {
  /** Names that a rule removes unless it sets or keeps them, every plain spelling among them, sorted. */
  removable(rule: RuleKind): readonly string[];
  /** Names in a request that must not reach the upstream though no rule sets them; see `createManagedHeaders`. */
  straysIn(headers: RequestHeaders, rule: RuleKind): readonly string[];
}

/** What of a rule decides which headers it touches. */
export interface RuleKind {
  /**
   * Or comes after a rule that does: what that one denies as DELETE must not pass as a POST that an upstream reads as
   * DELETE.
   */
  readonly restrictsMethods: boolean;
  readonly stripsAuthorization: boolean;
}

const NO_STRAYS: readonly string[] = Object.freeze([]);

/**
 * Works out once which header names are ours (design, decision 9). Three words decide what happens to a name:
 *
 * - *set*: this rule has a value for it. It overwrites what the client sent.
 * - *kept*: `authorization` where the rule says `keep`, and always on `public` rules. Neither `scrub` nor a rule that
 *   sets `authorization` elsewhere takes it away.
 * - *removed*: every other managed name (one that any rule sets), each in its all-`-`, all-`_` and all-`.` spelling
 *   beside its own; `authorization` where it is stripped; the method overrides where methods are restricted (`RuleKind`).
 *
 * Strays come on top, found in the request at hand: any other spelling of a managed name, a method override
 * where the rule restricts methods, and what `scrub` names. A managed name itself is never a stray, whether this rule sets it or not: it is set or
 * removed anyway. Plain spellings found in the request are listed too although `remove` has them, because a front
 * that cannot remove must refuse them. So `remove` and strays together never hold a name that is set or kept.
 */
export function createManagedHeaders(
  routes: readonly Pick<RouteSettings, 'upstream'>[],
  settings: { readonly scrub: readonly string[] },
): ManagedHeaders {
  const names = new Set(
    routes.flatMap(({ upstream: { headers, anonymous } }) => [
      ...headers.map(({ name }) => name),
      ...(anonymous === null ? [] : [anonymous]),
    ]),
  );
  const folds = new Set([...names].map(foldHeaderName));
  const overrides = new Set(METHOD_OVERRIDES);
  const isScrubbed = compileScrub(settings.scrub);
  // Without these, only a name with `_` or `.` can be a look-alike of another one.
  const everyNameCounts = settings.scrub.length > 0 || [...names].some(isOddName);

  // There are four kinds of rules, however many rules there are.
  const known = new Map<string, readonly string[]>();

  return { removable, straysIn };

  function removable(rule: RuleKind): readonly string[] {
    const kind = `${rule.restrictsMethods} ${rule.stripsAuthorization}`;
    const names = known.get(kind) ?? removableBy(rule);
    known.set(kind, names);
    return names;
  }

  function removableBy({ restrictsMethods, stripsAuthorization }: RuleKind): readonly string[] {
    const all = [...names, ...(restrictsMethods ? METHOD_OVERRIDES : [])].flatMap(spellingsOf);
    const others = all.filter((name) => name !== 'authorization');
    return [...new Set(stripsAuthorization ? [...others, 'authorization'] : others)].sort();
  }

  function straysIn(headers: RequestHeaders, { restrictsMethods }: RuleKind): readonly string[] {
    let strays: Set<string> | null = null;
    for (const name of everyNameCounts ? headers.names : headers.oddNames) {
      if (isStray(name, restrictsMethods)) strays = (strays ?? new Set<string>()).add(name);
    }
    if (restrictsMethods) {
      for (const name of headers.names) {
        if (overrides.has(name) && !names.has(name)) strays = (strays ?? new Set<string>()).add(name);
      }
    }
    return strays === null ? NO_STRAYS : [...strays];
  }

  function isStray(name: string, restrictsMethods: boolean): boolean {
    if (names.has(name) || name === 'authorization') return false;
    const folded = foldHeaderName(name);
    return folds.has(folded) || (restrictsMethods && overrides.has(folded)) || isScrubbed(folded);
  }
}
