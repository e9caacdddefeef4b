import type { Secret } from './secret.ts';

/** A Redis that replicas share: where it is, and who we are there. */
export interface RedisSettings {
  readonly place: RedisPlace;
  /** Of an ACL user; `null`: the default user. */
  readonly username: string | null;
  /** `null`: none is sent. */
  readonly password: Secret | null;
  /** `null`: in clear. */
  readonly tls: RedisTls | null;
}

export type RedisPlace =
  | {
      readonly kind: 'single';
      readonly node: RedisNode;
      /** Number of the database; 0 unless the URL says otherwise. */
      readonly database: number;
    }
  | {
      readonly kind: 'sentinel';
      /** Of the group of servers that the sentinels watch. */
      readonly name: string;
      /** Some of the sentinels; the others are found through them. */
      readonly nodes: readonly RedisNode[];
      /** For the sentinels themselves; `null`: none is sent. */
      readonly username: string | null;
      readonly password: Secret | null;
    }
  | {
      readonly kind: 'cluster';
      /** Some of the servers; the others are found through them. */
      readonly nodes: readonly RedisNode[];
    };

export interface RedisNode {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface RedisTls {
  /** PEM; `null`: the authorities that Node trusts. */
  readonly ca: string | null;
  /** PEM, for a server that demands a client certificate. */
  readonly certificate: { readonly cert: string; readonly key: Secret } | null;
  /** The name that the server's certificate must carry; `null`: the host that is connected to. */
  readonly serverName: string | null;
}
