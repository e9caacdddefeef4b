import type { RequestContext } from '../domain/index.ts';

/** RFC 9110 section 9.2.1. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Whether a request with a cookie cannot be the work of a page of strangers: browsers send cookies along with whatever
 * any page asks of a host, and say in `Origin` which page it is (RFC 6454 section 7).
 *
 * A request that changes nothing needs no origin, but one that opens a WebSocket does: its answers can be read by the
 * page that opened it.
 * @param origins in the form of `Origin`; none: that of the requested host.
 */
export function isOwnPage(context: RequestContext, origins: readonly string[]): boolean {
  const { method, headers } = context;
  const opensSocket = headers.values('upgrade').length > 0 || headers.values('sec-websocket-key').length > 0;
  if (SAFE_METHODS.has(method) && !opensSocket) return true;

  const [origin, ...others] = headers.values('origin');
  if (origin === undefined || others.length > 0) return false;
  return origins.length > 0 ? origins.includes(origin) : origin === originOf(context);
}

/** `null`: nobody told the scheme. */
function originOf({ scheme, host }: RequestContext): string | null {
  if (scheme === null) return null;
  const standard = `:${PORTS[scheme] ?? ''}`;
  const authority = host.toLowerCase();
  return `${scheme}://${authority.endsWith(standard) ? authority.slice(0, -standard.length) : authority}`;
}
