import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { fail, type Result, succeed } from '../../domain/index.ts';
import { isMap, type Path, type Plain } from './plain.ts';
import type { Place, YamlFlaw } from './place.ts';
import { createPlanter, type PlacedNode } from './plant.ts';

/**
 * Reads the text of a settings file strictly: YAML 1.2, one document, a map at the top, no key twice.
 *
 * In: text. Out: plain values, and where in the text each of them stands.
 * Never: a piece of the text in a message, for the piece may be a secret (G20).
 */
export interface YamlTree {
  readonly value: Plain;
  /** Of a value; of the nearest thing around it where there is none. */
  placeOf(path: Path): Place;
  /** Of the key that leads to a value; of the value itself in lists. */
  placeOfKey(path: Path): Place;
}

const LENGTH_MAX = 16 * 1024 * 1024;

export function readYaml(text: string): Result<YamlTree, readonly YamlFlaw[]> {
  if (text.length > LENGTH_MAX) return refuse('the file is over 16 MiB; that is no settings file');

  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    // Looked for by ourselves: the library compares every key with every other.
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  });

  const flaws = [...document.errors, ...document.warnings].map((error) => ({
    ...place(error.pos[0]),
    message: FLAWS[error.code],
  }));
  if (flaws.length > 0) return fail(distinct(flaws));
  if (usesOtherVersion(document)) return refuse('the file must be YAML 1.2; remove the %YAML line');
  if (document.contents === null) return refuse('the file is empty; the least it needs is one client');

  const planter = createPlanter(place);
  const root = planter.plant(document.contents);
  if (planter.flaws.length > 0) return fail(planter.flaws);
  if (!isMap(root.value))
    return fail([
      { ...place(root.at), message: 'the top of the file must be a map of settings, such as "clients: …"' },
    ]);
  return succeed(createTree(root, place));
}

/** Words of ours for what the parser finds: its own messages repeat pieces of the text. */
const FLAWS: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias (*) cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'this anchor or alias has no usable name',
  BAD_COLLECTION_TYPE: 'settings use no tags (!); remove it',
  BAD_DIRECTIVE: 'a settings file has no lines that start with %; remove it',
  BAD_DQ_ESCAPE: 'a double-quoted text holds an escape that YAML does not know; use single quotes',
  BAD_INDENT: 'the indentation does not fit what is above',
  BAD_PROP_ORDER: 'an anchor (&) must stand directly before its value',
  BAD_SCALAR_START: 'a text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on this line, or a wrong indentation; put a text with ": " in quotes',
  BLOCK_IN_FLOW: 'inside { } and [ ] everything must be written with { } and [ ]',
  DUPLICATE_KEY: 'this key stands twice in the same map; keep one',
  IMPOSSIBLE: 'this is not YAML',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a quote, a bracket, a comma or a colon is missing before this place',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a colon or a quote missing?',
  MULTIPLE_ANCHORS: 'a value can have one anchor only',
  MULTIPLE_DOCS: 'a second document starts here; a settings file is one document',
  MULTIPLE_TAGS: 'a value can have one tag only',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'indentation must be spaces, not tabs',
  TAG_RESOLVE_FAILED: 'settings use no tags (!); remove it',
  UNEXPECTED_TOKEN: 'this does not belong here; is a quote, a colon or the indentation wrong?',
};

/** One mistake often makes several errors at one place. */
function distinct(flaws: readonly YamlFlaw[]): readonly YamlFlaw[] {
  const seen = new Set<string>();
  return flaws.filter(({ line, column }) => {
    const place = `${line}:${column}`;
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}

// A file could ask for YAML 1.1 by itself, where `no` is false and 010 is eight.
function usesOtherVersion({ directives }: Document): boolean {
  return directives !== undefined && directives.yaml.version !== '1.2';
}

function refuse(message: string): Result<never, readonly YamlFlaw[]> {
  return fail([{ line: 1, column: 1, message }]);
}

function createTree(root: PlacedNode, place: (offset: number) => Place): YamlTree {
  return {
    value: root.value,
    placeOf(path) {
      const { node, found } = nearest(path);
      // What is missing is looked for at the key it should stand under.
      return place(found ? node.at : (node.keyAt ?? node.at));
    },
    placeOfKey(path) {
      const { node } = nearest(path);
      return place(node.keyAt ?? node.at);
    },
  };

  function nearest(path: Path): { readonly node: PlacedNode; readonly found: boolean } {
    let node = root;
    for (const segment of path) {
      const child = node.children.get(segment);
      if (child === undefined) return { node, found: false };
      node = child;
    }
    return { node, found: true };
  }
}
