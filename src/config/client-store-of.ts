import { resolve } from 'node:path';
import {
  type ClientStoreSettings,
  type ClientStoreSource,
  type HttpStoreSettings,
  type RecordTrust,
  Secret,
  type TenantKey,
} from '../domain/index.ts';
import { clientTlsOf } from './client-tls.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type StoreInput = NonNullable<SettingsInput['clientStore']>;
type Sources = Pick<References, 'textOf' | 'pemOf'>;

/** @param folder of the settings file: relative paths start there. */
export function clientStoreOf(store: StoreInput, sources: Sources, folder: string): ClientStoreSettings {
  const { by, recheck, missing, timeout, entries, limits } = store;
  return {
    source: sourceOf(store, sources, folder),
    by: tenantKeyOf(by),
    recheck,
    missing,
    timeout,
    entries,
    limits,
  };
}

function sourceOf({ directory, http }: StoreInput, sources: Sources, folder: string): ClientStoreSource {
  if (directory !== undefined)
    return { kind: 'directory', path: resolve(folder, directory.path), ...trustOf(directory, folder) };
  if (http !== undefined) return httpOf(http, sources, folder);
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

function tenantKeyOf(by: StoreInput['by']): TenantKey {
  if (by === 'host' || by === 'serverName') return { kind: by };
  const { header, context, metadata, segment } = by;
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
  if (context !== undefined) return { kind: 'context', name: context };
  if (metadata !== undefined) return { kind: 'metadata', ...metadata };
  if (segment !== undefined) return { kind: 'segment', position: segment };
  throw new TypeError('a tenant key without a kind was let through');
}
