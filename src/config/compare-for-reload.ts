import type { DoorTls } from '../domain/index.ts';
import { isEqual } from './equal.ts';
import type { GrpcDoorSettings, HttpDoorSettings, Settings } from './settings.ts';

/**
 * Names the keys whose change needs a restart: `listen` (certificates apart) and `cache.shared`. A file that
 * changes one of them is refused as a whole, so that no half of it is ever in force.
 */
export function compareForReload(inForce: Settings, next: Settings): readonly string[] {
  return [
    ...changedDoors('listen.grpc', inForce.listen.grpc, next.listen.grpc),
    ...changedDoors('listen.http', inForce.listen.http, next.listen.http),
    ...changed('listen', inForce.listen, next.listen, ['health', 'admin']),
    ...changed('cache', inForce.cache, next.cache, ['shared']),
  ];
}

function changedDoors<Door extends GrpcDoorSettings | HttpDoorSettings>(
  key: string,
  before: readonly Door[],
  after: readonly Door[],
): readonly string[] {
  if (before.length !== after.length) return [key];
  return before.flatMap((door, index) => {
    const next = after[index];
    return next === undefined
      ? [key]
      : changedKeys(`${key}[${index}]`, withoutCertificates(door), withoutCertificates(next));
  });
}

/** What a door's certificates mean for how it opens: whether there are any, not what is in them. */
function withoutCertificates(door: GrpcDoorSettings | HttpDoorSettings): object {
  return { ...door, tls: tlsForm(door.tls) };
}

function tlsForm(tls: DoorTls | null): string {
  if (tls === null) return 'plain';
  return tls.clientCa === null ? 'TLS' : 'TLS with client certificates';
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
