import { type RedisPlace, type RedisSettings, type RedisTls, Secret } from '../domain/index.ts';
import type { References } from './references.ts';
import { type redis, redisPlaceOf } from './schema/redis.ts';
import type { z } from 'zod';

type RedisInput = z.output<ReturnType<typeof redis>>;
type Sources = Pick<References, 'textOf' | 'pemOf'>;
type Reference = Parameters<References['textOf']>[0];

/** A `redis` map that `checkRedis` found nothing wrong with. */
export function redisSettingsOf(input: RedisInput, sources: Sources): RedisSettings {
  const { url, username, password } = input;
  const isTls = input.tls !== undefined || (url !== undefined && redisPlaceOf(url).isTls);
  return {
    place: placeOf(input, sources),
    username: username ?? null,
    password: secretOf(password, sources),
    tls: isTls ? tlsOf(input.tls ?? {}, sources) : null,
  };
}

function placeOf({ url, sentinel, cluster }: RedisInput, sources: Sources): RedisPlace {
  if (url !== undefined) {
    const { node, database } = redisPlaceOf(url);
    return { kind: 'single', node, database };
  }
  if (sentinel !== undefined) {
    const { name, nodes, username, password } = sentinel;
    return {
      kind: 'sentinel',
      name,
      nodes,
      username: username ?? null,
      password: secretOf(password, sources),
    };
  }
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster };
  throw new TypeError('a setting is missing that was checked before');
}

function tlsOf({ ca, cert, key, serverName }: NonNullable<RedisInput['tls']>, { pemOf }: Sources): RedisTls {
  return {
    ca: ca === undefined ? null : pemOf(ca),
    certificate:
      cert === undefined || key === undefined ? null : { cert: pemOf(cert), key: new Secret(pemOf(key)) },
    serverName: serverName ?? null,
  };
}

function secretOf(reference: Reference | undefined, { textOf }: Sources): Secret | null {
  return reference === undefined ? null : new Secret(textOf(reference));
}

/** What of it needs a restart when it changes: passwords and the content of certificates do not. */
export function formOfRedis({ place, username, tls }: RedisSettings): object {
  return {
    place: 'password' in place ? { ...place, password: null } : place,
    username,
    isTls: tls !== null,
  };
}
