import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { codeOf } from '../domain/index.ts';

/** Much more than any record or secret needs. */
export const RECORD_BYTES_MAX = 1024 * 1024;
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR']);

/** A file that may not be read, or is not one. The message is for the operator and reads on after its name. */
export class TenantFileError extends Error {
  override readonly name = 'TenantFileError';

  /** What readers of settings show of an error. */
  get code(): string {
    return `it ${this.message}`;
  }
}

/**
 * Reads a file, wherever links lead: who can write the folder decides that.
 * Out: `null` when it is not there.
 * @throws TenantFileError
 */
export async function readFileOrNull(path: string): Promise<Buffer | null> {
  try {
    const { size, isFile } = await statOf(path);
    // A pipe would keep us waiting.
    if (!isFile) throw new TenantFileError('is not a file');
    if (size > RECORD_BYTES_MAX) throw new TenantFileError('is over 1 MiB');
    return await readFile(path);
  } catch (error) {
    const code = codeOf(error);
    if (NOT_THERE.has(code)) return null;
    throw error instanceof TenantFileError ? error : new TenantFileError(`cannot be read (${code})`);
  }
}

/**
 * Reads a secret that a record refers to.
 *
 * In: the folder of all secrets, the tenant, and the path as the record writes it. Out: what is in the file.
 * Never: a file that is not below the tenant's own folder, whatever the path says and wherever links lead.
 * @throws TenantFileError
 */
export async function readOwnSecret(folder: string, tenant: string, path: string): Promise<Buffer> {
  if (isAbsolute(path) || path.split(/[/\\]/).includes('..') || path.includes('\0'))
    throw new TenantFileError('must be the name of a file in the folder of its own secrets');
  const real = await realOf(join(folder, tenant, path));
  if (!isOwn(relative(await realOf(folder), real), tenant))
    throw new TenantFileError("leads out of the folder of the tenant's own secrets");
  const content = await readFileOrNull(real);
  if (content === null) throw new TenantFileError('is not there');
  return content;
}

/** Kubernetes swaps folders whose names begin with two dots; below them stands what was mounted. */
function isOwn(path: string, tenant: string): boolean {
  if (isAbsolute(path)) return false;
  const segments = path.split(sep);
  if (segments.includes('..')) return false;
  const [first, second] = segments.filter((segment) => !segment.startsWith('..'));
  return first === tenant && second !== undefined;
}

async function statOf(path: string): Promise<{ readonly size: number; readonly isFile: boolean }> {
  const stats = await stat(path);
  return { size: stats.size, isFile: stats.isFile() };
}

async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = codeOf(error);
    if (NOT_THERE.has(code)) throw new TenantFileError('is not there');
    throw new TenantFileError(`cannot be read (${code})`);
  }
}
