/**
 * What counts as one source: an IPv4 address, or the /64 of an IPv6 address, which one subscriber has as a whole.
 *
 * @param address in its shortest spelling, as `clientAddress` gives it.
 */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  const [before = '', after = ''] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === '' ? [] : after.split(':');
  const groups = address.includes('::')
    ? [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail]
    : head;
  return groups.slice(0, 4).join(':');
}
