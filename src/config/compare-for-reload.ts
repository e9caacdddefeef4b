import type { DoorTls } from '../domain/index.ts';
import { isEqual } from './equal.ts';
import { formOfRedis } from './redis-settings.ts';
import type {
  AdminDoorSettings,
  GrpcDoorSettings,
  HttpDoorSettings,
  Settings,
  SharedCacheSettings,
} from './settings.ts';

/**
 * Names the keys whose change needs a restart: `listen`, `cache.shared` and modules of a client store, the content of
 * certificates and secrets apart: a rotated one must not hold up every later reload. A file that changes one of these keys is refused as a
 * whole, so that no half of it is ever in force.
 */
export function compareForReload(inForce: Settings, next: Settings): readonly string[] {
  return [
    ...changedDoors('listen.grpc', inForce.listen.grpc, next.listen.grpc),
    ...changedDoors('listen.http', inForce.listen.http, next.listen.http),
    ...changed('listen', inForce.listen, next.listen, ['health']),
    ...changed(
      'listen',
      { admin: formOfAdmin(inForce.listen.admin) },
      { admin: formOfAdmin(next.listen.admin) },
      ['admin'],
    ),
    ...changed(
      'cache',
      { shared: formOfShared(inForce.cache.shared) },
      { shared: formOfShared(next.cache.shared) },
      ['shared'],
    ),
    ...changedModule(inForce, next),
  ];
}

/** Code is loaded when the instance starts. */
function changedModule(
  { clientStore: inForce }: Settings,
  { clientStore: next }: Settings,
): readonly string[] {
  const [before, after] = [codeOf(inForce), codeOf(next)];
  return after === null || isEqual(before, after) ? [] : [after.key];
}

function codeOf(store: Settings['clientStore']): { readonly key: string; readonly path: string } | null {
  if (store?.source.kind === 'module') return { key: 'clientStore.module', path: store.source.path };
  if (store?.source.kind !== 'keyv' || store.source.store.kind !== 'module') return null;
  return { key: 'clientStore.keyv.module', path: store.source.store.path };
}

function changedDoors<Door extends GrpcDoorSettings | HttpDoorSettings>(
  key: string,
  before: readonly Door[],
  after: readonly Door[],
): readonly string[] {
  if (before.length !== after.length) return [key];
  return before.flatMap((door, index) => {
    const next = after[index];
    return next === undefined ? [key] : changedKeys(`${key}[${index}]`, formOf(door), formOf(next));
  });
}

/** How a door opens: of its certificates and its secret, whether there are any and not what is in them. */
function formOf(door: GrpcDoorSettings | HttpDoorSettings): object {
  const form = { ...door, tls: tlsForm(door.tls) };
  return 'secretHeader' in form ? { ...form, secretHeader: form.secretHeader?.name ?? null } : form;
}

function formOfAdmin({ address, tls, bearer }: AdminDoorSettings): object {
  return { address, tls: tlsForm(tls), isSecret: bearer !== null };
}

function tlsForm(tls: DoorTls | null): string {
  if (tls === null) return 'plain';
  if (tls.clientCa === null) return 'TLS';
  return `TLS with client certificates of ${tls.allowedPeers?.join() ?? 'anybody'}`;
}

/** Where the store is and how it is spoken to: of passwords and certificates nothing. */
function formOfShared(shared: SharedCacheSettings | null): object | null {
  if (shared === null) return null;
  const { store, timeout } = shared;
  return { timeout, store: store.kind === 'redis' ? formOfRedis(store.redis) : store };
}

function changed<Group extends object>(
  key: string,
  before: Group,
  after: Group,
  members: readonly (keyof Group & string)[],
): readonly string[] {
  return members
    .filter((member) => !isEqual(before[member], after[member]))
    .map((member) => `${key}.${member}`);
}

function changedKeys(key: string, before: object, after: object): readonly string[] {
  const values = new Map(Object.entries(after));
  return Object.entries(before).flatMap(([member, value]) =>
    isEqual(value, values.get(member)) ? [] : [`${key}.${member}`],
  );
}
