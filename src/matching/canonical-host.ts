import { isIPv6, SocketAddress } from 'node:net';

/** Labels of letters, digits, hyphens and, as container networks use them, underscores (RFC 1123 section 2.1). */
const HOST_NAME = /^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/;
const HOST_NAME_LENGTH_MAX = 253;
const PORT = /:[0-9]{0,5}$/;
/** Authorities that are longer need no look. */
const AUTHORITY_LENGTH_MAX = 300;

/**
 * Puts an authority into the one form in which hosts are compared (design, section 6).
 *
 * In: the authority as sent. Out: lower case, without port and one trailing dot; IPv6 addresses in brackets and in
 * their shortest spelling; `null` when it is empty or neither a host name nor an IP literal.
 */
export function canonicalHost(authority: string): string | null {
  if (authority.length > AUTHORITY_LENGTH_MAX) return null;
  const host = authority.replace(PORT, '');
  if (host.startsWith('[')) return canonicalAddress(host);

  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  if (name.length > HOST_NAME_LENGTH_MAX || !HOST_NAME.test(name)) return null;
  return name.toLowerCase();
}

function canonicalAddress(literal: string): string | null {
  const address = literal.slice(1, -1);
  // A zone identifier names an interface of one machine; no rule can mean it.
  if (!literal.endsWith(']') || address.includes('%') || !isIPv6(address)) return null;
  return `[${new SocketAddress({ address, family: 'ipv6' }).address}]`;
}
