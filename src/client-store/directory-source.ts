import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectorySettings, ReadClientRecord } from '../domain/index.ts';
import type { Reading, RecordSource } from './record-source.ts';
import { readFileOrNull, readOwnSecret, TenantFileError } from './tenant-files.ts';

/** Digests of a record and of each secret it refers to: nothing readable is kept beside the client. */
interface DirectoryVersion {
  readonly record: string;
  readonly secrets: ReadonlyMap<string, string>;
}

const ENDINGS = ['.yaml', '.json'];

/**
 * Records in a folder: one file for each tenant, `<tenant>.yaml` or `<tenant>.json`, with its secrets in a folder of
 * its own. Every look opens the files anew, so that renames, writes in place and swapped links are all seen.
 */
export function createDirectorySource(
  { path: folder, secrets: secretsFolder }: DirectorySettings,
  { readRecord }: { readonly readRecord: ReadClientRecord },
): RecordSource<DirectoryVersion> {
  return {
    async read(name, known) {
      try {
        return await look(name, known);
      } catch (error) {
        const what = error instanceof TenantFileError ? error.message : 'cannot be read';
        return { kind: 'failed', detail: what };
      }
    },
  };

  async function look(name: string, known: DirectoryVersion | null): Promise<Reading<DirectoryVersion>> {
    const found = await Promise.all(
      ENDINGS.map((ending) => readFileOrNull(join(folder, `${name}${ending}`))),
    );
    const [content, another] = found.filter((one) => one !== null);
    if (content === undefined) return whenMissing();
    if (another !== undefined)
      return { kind: 'failed', detail: 'is there twice, as .yaml and as .json; keep one' };
    const record = digest(content);
    if (known?.record === record && (await hasSameSecrets(name, known))) return { kind: 'unchanged' };
    return readAnew(name, content, record);
  }

  async function readAnew(name: string, content: Buffer, record: string): Promise<Reading<DirectoryVersion>> {
    const secrets = new Map<string, string>();
    const text = utf8(content);
    if (text === null) return { kind: 'failed', detail: 'is not UTF-8 text' };
    const client = await readRecord({
      name,
      text,
      readSecret: async (path) => {
        const secret = await secretOf(name, path);
        secrets.set(path, digest(secret));
        return secret;
      },
    });
    if (!client.ok) return { kind: 'failed', detail: `cannot be used: ${client.failure}` };
    return { kind: 'read', client: client.value, version: { record, secrets } };
  }

  /** A folder that is away says nothing about its tenants. */
  async function whenMissing(): Promise<Reading<DirectoryVersion>> {
    try {
      if ((await stat(folder)).isDirectory()) return { kind: 'missing' };
    } catch {
      // Told below.
    }
    return { kind: 'failed', detail: 'cannot be looked for: `clientStore.directory.path` is not there' };
  }

  async function hasSameSecrets(name: string, { secrets }: DirectoryVersion): Promise<boolean> {
    for (const [path, before] of secrets) {
      // One that cannot be read any more is told of by the reader of the record, with its place.
      const now = await secretOf(name, path).then(digest, () => null);
      if (now !== before) return false;
    }
    return true;
  }

  async function secretOf(name: string, path: string): Promise<Buffer> {
    if (secretsFolder === null)
      throw new TenantFileError('cannot be read, for `clientStore.directory.secrets` is not set');
    return readOwnSecret(secretsFolder, name, path);
  }
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('base64');
}

function utf8(content: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}
