import type { JsonObject } from './json.ts';
import type { Soon } from './soon.ts';
import type { SecretValue } from './secret-source.ts';

/**
 * A client store of your own: the default export of the module that `clientStore.module` names, or what a function
 * that is its default export makes (it may be async, and is called once).
 *
 * ```ts
 * export default {
 *   record: async (tenant) => (await database.find(tenant)) ?? null,
 * } satisfies ClientStoreModule;
 * ```
 */
export interface ClientStoreModule {
  /**
   * The record of a tenant; `null` where there is none. Asked when a tenant is first needed and when the last answer is
   * `recheck` old, not for each request. What it throws, and whatever takes longer than `timeout`, is a failure of the
   * store: tenants in memory go on.
   *
   * @param request the one that made us ask. Others of the same tenant get the same record.
   * @param signal aborts when nobody waits any more.
   */
  record(
    tenant: string,
    request: ClientStoreRequest,
    signal: AbortSignal,
  ): Soon<ClientStoreRecord | null | undefined>;
  /** Is given what to call when a tenant's record has changed, so that nobody waits for `recheck`. */
  onChange?(changed: (tenant: string) => void): void;
  /** Called when the store is no longer used. */
  close?(): Soon<void>;
}

/** The words of `clients.<name>` of the settings file that records may have, and more ways to a secret. */
export interface ClientStoreRecord {
  /** Whose tokens are its; answers speak for no other issuer but those in `acceptIssuers`. */
  readonly issuer: string;
  readonly clientId: string | FileReference;
  readonly clientSecret?: ClientStoreSecret | undefined;
  readonly [key: string]: unknown;
}

/** A file in the tenant's own folder below `clientStore.secrets`. */
export interface FileReference {
  readonly file: string;
}

/**
 * A secret, a promise of it, a file, or a function that is asked for each enquiry: with the request that caused it, or
 * `null` where none did.
 */
export type ClientStoreSecret =
  | SecretValue
  | PromiseLike<SecretValue>
  | FileReference
  | ((request: ClientStoreRequest | null) => Soon<SecretValue>);

/** A request as the code of a client store may see it: to look at, without credentials. */
export interface ClientStoreRequest {
  readonly method: string;
  /** The request target as sent, query included. */
  readonly path: string;
  /** Authority as sent. */
  readonly host: string;
  readonly scheme: string | null;
  /** Every value of a header in order of arrival; none of `authorization`, `proxy-authorization` and `cookie`. */
  header(name: string): readonly string[];
  /** An entry of Envoy's `context_extensions`. */
  context(name: string): string | null;
  /** Server name of the TLS handshake. */
  readonly serverName: string | null;
  readonly clientAddress: string | null;
  /** Metadata of Envoy's route, by namespace. */
  readonly routeMetadata: JsonObject;
}
