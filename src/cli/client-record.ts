import { readFile } from 'node:fs/promises';
import {
  createRecordReader,
  entryNameOf,
  isTenantName,
  sealRecord,
  unsealRecord,
} from '../client-store/index.ts';
import { formatProblem, readClientRecord, showClientRecord } from '../config/index.ts';
import {
  classOf,
  codeOf,
  type ClientStoreSettings,
  type KeyvStoreSettings,
  monotonicMilliseconds,
  type Seal,
} from '../domain/index.ts';
import { withinBudget } from '../bounds/index.ts';
import { recordSealOf } from './record-stores.ts';
import { readSettingsFile } from './settings-file.ts';
import { connectedWithin, openSharedStore, type SharedStore, StoreModuleError } from './shared-store.ts';
import { systemClock, systemRandomness } from './system.ts';
import type { ExitCode, World } from './world.ts';

export interface ClientRecordOptions {
  readonly config: string;
  /** What stands behind `client`. */
  readonly words: readonly string[];
  /** The record to put. */
  readonly file: string | null;
}

type Say = Pick<World, 'writeOut' | 'writeError'>;

/** What the three verbs work with. */
interface Shelf {
  readonly name: string;
  readonly shared: SharedStore;
  readonly seal: Seal;
  readonly source: KeyvStoreSettings;
  /** One call of the store, within its time. @throws Error when it fails or takes longer. */
  readonly ask: <Value>(call: () => Promise<Value>) => Promise<Value>;
}

/**
 * `gatehouse client put|get|delete NAME`: the records of `clientStore.keyv`, sealed as instances expect them.
 * Exit 1 when the store cannot be reached or holds no such record, 2 for a record that would not be accepted.
 */
export async function clientRecord(
  world: World,
  { config, words, file }: ClientRecordOptions,
): Promise<ExitCode> {
  const [verb = '', name = '', ...rest] = words;
  const act = VERBS.get(verb);
  if (act === undefined || rest.length > 0 || (verb === 'put') !== (file !== null))
    return wrong(world, 'write: client put NAME --file FILE, client get NAME, or client delete NAME');
  if (!isTenantName(name))
    return wrong(
      world,
      'the name of a tenant has up to 200 letters, digits and . _ -, a letter or digit first',
    );

  const read = await readSettingsFile(config, world, { offline: false });
  if (!read.ok) {
    for (const problem of read.failure) world.writeError(`${formatProblem(problem)}\n`);
    return 2;
  }
  const { clientStore } = read.value;
  if (clientStore?.source.kind !== 'keyv') return wrong(world, 'the settings name no `clientStore.keyv`');
  return withShelf(world, name, { ...clientStore, source: clientStore.source }, (shelf) =>
    act(world, shelf, file ?? ''),
  );
}

const VERBS: ReadonlyMap<string, (say: Say, shelf: Shelf, file: string) => Promise<ExitCode>> = new Map([
  ['put', put],
  ['get', get],
  ['delete', remove],
]);

async function put(say: Say, { name, shared, seal, source, ask }: Shelf, file: string): Promise<ExitCode> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    return wrong(say, `${file} cannot be read (${codeOf(error)})`);
  }
  // The same reading as that of an instance: what it would refuse does not get there.
  const reader = createRecordReader({ readRecord: (record) => readClientRecord(record, source) }, source);
  const reading = await reader.read(name, content, null);
  if (reading.kind === 'failed') return wrong(say, `${file}: the record ${reading.detail}`);

  const isStored = await ask(() => shared.store.set(entryNameOf(name), sealRecord(seal, name, content)));
  if (!isStored) return failed(say, 'the store did not take the record');
  say.writeOut(`${name}: sealed and stored\n`);
  return 0;
}

async function get(say: Say, { name, shared, seal, ask }: Shelf): Promise<ExitCode> {
  const stored = await ask(() => shared.store.get(entryNameOf(name)));
  if (stored === undefined) return failed(say, `there is no record of ${name}`);
  const record = unsealRecord(seal, name, stored);
  if (record === null) return failed(say, `the record of ${name} is not sealed for it with a key of ours`);
  say.writeOut(showClientRecord(record.toString('utf8')));
  return 0;
}

async function remove(say: Say, { name, shared, ask }: Shelf): Promise<ExitCode> {
  if (!(await ask(() => shared.store.delete(entryNameOf(name)))))
    return failed(say, `there is no record of ${name}`);
  say.writeOut(`${name}: deleted\n`);
  return 0;
}

async function withShelf(
  say: Say,
  name: string,
  { source, timeout }: ClientStoreSettings & { readonly source: KeyvStoreSettings },
  act: (shelf: Shelf) => Promise<ExitCode>,
): Promise<ExitCode> {
  const parts = { clock: systemClock, randomness: systemRandomness, observe: () => undefined };
  let shared: SharedStore;
  try {
    shared = await openSharedStore(source.store, parts, 'clientStore.keyv');
  } catch (error) {
    if (error instanceof StoreModuleError) return wrong(say, error.message);
    throw error;
  }
  try {
    await connectedWithin(shared, timeout);
    const ask: Shelf['ask'] = async (call) => {
      const until = monotonicMilliseconds(systemClock.monotonic() + timeout);
      const outcome = await withinBudget(call(), until, systemClock);
      if (!outcome.ok) throw new SlowStore();
      return outcome.value;
    };
    return await act({ name, shared, seal: recordSealOf(source), source, ask });
  } catch (error) {
    return failed(
      say,
      `the store cannot be reached (${error instanceof SlowStore ? 'too slow' : classOf(error)})`,
    );
  } finally {
    await shared.close();
  }
}

class SlowStore extends Error {}

function wrong(say: Say, problem: string): ExitCode {
  say.writeError(`gatehouse: ${problem}\n`);
  return 2;
}

function failed(say: Say, problem: string): ExitCode {
  say.writeError(`gatehouse: ${problem}\n`);
  return 1;
}
