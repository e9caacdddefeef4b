import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { describeSettings, type KeyDescription } from '../../src/config/index.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, 'fixtures', 'example.yaml'), 'utf8');
const KEYS = new Map(describeSettings().map((description) => [description.key, description]));

/** `# default: X` and other words of the example about what leaving a key out means. */
const IN_WORDS: Readonly<Record<string, Partial<KeyDescription>>> = {
  'listen.http': { standard: [] },
  'listen.health': { leftOut: 'not open' },
  scrub: { standard: [] },
  'clients.<name>.acceptIssuers': { standard: [] },
  'cache.shared': { leftOut: 'memory alone' },
  'routes[].mode': { standard: 'required' },
  'routes[].freshness': { leftOut: 'what the cache allows' },
  'routes[].upstream.authorization': { leftOut: '`strip` on `required` and `optional` routes' },
};

interface Line {
  readonly key: string;
  readonly value: unknown;
  readonly comment: string;
}

describe('the example file and the schema', () => {
  const lines = commentedLines();
  const marked = lines.filter(({ comment }) => /^default(?:;|$)/.test(comment));
  const inWords = lines.filter(
    ({ comment }) => /\bdefault\b/.test(comment) && !/^default(?:;|$)/.test(comment),
  );

  it.each(marked)('agree that the default of $key is $value', ({ key, value }) => {
    const leaves = leavesOf(key, value);
    expect(leaves.map(([leaf]) => [leaf, defaultOf(leaf)])).toEqual(leaves);
  });

  it('agree on what is said in words', () => {
    expect(inWords.map(({ key }) => key).sort()).toEqual(Object.keys(IN_WORDS).sort());
    for (const { key } of inWords)
      expect([key, KEYS.get(key)]).toEqual([key, expect.objectContaining(IN_WORDS[key] ?? {})]);
  });

  it('find enough marked lines for the comparison to mean something', () => {
    expect(marked.length).toBeGreaterThan(30);
  });
});

/** The first key of each line that has a comment, as the schema names it. */
function commentedLines(): readonly Line[] {
  const counter = new LineCounter();
  const document = parseDocument(EXAMPLE, { lineCounter: counter });
  const byLine = new Map<number, Omit<Line, 'comment'>>();
  collect(document.contents, '', (offset, key, value) => {
    const { line } = counter.linePos(offset);
    if (!byLine.has(line)) byLine.set(line, { key, value });
  });
  return EXAMPLE.split('\n').flatMap((text, index) => {
    const [, comment] = / # (.*)$/.exec(text) ?? [];
    const line = byLine.get(index + 1);
    return comment === undefined || line === undefined ? [] : [{ ...line, comment }];
  });
}

type Found = (offset: number, key: string, value: unknown) => void;

function collect(node: unknown, prefix: string, found: Found): void {
  if (isSeq(node)) for (const item of node.items) collect(item, `${prefix}[]`, found);
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    const scalar = key as { readonly value: string; readonly range: readonly [number] };
    const path = named(prefix === '' ? scalar.value : `${prefix}.${scalar.value}`);
    found(scalar.range[0], path, value === null ? null : (value as { toJSON(): unknown }).toJSON());
    collect(value, path, found);
  }
}

/** Names of the user's choice become `<name>`; the one gRPC door of the example stands for a list. */
function named(path: string): string {
  return path
    .replace(/^(clients|requirements)\.(?!<name>)\w+/, '$1.<name>')
    .replace(/^listen\.grpc\./, 'listen.grpc[].');
}

/** A map of fixed keys by its keys; anything else as a whole. */
function leavesOf(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isGroup || KEYS.get(key)?.hasOwnKeys !== true) return [[key, value]];
  return Object.entries(value).flatMap(([inner, child]) => leavesOf(`${key}.${inner}`, child));
}

function defaultOf(key: string): unknown {
  const description = KEYS.get(key);
  if (description?.notYet === true) return JSON.parse(description.leftOut ?? 'null');
  return description?.standard;
}
