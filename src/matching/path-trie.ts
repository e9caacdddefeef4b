import { isFolded, type PathPattern } from './path-pattern.ts';
import { foldCase } from './fold-case.ts';

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
  /** Of patterns that end here, with a slash or without. */
  readonly here: Thing[];
  /** Of patterns that end here without a slash, and with one. */
  bare: Thing[] | null;
  slashed: Thing[] | null;
  /** Of patterns that cover this node and everything below it. */
  readonly deep: Thing[];
}

export function createPathTrie<Thing>(): PathTrie<Thing> {
  const exact = createNode<Thing>();
  /** Of patterns to which case does not matter. `null`: there are none, as nearly always. */
  let folded: Node<Thing> | null = null;

  return { add, match, covering };

  function add(pattern: PathPattern, thing: Thing): void {
    let node = pattern.foldsCase ? (folded ??= createNode()) : exact;
    for (const segment of pattern.segments) node = child(node, segment);
    placeIn(node, pattern).push(thing);
  }

  function match(path: string, into: Thing[]): void {
    // Behind the leading slash.
    matchFrom(exact, path, 1, into);
    if (folded !== null) matchFrom(folded, foldCase(path), 1, into);
  }

  function covering(pattern: PathPattern): readonly Thing[] {
    const found: Thing[] = [];
    const { segments } = pattern;
    // A word in any case is covered by none in one case, unless it has no letters.
    const words = pattern.foldsCase ? segments.map((word) => (isFolded(word) ? word : null)) : segments;
    coverFrom(exact, { ...pattern, segments: words }, 0, found);
    const inAnyCase = segments.map((word) => (word === null ? null : foldCase(word)));
    if (folded !== null) coverFrom(folded, { ...pattern, segments: inAnyCase }, 0, found);
    return found;
  }
}

/** A slash at the end of the path makes no segment: with or without it is the same, but for patterns that tell them apart. */
function matchFrom<Thing>(node: Node<Thing>, path: string, at: number, into: Thing[]): void {
  pushAll(node.deep, into);
  if (at >= path.length) {
    pushAll(node.here, into);
    const told = path.endsWith('/') ? node.slashed : node.bare;
    if (told !== null) pushAll(told, into);
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
    if (pattern.isDeep) return;
    pushAll(node.here, into);
    const told = pattern.end === 'bare' ? node.bare : pattern.end === 'slashed' ? node.slashed : null;
    if (told !== null) pushAll(told, into);
    return;
  }
  const next = segment === null ? undefined : node.literal.get(segment);
  if (next !== undefined) coverFrom(next, pattern, at + 1, into);
  // Only a star covers a star.
  if (node.wild !== null) coverFrom(node.wild, pattern, at + 1, into);
}

function placeIn<Thing>(node: Node<Thing>, { isDeep, end }: PathPattern): Thing[] {
  if (isDeep) return node.deep;
  if (end === 'bare') return (node.bare ??= []);
  return end === 'slashed' ? (node.slashed ??= []) : node.here;
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
  return { literal: new Map(), wild: null, here: [], bare: null, slashed: null, deep: [] };
}

function pushAll<Thing>(things: readonly Thing[], into: Thing[]): void {
  for (const thing of things) into.push(thing);
}
