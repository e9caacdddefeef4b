import { dirname, resolve } from 'node:path';
import { fail, type Result, succeed } from '../domain/index.ts';
import type { KindWords } from './schema/key.ts';
import { looksSecret, quoted } from './shown.ts';
import type { Plain, PlainMap } from './yaml/plain.ts';

/** What a settings file may look at besides itself. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<Buffer>;
  /** Nothing outside of the file is read; what is in it is checked all the same. */
  readonly offline: boolean;
}

/** Where a text of the settings comes from. */
export type Source =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'env'; readonly name: string }
  /** Its last line break is not part of the text. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'pem'; readonly path: string };

/** As it stands in the file. */
export type TextReference =
  string | { readonly env?: string | undefined; readonly file?: string | undefined };

/** `null` where nothing is named, or nothing that makes sense; the schema says so then. */
export function sourceOf(
  value: Plain | TextReference | undefined,
  reference: NonNullable<KindWords['reference']>,
): Source | null {
  const isPem = reference === 'certificate' || reference === 'key';
  if (typeof value === 'string') {
    if (!isPem) return { kind: 'literal', text: value };
    return isPath(value) ? { kind: 'pem', path: value } : null;
  }
  if (isPem || typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { env, file, ...others } = value as PlainMap;
  if ((env === undefined) === (file === undefined) || Object.keys(others).length > 0) return null;
  if (typeof env === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) return { kind: 'env', name: env };
  return typeof file === 'string' && isPath(file) ? { kind: 'file', path: file } : null;
}

/** The same for the same source. Holds the secret itself where that is in the file: not for messages. */
export function originOf(source: Source): string {
  switch (source.kind) {
    case 'literal':
      return `literal:${source.text}`;
    case 'env':
      return `env:${source.name}`;
    case 'file':
    case 'pem':
      return `${source.kind}:${source.path}`;
  }
}

/** For messages. A secret may have been put where its name belongs: only what is clearly a name is repeated. */
export function nameOf(source: Source): string {
  switch (source.kind) {
    case 'literal':
      return 'the value';
    case 'env':
      return `the environment variable ${/^[A-Z][A-Z0-9_]*$/.test(source.name) ? source.name : 'that is named here'}`;
    case 'file':
      return `the file ${/^\.{0,2}\//.test(source.path) ? quoted(source.path) : 'that is named here'}`;
    case 'pem':
      return `the file ${looksSecret(source.path) ? 'that is named here' : quoted(source.path)}`;
  }
}

export interface SourceReader {
  /** The text, or what is wrong; `null` when it is not to be read. */
  read(source: Source): Promise<Result<string, string> | null>;
  /** Every file asked for so far, absolute. */
  files(): readonly string[];
}

/** Each file is read once, so that all who name it see the same content. */
export function createSourceReader(settingsFile: string, world: World): SourceReader {
  const { environment, readFile, offline } = world;
  const files = new Set<string>();
  const loads = new Map<string, Promise<Result<Buffer, string>>>();
  return { read, files: () => [...files] };

  async function read(source: Source): Promise<Result<string, string> | null> {
    switch (source.kind) {
      case 'literal':
        return succeed(source.text);
      case 'env': {
        if (offline) return null;
        const value = Object.hasOwn(environment, source.name) ? environment[source.name] : undefined;
        return value === undefined ? fail(`${nameOf(source)} is not set`) : succeed(value);
      }
      case 'file':
      case 'pem': {
        const path = resolve(dirname(settingsFile), source.path);
        files.add(path);
        if (offline) return null;
        const load = loads.get(path) ?? open(path);
        loads.set(path, load);
        const content = await load;
        return content.ok ? decode(content.value, source) : fail(`${nameOf(source)} ${content.failure}`);
      }
    }
  }

  async function open(path: string): Promise<Result<Buffer, string>> {
    try {
      const content = await readFile(path);
      return content.length > FILE_MAX ? fail('is over 1 MiB, which no secret is') : succeed(content);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return fail(`cannot be read (${code}); check the path and its permissions`);
    }
  }
}

const FILE_MAX = 1024 * 1024;

function decode(content: Buffer, source: Source): Result<string, string> {
  // PEM is ASCII; what people write between the blocks is not read.
  if (source.kind === 'pem') return succeed(content.toString('latin1'));
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return succeed(text.replace(/\r?\n$/, ''));
  } catch {
    return fail(`${nameOf(source)} is not UTF-8 text`);
  }
}

function isPath(text: string): boolean {
  return text !== '' && !/[\r\n\0]/.test(text);
}
