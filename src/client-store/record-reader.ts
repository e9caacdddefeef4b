import { createHash } from 'node:crypto';
import type { ReadClientRecord, RecordTrust } from '../domain/index.ts';
import { cannotUse, type Reading } from './record-source.ts';
import { readOwnSecret, TenantFileError } from './tenant-files.ts';

/** Digests of a record and of each secret it refers to: nothing readable is kept beside the client. */
export interface RecordVersion {
  readonly record: string;
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * The one way from the bytes of a record to a client, whatever store they come from.
 *
 * In: what a store holds under the name of a tenant. Out: a client that the operator permits, or why it is none.
 * Never: a file that is not below the tenant's own folder of secrets; a client that `readRecord` did not check.
 */
export interface RecordReader {
  read(name: string, content: Buffer, known: RecordVersion | null): Promise<Reading<RecordVersion>>;
  /** Whether the secrets that a record refers to are still what they were. */
  hasSameSecrets(name: string, known: RecordVersion): Promise<boolean>;
}

export function createRecordReader(
  { readRecord }: { readonly readRecord: ReadClientRecord },
  { secrets: folder }: Pick<RecordTrust, 'secrets'>,
): RecordReader {
  return { read, hasSameSecrets };

  async function read(
    name: string,
    content: Buffer,
    known: RecordVersion | null,
  ): Promise<Reading<RecordVersion>> {
    const record = digest(content);
    if (known?.record === record && (await hasSameSecrets(name, known)))
      return { kind: 'unchanged', version: known };

    const text = utf8(content);
    if (text === null) return cannotUse('is not UTF-8 text');
    const secrets = new Map<string, string>();
    const client = await readRecord({
      name,
      text,
      readSecret: async (path) => {
        const secret = await secretOf(name, path);
        secrets.set(path, digest(secret));
        return secret;
      },
    });
    if (!client.ok) return cannotUse(`cannot be used: ${client.failure}`);
    return { kind: 'read', client: client.value, version: { record, secrets } };
  }

  async function hasSameSecrets(name: string, { secrets }: RecordVersion): Promise<boolean> {
    for (const [path, before] of secrets) {
      // One that cannot be read any more is told of by the reader of the record, with its place.
      const now = await secretOf(name, path).then(digest, () => null);
      if (now !== before) return false;
    }
    return true;
  }

  async function secretOf(name: string, path: string): Promise<Buffer> {
    if (folder === null) throw new TenantFileError('cannot be read, for the store has no `secrets` folder');
    return readOwnSecret(folder, name, path);
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
