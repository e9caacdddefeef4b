/** A client store to measure, in a process of its own. */
export interface TenantsJob {
  readonly kind: 'directory' | 'http' | 'keyv';
  /** The folder, the URL of the service, or that of Redis. */
  readonly place: string;
  /** Of the seal, in base64. */
  readonly key: string;
  readonly tenants: number;
  /** Tenants in memory at most. */
  readonly entries: number;
  /** Whether the question of each is prepared, too, as for its first token. */
  readonly isAsked: boolean;
}

export interface TenantsMeasured {
  /** Bytes, when every tenant was looked at once. */
  readonly residentMemory: number;
  readonly inMemory: number;
  /** Microseconds of processor time for one first look, 64 at a time. */
  readonly look: number;
  /** Nanoseconds of processor time for the answer about a tenant in memory; the least of several rounds. */
  readonly lookup: number;
}

export const tenantName = (index: number): string => `tenant-${index}.example.com`;

/** A record as tenants have them, about 250 bytes. */
export function tenantRecord(name: string): string {
  return JSON.stringify({
    issuer: `https://idp.example.com/tenants/${name}`,
    clientId: `gateway-of-${name}`,
    clientSecret: `secret-of-${name}-of-thirty-two-bytes-or-more`,
    introspection: { endpoint: `https://idp.example.com/tenants/${name}/introspect` },
  });
}

export const ISSUERS = ['https://idp.example.com/tenants'];
