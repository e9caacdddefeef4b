import {
  type ClientContext,
  type ClientStoreModule,
  type ClientStoreRequest,
  classOf,
  type Result,
  type SecretValue,
  type Soon,
  withClientSecret,
} from '../domain/index.ts';
import { recordOfCode, type RecordOfCode } from './record-of-code.ts';
import type { RecordReader, RecordVersion } from './record-reader.ts';
import { cannotAsk, cannotUse, type Reading, type RecordSource } from './record-source.ts';
import { viewOf } from './request-view.ts';

/** Of a record whose secret is a function: the latest one that code has given us. */
interface SecretCell {
  current: (request: ClientStoreRequest | null) => Soon<SecretValue>;
}

export interface ModuleVersion extends RecordVersion {
  readonly secret: SecretCell | null;
}

/**
 * Records that code of the operator's makes.
 *
 * In: a tenant and a view of the request. Out: a record, held to the same rules as those of every other store: the code
 * is trusted like ours, what it read somewhere is not.
 * Never: an exception of that code, a word of one, a credential of the request in its hands.
 *
 * @param parts `loaded` settles with the module, or with what is wrong with it, reading on after `the module`.
 */
export function createModuleSource({
  reader,
  loaded,
}: {
  readonly reader: RecordReader;
  readonly loaded: Promise<Result<ClientStoreModule, string>>;
}): RecordSource<ModuleVersion> {
  return {
    hasFamilies: false,
    async read(name, known, { request, signal }) {
      const module = await loaded;
      if (!module.ok) return cannotAsk(`cannot be asked for: the module ${module.failure}`);
      try {
        const given = await module.value.record(name, viewOf(request), signal);
        if (given === null || given === undefined) return { kind: 'missing' };
        const record = await recordOfCode(given);
        return record.ok ? await take(name, record.value, known) : cannotUse(record.failure);
      } catch (error) {
        return cannotAsk(`cannot be asked for: the module threw ${classOf(error)}`);
      }
    },
    // It does without being told, where that fails.
    watch: (changed) => void listen(changed).catch(() => undefined),
  };

  async function listen(changed: (tenant: string) => void): Promise<void> {
    const module = await loaded;
    if (!module.ok) return;
    // It may be async for all we know.
    const told: unknown = module.value.onChange?.(changed);
    await told;
  }

  async function take(
    name: string,
    { content, secretFrom }: RecordOfCode,
    known: ModuleVersion | null,
  ): Promise<Reading<ModuleVersion>> {
    const reading = await reader.read(name, content, known);
    if (reading.kind !== 'read' && reading.kind !== 'unchanged') return reading;
    if (secretFrom === null) return { ...reading, version: { ...reading.version, secret: null } };

    // The same cell for as long as the tenant is known: a client that stays the same client asks the latest function.
    const secret = known?.secret ?? { current: secretFrom };
    secret.current = secretFrom;
    const version = { ...reading.version, secret };
    if (reading.kind === 'unchanged') return { ...reading, version };
    if (!('secret' in reading.client.authentication))
      return cannotUse('has a secret that its `auth` does not use');
    return { ...reading, client: asking(reading.client, secret), version };
  }
}

function asking(client: ClientContext, secret: SecretCell): ClientContext {
  return Object.freeze(
    withClientSecret(client, (request) => secret.current(request === null ? null : viewOf(request))),
  );
}
