import { isIP } from 'node:net';
import { canonicalAddress, fail, type Result, succeed } from '../domain/index.ts';

/** Addresses that begin with the same bits (RFC 4632, RFC 4291 section 2.3). */
export interface AddressRange {
  readonly family: 4 | 6;
  /** The bits that they have in common, without those behind them. */
  readonly prefix: bigint;
  readonly bits: number;
}

/** Reads `10.0.0.0/8` or `2001:db8::/32`. The failure says what would be right. */
export function parseAddressRange(text: string): Result<AddressRange, string> {
  const [, written = '', digits = ''] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = readAddress(written);
  const bits = Number(digits);
  if (address === null || bits > address.width || isIP(written) !== address.family)
    return fail('is not an address range; write it with its length, as in 10.0.0.0/8 or 2001:db8::/32');
  const { family, value, width } = address;
  return succeed({ family, prefix: value >> BigInt(width - bits), bits });
}

/** @param text an address in any spelling; anything else is in no range. */
export function isInRange(ranges: readonly AddressRange[], text: string): boolean {
  const address = readAddress(text);
  if (address === null) return false;
  const { family, value, width } = address;
  return ranges.some(
    (range) => range.family === family && value >> BigInt(width - range.bits) === range.prefix,
  );
}

/** Ranges form a tree: two of them have addresses in common only where one holds the other. */
export function holdsRange(wide: AddressRange, narrow: AddressRange): boolean {
  return (
    wide.family === narrow.family &&
    wide.bits <= narrow.bits &&
    narrow.prefix >> BigInt(narrow.bits - wide.bits) === wide.prefix
  );
}

interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly width: number;
}

function readAddress(text: string): Address | null {
  const address = canonicalAddress(text);
  if (address === null) return null;
  if (isIP(address) === 4) {
    const value = address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
    return { family: 4, value, width: 32 };
  }
  const [head = '', tail] = withoutDots(address).split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const groups = tail === undefined ? front : [...front, ...zeros, ...back];
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  return { family: 6, value, width: 128 };
}

/** `64:ff9b::192.0.2.1` has its last 32 bits in decimal. */
function withoutDots(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}
