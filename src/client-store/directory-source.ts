import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectorySettings } from '../domain/index.ts';
import type { RecordReader, RecordVersion } from './record-reader.ts';
import { cannotAsk, cannotUse, type Reading, type RecordSource } from './record-source.ts';
import { readFileOrNull, TenantFileError } from './tenant-files.ts';

const ENDINGS = ['.yaml', '.json'];

/**
 * Records in a folder: one file for each tenant, `<tenant>.yaml` or `<tenant>.json`. Every look opens the files anew,
 * so that renames, writes in place and swapped links are all seen.
 */
export function createDirectorySource(
  { reader }: { readonly reader: RecordReader },
  { path: folder }: Pick<DirectorySettings, 'path'>,
): RecordSource<RecordVersion> {
  return {
    hasFamilies: true,
    async read(name, known) {
      try {
        return await look(name, known);
      } catch (error) {
        return cannotUse(error instanceof TenantFileError ? error.message : 'cannot be read');
      }
    },
  };

  async function look(name: string, known: RecordVersion | null): Promise<Reading<RecordVersion>> {
    const found = await Promise.all(
      ENDINGS.map((ending) => readFileOrNull(join(folder, `${name}${ending}`))),
    );
    const [content, another] = found.filter((one) => one !== null);
    if (content === undefined) return whenMissing();
    if (another !== undefined) return cannotUse('is there twice, as .yaml and as .json; keep one');
    return reader.read(name, content, known);
  }

  /** A folder that is away says nothing about its tenants. */
  async function whenMissing(): Promise<Reading<RecordVersion>> {
    try {
      if ((await stat(folder)).isDirectory()) return { kind: 'missing' };
    } catch {
      // Told below.
    }
    return cannotAsk('cannot be looked for: `clientStore.directory.path` is not there');
  }
}
