import type { z } from 'zod';
import { atValue, type Finding } from './finding.ts';
import { flawOfCertificates, flawOfKey, flawOfPair } from './pem.ts';
import {
  createSourceReader,
  nameOf,
  originOf,
  type Source,
  sourceOf,
  type TextReference,
  type World,
} from './reference-source.ts';
import type { KindWords } from './schema/key.ts';
import { childrenOf, createSeeker, kindOf, type Step } from './schema/walk.ts';
import type { Path, Plain } from './yaml/plain.ts';

/** What the references of a settings file lead to. */
export interface References {
  readonly findings: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Every file named, absolute, each once. */
  readonly files: readonly string[];
  /** Everything read, by where it was read from; secrets among it. */
  readonly contents: ReadonlyMap<string, string>;
  /** What a reference of the file leads to; empty where nothing was read. */
  textOf(reference: TextReference): string;
  /** What is in a PEM file; empty where nothing was read. */
  pemOf(path: string): string;
}

/**
 * Reads every secret, certificate and key that the file names.
 *
 * In: the file's values. Out: the texts, and what is wrong with them.
 * Never: a piece of such a text in a message.
 */
export async function readReferences(
  schema: z.ZodType,
  root: Plain,
  { file, world }: { readonly file: string; readonly world: World },
): Promise<References> {
  const reader = createSourceReader(file, world);
  const findings: Finding[] = [];
  const warnings: Finding[] = [];
  const contents = new Map<string, string>();
  const sound: Reference[] = [];

  for (const reference of referencesIn({ schema, value: root, path: [] })) {
    const { path, source, kind } = reference;
    if (source.kind === 'literal' && isSecretIn(kind, path))
      warnings.push(atValue(path, 'is a secret in the file itself; better { env: NAME } or { file: PATH }'));

    const text = await reader.read(source);
    if (text === null) continue;
    const flaw = text.ok ? flawOf(kind, text.value) : text.failure;
    if (flaw !== null) findings.push(atValue(path, text.ok ? `${nameOf(source)} ${flaw}` : flaw));
    if (flaw !== null || !text.ok) continue;
    contents.set(originOf(source), text.value);
    sound.push(reference);
  }
  findings.push(...checkPairs(sound, contents));

  return {
    findings,
    warnings,
    files: reader.files(),
    contents,
    textOf: (reference) => contentOf(sourceOf(reference, 'text')),
    pemOf: (path) => contentOf(sourceOf(path, 'certificate')),
  };

  function contentOf(source: Source | null): string {
    return source === null ? '' : (contents.get(originOf(source)) ?? '');
  }
}

function isSecretIn({ reference, isOftenPlain }: KindWords, path: Path): boolean {
  if (reference !== 'secret') return false;
  return isOftenPlain !== true || /key|token|secret|passw|auth|session/i.test(String(path.at(-1)));
}

interface Reference {
  readonly path: Path;
  readonly source: Source;
  readonly kind: KindWords;
}

/** Where a file's values point outside of it. Nothing is read. */
export function sourcesIn(
  schema: z.ZodType,
  root: Plain,
): readonly { readonly path: Path; readonly source: Source }[] {
  return referencesIn({ schema, value: root, path: [] });
}

const holdsReferences = createSeeker((schema) => kindOf(schema)?.reference !== undefined);

function referencesIn(step: Step): readonly Reference[] {
  if (!holdsReferences(step.schema)) return [];
  const kind = kindOf(step.schema);
  if (kind?.reference === undefined) return childrenOf(step).flatMap(referencesIn);
  const source = sourceOf(step.value, kind.reference);
  return source === null ? [] : [{ path: step.path, source, kind }];
}

function flawOf({ reference, flawOf: check }: KindWords, text: string): string | null {
  if (text === '') return 'is empty';
  if (reference === 'certificate') return flawOfCertificates(text);
  if (reference === 'key') return flawOfKey(text);
  return check?.(text) ?? null;
}

/** A certificate and the key beside it must belong together. */
function checkPairs(
  references: readonly Reference[],
  contents: ReadonlyMap<string, string>,
): readonly Finding[] {
  const sources = new Map(references.map(({ path, source }) => [JSON.stringify(path), originOf(source)]));
  const textAt = (path: Path): string | undefined => contents.get(sources.get(JSON.stringify(path)) ?? '');

  return references.flatMap(({ path, kind }) => {
    if (kind.reference !== 'key') return [];
    const [cert, key] = [textAt([...path.slice(0, -1), 'cert']), textAt(path)];
    const flaw = cert === undefined || key === undefined ? null : flawOfPair(cert, key);
    return flaw === null ? [] : [atValue(path, flaw)];
  });
}
