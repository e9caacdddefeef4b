import type { ClientContext, ClientTls, EnquiryLimits } from './client.ts';
import type { Milliseconds } from './quantity.ts';
import type { RedisSettings } from './redis-settings.ts';
import type { Result } from './result.ts';
import type { Secret } from './secret.ts';

/** A store of clients outside of the settings file: one record for each tenant, read when it is first needed. */
export interface ClientStoreSettings extends RecordStoreSettings {
  readonly source: ClientStoreSource;
}

/** What holds wherever the records are. */
export interface RecordStoreSettings {
  /** What of a request names its tenant. */
  readonly by: TenantKey;
  /** A record in use is looked at again when the last look is this old. */
  readonly recheck: Milliseconds;
  /** How long "there is no such tenant" is remembered. */
  readonly missing: Milliseconds;
  /** The longest that reading one record may take. */
  readonly timeout: Milliseconds;
  /** Tenants in memory at most; what was used longest ago goes first. As many absent ones are remembered. */
  readonly entries: number;
  /** Bounds on records being read at once. */
  readonly limits: EnquiryLimits;
}

export type ClientStoreSource =
  DirectorySettings | HttpStoreSettings | KeyvStoreSettings | ModuleStoreSettings;

/** Records are trusted less than the settings file, whoever keeps them: this is what the operator permits. */
export interface RecordTrust {
  /** Absolute. Holds a folder of its own for each tenant; `null`: records can refer to no file. */
  readonly secrets: string | null;
  /** What issuers and endpoints of records must fit. */
  readonly issuers: readonly string[];
}

export interface DirectorySettings extends RecordTrust {
  readonly kind: 'directory';
  /** Absolute. Holds `<tenant>.yaml` or `<tenant>.json`. */
  readonly path: string;
}

/** A service that is asked with GET for one tenant at a time. */
export interface HttpStoreSettings extends RecordTrust {
  readonly kind: 'http';
  /** With one `{tenant}` behind the host. */
  readonly url: string;
  /** Sent with each question. Names in lower case. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
  /** The longest that `Cache-Control` of an answer may put off the next question. */
  readonly maxAge: Milliseconds;
  readonly tls: ClientTls;
}

/** A store that replicas share and others may reach, with sealed records. */
export interface KeyvStoreSettings extends RecordTrust {
  readonly kind: 'keyv';
  readonly store:
    | { readonly kind: 'redis'; readonly redis: RedisSettings }
    /** A module that gives a Keyv store adapter. `path` is absolute. */
    | { readonly kind: 'module'; readonly path: string };
  /** What records are sealed with, the newest first; at least one. Base64 of exactly 32 bytes. */
  readonly keys: readonly Secret[];
}

/** Code of the operator's. */
export interface ModuleStoreSettings extends RecordTrust {
  readonly kind: 'module';
  /** Absolute. Its default export is a `ClientStoreModule`, or makes one. */
  readonly path: string;
}

export type TenantKey =
  | { readonly kind: 'host' }
  /** The server name of the client's TLS handshake with the gateway. */
  | { readonly kind: 'serverName' }
  /** Name in lower case. */
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'context'; readonly name: string }
  /** A text in the metadata of the route that the gateway chose. */
  | { readonly kind: 'metadata'; readonly namespace: string; readonly key: string }
  /** Segment of the path, counted from 1. */
  | { readonly kind: 'segment'; readonly position: number };

/** A record as a store holds it: text, and the way to the files that it may refer to. */
export interface ClientRecord {
  readonly name: string;
  /** YAML or JSON, in the words of `clients.<name>`. */
  readonly text: string;
  /** @param path as the record writes it. Rejects for what does not belong to the tenant. */
  readonly readSecret: (path: string) => Promise<Buffer>;
}

/** Reads a record, which is trusted less than the settings file. The failure is for the operator and holds no secret. */
export type ReadClientRecord = (record: ClientRecord) => Promise<Result<ClientContext, string>>;
