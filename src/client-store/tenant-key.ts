import { isJsonObject, type RequestContext, type TenantKey, unreachable } from '../domain/index.ts';
import { canonicalHost, canonicalPath, readingsBeside } from '../matching/index.ts';

/** The name of the tenant that a request is for; `null`: it names none, or nobody can tell which. */
export type TenantOf = (request: RequestContext) => string | null;

/**
 * Finds what names the tenant of a request.
 *
 * In: a request, all of it written by a stranger. Out: a name that can be the name of a file, or nothing.
 * Never: a separator, a dot in front, more than a file name can hold.
 */
export function createTenantOf(by: TenantKey): TenantOf {
  const find = finder(by);
  return (request) => {
    const name = find(request);
    return name !== null && isTenantName(name) ? name : null;
  };
}

/** Whether what names a tenant is a host, so that hosts of a family can have one record. */
export function isHostKey({ kind }: TenantKey): boolean {
  return kind === 'host' || kind === 'serverName';
}

/** Letters, digits, `.`, `_` and `-`, neither dot nor dash in front: a host name, or the like. */
export function isTenantName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(text);
}

function finder(by: TenantKey): TenantOf {
  switch (by.kind) {
    case 'host':
      return ({ host }) => canonicalHost(host);
    case 'serverName':
      return ({ serverName }) => (serverName === null ? null : canonicalHost(serverName));
    case 'header':
      return ({ headers }) => {
        // Exactly once: of two values the upstream may read the other one.
        const [value, second] = headers.values(by.name);
        return second === undefined ? (value ?? null) : null;
      };
    case 'context':
      return ({ contextExtensions }) => contextExtensions.get(by.name) ?? null;
    case 'metadata':
      return ({ routeMetadata }) => {
        const namespace = routeMetadata[by.namespace];
        const value = isJsonObject(namespace) ? namespace[by.key] : undefined;
        return typeof value === 'string' ? value : null;
      };
    case 'segment':
      return ({ path }) => segmentOf(path, by.position);
    default:
      return unreachable(by);
  }
}

/** A segment that every server reads alike, whatever it makes of the rest of the path. */
function segmentOf(target: string, position: number): string | null {
  const read = canonicalPath(target);
  if (read.kind === 'malformed') return null;
  const segment = read.path.split('/')[position] ?? null;
  const isAmbiguous = readingsBeside(read).some(
    ({ path }) => path === null || path.split('/')[position] !== segment,
  );
  return isAmbiguous ? null : segment;
}
