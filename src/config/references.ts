import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { fail, type Result, succeed } from '../domain/index.ts';
import { atValue, type Finding } from './finding.ts';
import { flawOfCertificates, flawOfKey, flawOfPair } from './pem.ts';
import type { KindWords } from './schema/key.ts';
import { childrenOf, kindOf, type Step } from './schema/walk.ts';
import { quoted } from './shown.ts';
import type { Path, Plain, PlainMap } from './yaml/plain.ts';

/** What a settings file may look at besides itself. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<Buffer>;
  /** Nothing outside of the file is read; what is in it is checked all the same. */
  readonly offline: boolean;
}

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

/** As it stands in the file. */
export type TextReference =
  string | { readonly env?: string | undefined; readonly file?: string | undefined };

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
  const findings: Finding[] = [];
  const warnings: Finding[] = [];
  const contents = new Map<string, string>();
  const open = createOpener(dirname(file), world);

  const sound: Reference[] = [];
  const references = referencesIn({ schema, value: root, path: [] });
  for (const reference of references) {
    const { path, source, kind } = reference;
    if (source.kind === 'literal' && kind.reference === 'secret')
      warnings.push(atValue(path, 'is a secret in the file itself; better { env: NAME } or { file: PATH }'));
    const text = await open.read(source);
    if (text === null) continue;
    const flaw = text.ok ? flawOf(kind, text.value, source) : text.failure;
    if (flaw !== null) findings.push(atValue(path, flaw));
    else if (text.ok) {
      contents.set(originOf(source), text.value);
      sound.push(reference);
    }
  }
  findings.push(...checkPairs(sound, contents));

  return {
    findings,
    warnings,
    files: open.files(),
    contents,
    textOf: (reference) => textFrom(sourceOf(reference, 'text')),
    pemOf: (path) => textFrom(sourceOf(path, 'certificate')),
  };

  function textFrom(source: Source | null): string {
    return source === null ? '' : (contents.get(originOf(source)) ?? '');
  }
}

type Source =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'env'; readonly name: string }
  /** `isText`: a text file, whose last line break is not part of the text. */
  | { readonly kind: 'file'; readonly path: string; readonly isText: boolean };

interface Reference {
  readonly path: Path;
  readonly source: Source;
  readonly kind: KindWords;
}

function referencesIn(step: Step): readonly Reference[] {
  const kind = kindOf(step.schema);
  if (kind?.reference === undefined) return childrenOf(step).flatMap(referencesIn);
  const source = sourceOf(step.value, kind.reference);
  return source === null ? [] : [{ path: step.path, source, kind }];
}

/** `null` where nothing is named, or nothing that makes sense; the schema says so then. */
function sourceOf(
  value: Plain | TextReference | undefined,
  reference: NonNullable<KindWords['reference']>,
): Source | null {
  const isPem = reference === 'certificate' || reference === 'key';
  if (typeof value === 'string') {
    if (!isPem) return { kind: 'literal', text: value };
    return isPath(value) ? { kind: 'file', path: value, isText: false } : null;
  }
  if (isPem || typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { env, file, ...others } = value as PlainMap;
  if ((env === undefined) === (file === undefined) || Object.keys(others).length > 0) return null;
  if (typeof env === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) return { kind: 'env', name: env };
  return typeof file === 'string' && isPath(file) ? { kind: 'file', path: file, isText: true } : null;
}

function isPath(text: string): boolean {
  return text !== '' && !/[\r\n\0]/.test(text);
}

/** Each file is read once, so that all who name it see the same content. */
function createOpener(directory: string, world: World) {
  const files = new Set<string>();
  const loads = new Map<string, Promise<Result<Buffer, string>>>();
  return { read, files: () => [...files] };

  /** `null` when it is not to be read. */
  async function read(source: Source): Promise<Result<string, string> | null> {
    switch (source.kind) {
      case 'literal':
        return succeed(source.text);
      case 'env': {
        if (world.offline) return null;
        const value = world.environment[source.name];
        return value === undefined
          ? fail(`the environment variable${shownName(source.name)} is not set`)
          : succeed(value);
      }
      case 'file': {
        const content = await open(source.path);
        if (content === null || !content.ok) return content;
        const text = decode(content.value);
        if (text === null) return fail(`the file${shownPath(source.path)} is not UTF-8 text`);
        return succeed(source.isText ? text.replace(/\r?\n$/, '') : text);
      }
    }
  }

  async function open(name: string): Promise<Result<Buffer, string> | null> {
    const path = resolve(directory, name);
    files.add(path);
    if (world.offline) return null;
    const content = loads.get(path) ?? load(path, name);
    loads.set(path, content);
    return content;
  }

  async function load(path: string, name: string): Promise<Result<Buffer, string>> {
    try {
      const content = await world.readFile(path);
      if (content.length > FILE_MAX)
        return fail(`the file${shownPath(name)} is over 1 MiB, which no secret is`);
      return succeed(content);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return fail(`the file${shownPath(name)} cannot be read (${code}); check the path and its permissions`);
    }
  }
}

const FILE_MAX = 1024 * 1024;

function flawOf({ reference, flawOf: check }: KindWords, text: string, source: Source): string | null {
  const where = source.kind === 'file' ? `the file${shownPath(source.path)}` : 'the value';
  if (text === '') return `${where} is empty`;
  const flaw =
    reference === 'certificate'
      ? flawOfCertificates(text)
      : reference === 'key'
        ? flawOfKey(text)
        : check?.(text);
  return flaw === undefined || flaw === null ? null : `${where} ${flaw}`;
}

/** A certificate and the key beside it must belong together. */
function checkPairs(
  references: readonly Reference[],
  contents: ReadonlyMap<string, string>,
): readonly Finding[] {
  return references.flatMap(({ path, kind, source }) => {
    if (kind.reference !== 'key') return [];
    const beside = placeOf([...path.slice(0, -1), 'cert']);
    const other = references.find((candidate) => placeOf(candidate.path) === beside);
    const cert = other === undefined ? undefined : contents.get(originOf(other.source));
    const key = contents.get(originOf(source));
    const flaw = cert === undefined || key === undefined ? null : flawOfPair(cert, key);
    return flaw === null ? [] : [atValue(path, flaw)];
  });
}

function placeOf(path: Path): string {
  return JSON.stringify(path);
}

function originOf(source: Source): string {
  switch (source.kind) {
    case 'literal':
      return `literal:${source.text}`;
    case 'env':
      return `env:${source.name}`;
    case 'file':
      return `${source.isText ? 'text' : 'pem'}:${source.path}`;
  }
}

// A secret may have been put where its name belongs: only what is clearly a name is repeated.
function shownName(name: string): string {
  return /^[A-Z][A-Z0-9_]*$/.test(name) ? ` ${name}` : ' that is named here';
}

function shownPath(path: string): string {
  return /^\.{0,2}\//.test(path) ? ` ${quoted(path)}` : ' that is named here';
}

function decode(content: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}
