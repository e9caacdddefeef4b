import type { ClientContext, EnquiryLimits } from './client.ts';
import type { Milliseconds } from './quantity.ts';
import type { Result } from './result.ts';

/** A store of clients outside of the settings file: one record for each tenant, read when it is first needed. */
export interface ClientStoreSettings {
  readonly directory: DirectorySettings;
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

export interface DirectorySettings {
  /** Absolute. Holds `<tenant>.yaml` or `<tenant>.json`. */
  readonly path: string;
  /** Absolute. Holds a folder of its own for each tenant; `null`: records can refer to no file. */
  readonly secrets: string | null;
  /** What issuers and endpoints of records must fit. */
  readonly issuers: readonly string[];
}

export type TenantKey =
  | { readonly kind: 'host' }
  /** Name in lower case. */
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'context'; readonly name: string }
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
