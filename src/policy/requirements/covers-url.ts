import { canonicalHost, canonicalPath } from '../../matching/index.ts';
import type { RequestFacts } from '../request-facts.ts';

const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
/** Scheme, authority, path: what a resource indicator is made of (RFC 8707 section 2). A query or fragment is none. */
const RESOURCE = /^(https?):\/\/([^/?#@\\]+)(\/[^?#\\]*)?$/i;

/**
 * Whether an audience is the URL of a resource that the request is for: the same scheme, host and port, and a path that
 * is the requested one or lies above it, on the border of a segment (RFC 8707, RES-2).
 * Never: true for a request whose scheme is not known.
 */
export function coversUrl(audience: string, { context, host, path }: RequestFacts): boolean {
  const [, scheme = '', authority = '', resourcePath = '/'] = RESOURCE.exec(audience) ?? [];
  if (context === null || context.scheme === null || scheme.toLowerCase() !== context.scheme) return false;
  if (canonicalHost(authority) !== host) return false;
  if (portOf(authority, context.scheme) !== portOf(context.host, context.scheme)) return false;

  const resource = canonicalPath(Buffer.from(resourcePath, 'utf8').toString('latin1'));
  if (resource.kind === 'malformed' || resource.unmerged !== null || resource.opaque.length > 0) return false;
  const prefix = withoutLastSlash(resource.path);
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

function portOf(authority: string, scheme: string): string {
  const [, port = ''] = /:([0-9]{1,5})$/.exec(authority.replace(/^\[.*\]/, '')) ?? [];
  return port === '' ? (PORTS[scheme] ?? '') : port.replace(/^0+(?=.)/, '');
}

function withoutLastSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
