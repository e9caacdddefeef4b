import { resolve } from 'node:path';
import {
  type ClientStoreSettings,
  type ClientStoreSource,
  type HttpStoreSettings,
  type KeyvStoreSettings,
  type RecordTrust,
  Secret,
  type TenantKey,
} from '../domain/index.ts';
import { clientTlsOf } from './client-tls.ts';
import { redisSettingsOf } from './redis-settings.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type StoreInput = NonNullable<SettingsInput['clientStore']>;
type Sources = Pick<References, 'textOf' | 'pemOf'>;

/** What of the rest of the file a client store depends on. */
interface Surroundings {
  /** Of the settings file: relative paths start there. */
  readonly folder: string;
  readonly cacheKeys: readonly Secret[];
}

export function clientStoreOf(
  store: StoreInput,
  sources: Sources,
  surroundings: Surroundings,
): ClientStoreSettings {
  const { by, recheck, missing, timeout, entries, limits } = store;
  return {
    source: sourceOf(store, sources, surroundings),
    by: tenantKeyOf(by),
    recheck,
    missing,
    timeout,
    entries,
    limits,
  };
}

function sourceOf(
  { directory, http, keyv, module, issuers = [], secrets }: StoreInput,
  sources: Sources,
  { folder, cacheKeys }: Surroundings,
): ClientStoreSource {
  if (directory !== undefined)
    return { kind: 'directory', path: resolve(folder, directory.path), ...trustOf(directory, folder) };
  if (http !== undefined) return httpOf(http, sources, folder);
  if (keyv !== undefined)
    return { ...keyvOf(keyv, sources, { folder, cacheKeys }), ...trustOf(keyv, folder) };
  if (module !== undefined)
    return { kind: 'module', path: resolve(folder, module), ...trustOf({ secrets, issuers }, folder) };
  throw new TypeError('a client store without a source was let through');
}

function trustOf(
  { secrets, issuers }: { readonly secrets?: string | undefined; readonly issuers: readonly string[] },
  folder: string,
): RecordTrust {
  return { secrets: secrets === undefined ? null : resolve(folder, secrets), issuers };
}

function httpOf(http: NonNullable<StoreInput['http']>, sources: Sources, folder: string): HttpStoreSettings {
  const { url, bearer, headers, maxAge, tls } = http;
  const given = Object.entries(headers).map(([name, value]) => ({
    name: name.toLowerCase(),
    value: new Secret(sources.textOf(value)),
  }));
  const authorization =
    bearer === undefined
      ? []
      : [{ name: 'authorization', value: new Secret(`Bearer ${sources.textOf(bearer)}`) }];
  return {
    kind: 'http',
    url,
    headers: [...authorization, ...given],
    maxAge,
    tls: clientTlsOf(tls, sources),
    ...trustOf(http, folder),
  };
}

function keyvOf(
  { redis, module, keys }: NonNullable<StoreInput['keyv']>,
  sources: Sources,
  { folder, cacheKeys }: Surroundings,
): Omit<KeyvStoreSettings, keyof RecordTrust> {
  const own = keys?.map((key) => new Secret(sources.textOf(key))) ?? cacheKeys;
  if (redis !== undefined)
    return { kind: 'keyv', store: { kind: 'redis', redis: redisSettingsOf(redis, sources) }, keys: own };
  if (module === undefined) throw new TypeError('a Keyv store without a place was let through');
  return { kind: 'keyv', store: { kind: 'module', path: resolve(folder, module) }, keys: own };
}

function tenantKeyOf(by: StoreInput['by']): TenantKey {
  if (by === 'host' || by === 'serverName') return { kind: by };
  const { header, context, metadata, segment } = by;
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
  if (context !== undefined) return { kind: 'context', name: context };
  if (metadata !== undefined) return { kind: 'metadata', ...metadata };
  if (segment !== undefined) return { kind: 'segment', position: segment };
  throw new TypeError('a tenant key without a kind was let through');
}
