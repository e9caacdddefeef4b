import type { PathPattern } from './path-pattern.ts';

/** Things kept under path patterns, found in as many steps as the path has segments, however many are kept. */
export interface PathTrie<Thing> {
  add(pattern: PathPattern, thing: Thing): void;
  /** Adds to `into` every thing whose pattern matches a canonical path. */
  match(path: string, into: Thing[]): void;
  /** Every thing whose pattern covers every path that `pattern` covers. */
  covering(pattern: PathPattern): readonly Thing[];
}

interface Node<Thing> {
  readonly literal: Map<string, Node<Thing>>;
  wild: Node<Thing> | null;
  /** Of patterns that end here. */
  readonly here: Thing[];
  /** Of patterns that cover this node and everything below it. */
  readonly deep: Thing[];
}

export function createPathTrie<Thing>(): PathTrie<Thing> {
  const root = createNode<Thing>();
  return {
    add,
    // Behind the leading slash.
    match: (path, into) => matchFrom(root, path, 1, into),
    covering(pattern) {
      const found: Thing[] = [];
      coverFrom(root, pattern, 0, found);
      return found;
    },
  };

  function add({ segments, isDeep }: PathPattern, thing: Thing): void {
    let node = root;
    for (const segment of segments) node = child(node, segment);
    (isDeep ? node.deep : node.here).push(thing);
  }
}

/** A slash at the end of the path makes no segment: with or without it is the same. */
function matchFrom<Thing>(node: Node<Thing>, path: string, at: number, into: Thing[]): void {
  pushAll(node.deep, into);
  if (at >= path.length) {
    pushAll(node.here, into);
    return;
  }
  const slash = path.indexOf('/', at);
  const end = slash === -1 ? path.length : slash;
  const next = node.literal.size === 0 ? undefined : node.literal.get(path.slice(at, end));
  if (next !== undefined) matchFrom(next, path, end + 1, into);
  if (node.wild !== null) matchFrom(node.wild, path, end + 1, into);
}

function coverFrom<Thing>(node: Node<Thing>, pattern: PathPattern, at: number, into: Thing[]): void {
  pushAll(node.deep, into);
  const segment = pattern.segments[at];
  if (segment === undefined) {
    if (!pattern.isDeep) pushAll(node.here, into);
    return;
  }
  const next = segment === null ? undefined : node.literal.get(segment);
  if (next !== undefined) coverFrom(next, pattern, at + 1, into);
  // Only a star covers a star.
  if (node.wild !== null) coverFrom(node.wild, pattern, at + 1, into);
}

function child<Thing>(node: Node<Thing>, segment: string | null): Node<Thing> {
  if (segment === null) return (node.wild ??= createNode());
  const known = node.literal.get(segment);
  if (known !== undefined) return known;
  const created = createNode<Thing>();
  node.literal.set(segment, created);
  return created;
}

function createNode<Thing>(): Node<Thing> {
  return { literal: new Map(), wild: null, here: [], deep: [] };
}

function pushAll<Thing>(things: readonly Thing[], into: Thing[]): void {
  for (const thing of things) into.push(thing);
}
