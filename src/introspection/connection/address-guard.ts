import { BlockList, isIP } from 'node:net';
import { URL } from 'node:url';

import { LRUCache } from 'lru-cache';

import type { ClientContext, ResolvedAddress } from '../../domain/index.ts';

/**
 * Says where the connections of one client may go (T-14).
 *
 * In: an address as the operating system resolved it, just before it is connected to. Out: whether it may be.
 * Never: link-local, loopback or unspecified, in whatever clothes (IPv4-mapped, NAT64, 6to4), unless the client's
 * settings consent: by an address or `localhost` written in them, or by a range in `allowAddresses`.
 */
export type MayConnect = (address: ResolvedAddress) => boolean;

export function createAddressGuard(client: ConsentingSettings): MayConnect {
  const consented = [...client.allowAddresses, ...writtenDown(client)];
  return ({ address }) => {
    // A zone (`fe80::1%eth0`) says through which door, not to where.
    const [bare = ''] = address.split('%');
    const family = isIP(bare) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(bare) === 0) return false;
    return !GUARDED.check(bare, family) || sharedRangesOf(consented).check(bare, family);
  };
}

/** For callbacks that want an error. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

export type ConsentingSettings = Pick<
  ClientContext,
  'issuer' | 'metadataUrl' | 'connectTo' | 'allowAddresses' | 'introspection' | 'authentication'
>;

type HexWords = readonly [high: string, low: string];

/** Where the four bytes of an IPv4 address stand in an IPv6 one. */
const EMBEDDINGS: readonly { readonly offset: number; readonly write: (words: HexWords) => string }[] = [
  // IPv4-mapped and IPv4-compatible (RFC 4291 section 2.5.5), IPv4-translated (RFC 2765 section 2.1).
  { offset: 96, write: ([high, low]) => `::ffff:${high}:${low}` },
  { offset: 96, write: ([high, low]) => `::${high}:${low}` },
  { offset: 96, write: ([high, low]) => `::ffff:0:${high}:${low}` },
  // NAT64: the well-known prefix (RFC 6052) and the first of the local ones (RFC 8215).
  { offset: 96, write: ([high, low]) => `64:ff9b::${high}:${low}` },
  { offset: 96, write: ([high, low]) => `64:ff9b:1::${high}:${low}` },
  // 6to4 (RFC 3056).
  { offset: 16, write: ([high, low]) => `2002:${high}:${low}::` },
];

/** RFC 1122 section 3.2.1.3, RFC 3927, RFC 4291 section 2.4. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const GUARDED = rangesOf(['0.0.0.0/8', '::/128', ...LOOPBACK, '169.254.0.0/16', 'fe80::/10']);

/** Ranges that literals in the settings stand for. */
function writtenDown(settings: ConsentingSettings): readonly string[] {
  const { issuer, metadataUrl, connectTo, introspection, authentication } = settings;
  const keys = introspection.signedAnswers?.keys;
  const keyUrl = keys?.kind === 'url' ? keys.url : null;
  const tokenEndpoint = 'grant' in authentication ? authentication.grant.endpoint : null;
  const written = [issuer, metadataUrl, introspection.endpoint, keyUrl, tokenEndpoint];
  const urls = written.filter((url) => url !== null);
  const hosts = urls.map((url) => new URL(url).hostname);
  return [...hosts, connectTo?.host ?? ''].flatMap(rangesNamedBy);
}

function rangesNamedBy(host: string): readonly string[] {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare === 'localhost') return LOOPBACK;
  const family = isIP(bare);
  return family === 0 ? [] : [`${bare}/${family === 4 ? 32 : 128}`];
}

/** A list takes some 20 KiB outside of the heap: thousands of clients share the few that differ. */
function sharedRangesOf(ranges: readonly string[]): BlockList {
  const key = ranges.join();
  const known = LISTS.get(key);
  if (known !== undefined) return known;
  const made = rangesOf(ranges);
  LISTS.set(key, made);
  return made;
}

const LISTS = new LRUCache<string, BlockList>({ max: 64 });

function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    for (const { network, bits, family } of spellingsOf(range)) list.addSubnet(network, bits, family);
  }
  return list;
}

interface Subnet {
  readonly network: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** A range and, of IPv4, every IPv6 range that networks translate into it. */
function spellingsOf(range: string): readonly Subnet[] {
  const [network = '', digits = ''] = range.split('/');
  const bits = Number(digits);
  if (isIP(network) === 6) return [{ network, bits, family: 'ipv6' }];
  const hex = hexOf(network);
  const embedded = EMBEDDINGS.map(({ offset, write }): Subnet => {
    return { network: write(hex), bits: offset + bits, family: 'ipv6' };
  });
  return [{ network, bits, family: 'ipv4' }, ...embedded];
}

function hexOf(address: string): HexWords {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}
