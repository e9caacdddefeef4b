import type { Settings } from '../config/index.ts';
import {
  type ClientContext,
  type ClientStoreSettings,
  type Clock,
  fail,
  milliseconds,
  monotonicMilliseconds,
  type RequestContext,
  type Result,
  succeed,
} from '../domain/index.ts';
import { openRecords } from './record-stores.ts';
import { StoreModuleError } from './shared-store.ts';
import { systemRandomness } from './system.ts';

/** The client of that name, of the file or of a client store, or what is wrong with the name or its record. */
export async function namedClient(
  name: string | null,
  { clients, clientStore }: Settings,
  clock: Clock,
): Promise<Result<ClientContext, string>> {
  if (clientStore !== null)
    return name === null ? fail('--client must name a tenant') : readTenant(name, clientStore, clock);
  const [first] = clients;
  if (name === null && first !== undefined && clients.length === 1) return succeed(first);
  const known = clients.map((client) => client.name).join(', ');
  if (name === null) return fail(`--client must name one of the clients: ${known}`);
  const found = clients.find((client) => client.name === name);
  return found === undefined ? fail(`there is no client of that name; known: ${known}`) : succeed(found);
}

async function readTenant(
  name: string,
  settings: ClientStoreSettings,
  clock: Clock,
): Promise<Result<ClientContext, string>> {
  const records = openRecords(settings, { clock, randomness: systemRandomness, observe: () => undefined });
  try {
    await records.opened();
    await records.connected(settings.timeout);
    const waitUntil = monotonicMilliseconds(clock.monotonic() + PATIENCE);
    const answer = await records.store.get(name, { ...NOBODYS_REQUEST, waitUntil });
    if (answer.ok) return answer;
    const { failure } = answer;
    if (failure.kind === 'deny') return fail('the client store has no record of that name');
    return fail(failure.fault.detail ?? failure.fault.reason);
  } catch (error) {
    if (error instanceof StoreModuleError) return fail(error.message);
    throw error;
  } finally {
    await records.close().catch(() => undefined);
  }
}

const PATIENCE = milliseconds(10_000);

/** The tenant is named; no request is needed to tell which it is. */
const NOBODYS_REQUEST: Omit<RequestContext, 'waitUntil'> = {
  door: 'grpc',
  requestId: null,
  method: '',
  path: '',
  host: '',
  scheme: null,
  headers: { values: () => [], names: [], oddNames: [] },
  contextExtensions: new Map(),
  clientAddress: null,
  serverName: null,
  peerPrincipal: null,
  routeMetadata: {},
  filterMetadata: {},
};
