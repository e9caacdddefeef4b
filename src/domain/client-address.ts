import { isIP, SocketAddress } from 'node:net';

/**
 * The address that `X-Forwarded-For` gives for the client.
 *
 * Each proxy adds the address of whom it talked to at the right end, so the entries there are as trustworthy as the
 * proxies that wrote them; everything further left is what strangers say.
 *
 * @param lines field values in order of arrival. @param trustedHops entries from the right that name our own proxies;
 * the next one is the client. Out: `null` when there is no such entry, or when it is no address.
 */
export function forwardedAddress(lines: readonly string[], trustedHops: number): string | null {
  if (lines.length === 0) return null;
  const entries = lines.join(',').split(',');
  return canonicalAddress(withoutPort((entries.at(-1 - trustedHops) ?? '').trim()));
}

/**
 * An IP address in the one spelling in which addresses are compared: the shortest in lower case, an IPv4 address
 * within IPv6 (`::ffff:192.0.2.1`) as IPv4. `null` when it is none.
 */
export function canonicalAddress(text: string): string | null {
  const address = text.replace(/^::ffff:(?=[0-9]+\.)/i, '');
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      // A zone names an interface of one machine.
      return address.includes('%') ? null : new SocketAddress({ address, family: 'ipv6' }).address;
    default:
      return null;
  }
}

/** Some load balancers write the port too: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(entry);
  if (bracketed !== null) return bracketed[1] ?? '';
  return entry.replace(/^([0-9.]+):[0-9]{1,5}$/, '$1');
}
