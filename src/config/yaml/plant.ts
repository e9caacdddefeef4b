import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { Plain } from './plain.ts';
import type { Place, YamlFlaw } from './place.ts';

/** A plain value with the place of itself and of everything inside it, as offsets in the text. */
export interface PlacedNode {
  readonly value: Plain;
  readonly at: number;
  readonly keyAt: number | null;
  readonly children: ReadonlyMap<string | number, PlacedNode>;
}

/** Turns nodes into plain values. Anchors may be used, within a bound that no honest file reaches. */
export interface Planter {
  plant(node: Node): PlacedNode;
  readonly flaws: readonly YamlFlaw[];
}

/** Values reached through aliases, all counted: a few lines of YAML can stand for billions. */
const ALIASED_VALUES_MAX = 10_000;
/** Aliases can nest deeper than the text does. */
const DEPTH_MAX = 100;
const TWICE = 'this key stands twice in the same map; keep one';
const NO_CHILDREN: ReadonlyMap<string | number, PlacedNode> = new Map();

export function createPlanter(place: (offset: number) => Place): Planter {
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  const flaws: YamlFlaw[] = [];
  let aliasDepth = 0;
  let aliasedValues = 0;

  return { plant: (node) => plant(node, null), flaws };

  function plant(node: Node | null, keyAt: number | null): PlacedNode {
    if (node === null) return leaf(null, keyAt ?? 0, keyAt);
    const at = node.range?.[0] ?? keyAt ?? 0;

    if (aliasDepth > 0 && (aliasedValues += 1) > ALIASED_VALUES_MAX)
      return flaw('the aliases (*) stand for too many values; write them out', at, keyAt);
    if (isAlias(node)) return follow(node.source, at, keyAt);
    if (node.tag !== undefined && !isCoreTag(node.tag))
      return flaw('settings use no tags (!); remove it', at, keyAt);

    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isScalar(node)) return scalar(node, at, keyAt);

    if (open.size >= DEPTH_MAX) return flaw('the file is nested too deeply', at, keyAt);
    open.add(node);
    const children = isSeq<Node | null>(node)
      ? listItems(node.items)
      : isMap<Scalar, Node | null>(node)
        ? mapItems(node.items)
        : NO_CHILDREN;
    open.delete(node);
    return { value: isSeq(node) ? values(children) : mapOf(children), at, keyAt, children };
  }

  function follow(anchor: string, at: number, keyAt: number | null): PlacedNode {
    const target = anchors.get(anchor);
    if (target === undefined) return flaw('no anchor (&) of this name stands before this alias', at, keyAt);
    if (open.has(target)) return flaw('this alias (*) stands inside what it refers to', at, keyAt);
    aliasDepth += 1;
    const planted = plant(target, keyAt);
    aliasDepth -= 1;
    return { ...planted, at };
  }

  function scalar(node: Scalar, at: number, keyAt: number | null): PlacedNode {
    const { value } = node;
    if (value === null || typeof value === 'string' || typeof value === 'boolean')
      return leaf(value, at, keyAt);
    if (typeof value === 'number' && Number.isFinite(value)) return leaf(value, at, keyAt);
    return flaw('a value must be a text, a finite number, true or false', at, keyAt);
  }

  function listItems(items: readonly (Node | null)[]): ReadonlyMap<number, PlacedNode> {
    return new Map(items.map((item, index) => [index, plant(item, null)]));
  }

  function mapItems(items: readonly Pair<Scalar, Node | null>[]): ReadonlyMap<string, PlacedNode> {
    const children = new Map<string, PlacedNode>();
    for (const { key, value } of items) {
      const keyAt = key.range?.[0] ?? 0;
      const name = String(key.value);
      // Libraries skip or obey this name; nobody needs it (T-26).
      if (name === '__proto__') flaw('a key cannot be called __proto__', keyAt, keyAt);
      else if (children.has(name)) flaws.push({ ...place(keyAt), message: TWICE });
      else children.set(name, plant(value, keyAt));
    }
    return children;
  }

  function flaw(message: string, at: number, keyAt: number | null): PlacedNode {
    // One bomb, one line.
    if (flaws.at(-1)?.message !== message) flaws.push({ ...place(at), message });
    return leaf(null, at, keyAt);
  }
}

function leaf(value: Plain, at: number, keyAt: number | null): PlacedNode {
  return { value, at, keyAt, children: NO_CHILDREN };
}

function values(children: ReadonlyMap<string | number, PlacedNode>): Plain {
  return [...children.values()].map(({ value }) => value);
}

function mapOf(children: ReadonlyMap<string | number, PlacedNode>): Plain {
  const map: Record<string, Plain> = Object.create(null) as Record<string, Plain>;
  for (const [key, { value }] of children) map[key] = value;
  return map;
}

function isCoreTag(tag: string): boolean {
  return /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/.test(tag);
}
