import type { HostPattern } from './host-pattern.ts';

/** One thing for each host pattern, found by host in as many steps as the host has labels. */
export interface HostIndex<Thing> {
  /** The thing kept for this very pattern; made on first use. */
  at(pattern: HostPattern): Thing;
  /** Things whose pattern matches a canonical host. */
  matching(host: string): readonly Thing[];
  /** Things whose pattern covers every host that `pattern` covers, its own among them. */
  covering(pattern: HostPattern): readonly Thing[];
}

export function createHostIndex<Thing>(create: (pattern: HostPattern) => Thing): HostIndex<Thing> {
  const byKey = new Map<string, Thing>();
  const exact = new Map<string, Thing>();
  const below = new Map<string, Thing>();
  // At most one, in a list so that a policy whose rules name no hosts hands it out as it is.
  const any: Thing[] = [];

  return { at, matching, covering };

  function at(pattern: HostPattern): Thing {
    const known = byKey.get(pattern.key);
    if (known !== undefined) return known;

    const thing = create(pattern);
    byKey.set(pattern.key, thing);
    if (pattern.kind === 'any') any.push(thing);
    else (pattern.kind === 'exact' ? exact : below).set(pattern.name, thing);
    return thing;
  }

  function matching(host: string): readonly Thing[] {
    if (exact.size === 0 && below.size === 0) return any;
    const found = [...any];
    const own = exact.get(host);
    if (own !== undefined) found.push(own);
    if (below.size > 0) collectParents(host, found);
    return found;
  }

  function covering(pattern: HostPattern): readonly Thing[] {
    if (pattern.kind === 'any') return any;
    if (pattern.kind === 'exact') return matching(pattern.name);
    const found = [...any];
    const own = below.get(pattern.name);
    if (own !== undefined) found.push(own);
    collectParents(pattern.name, found);
    return found;
  }

  /** Things for `*.` before each name that `host` lies below. */
  function collectParents(host: string, into: Thing[]): void {
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const thing = below.get(host.slice(dot + 1));
      if (thing !== undefined) into.push(thing);
    }
  }
}
