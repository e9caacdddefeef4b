import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP, type Socket } from 'node:net';

import type { Secret } from '../../domain/index.ts';
import { certifiedNames, type IsAllowedPeer } from '../../listening/index.ts';
import { type Fields, onlyValue } from './request-headers.ts';

export interface TrustSettings {
  /** Addresses and ranges in CIDR form. */
  readonly trustedPeers: readonly string[];
  readonly secretHeader: SecretHeader | null;
  /** A unix socket: who may connect is told by the mode of its file. */
  readonly overUnixSocket: boolean;
  /** Whose certificate is good for asking; `null`: anybody's that the connection was opened with. */
  readonly isAllowedPeer: IsAllowedPeer | null;
}

export interface SecretHeader {
  /** Any case. */
  readonly name: string;
  readonly value: Secret;
}

/** Whether the caller may tell us what a client asked (NGX-5, T-9) and may try tokens at all (T-62). */
export type IsTrustedPeer = (socket: Pick<Socket, 'remoteAddress'>, fields: Fields) => boolean;

/** Whether the address alone speaks for a peer. @throws Error as `createIsTrustedPeer` does. */
export function createIsInRange({
  trustedPeers,
  overUnixSocket,
}: Pick<TrustSettings, 'trustedPeers' | 'overUnixSocket'>): (
  socket: Pick<Socket, 'remoteAddress'>,
) => boolean {
  const ranges = rangesOf(trustedPeers);
  return ({ remoteAddress }) => overUnixSocket || contains(ranges, remoteAddress);
}

/**
 * @throws Error naming the entry of `trustedPeers` that is neither an address nor a range.
 */
export function createIsTrustedPeer(settings: TrustSettings): IsTrustedPeer {
  const { secretHeader, isAllowedPeer } = settings;
  const isInRange = createIsInRange(settings);
  // Neither the address of a connection nor its certificate ever changes, so they are looked up once for each.
  const verdicts = new WeakMap<object, boolean>();
  const holdsSecret = secretHeader === null ? () => true : createHoldsSecret(secretHeader);

  return (socket, fields) => isTrusted(socket) && holdsSecret(fields);

  function isTrusted(socket: Pick<Socket, 'remoteAddress'>): boolean {
    const known = verdicts.get(socket);
    if (known !== undefined) return known;
    const verdict = isInRange(socket) && (isAllowedPeer === null || isAllowedPeer(certifiedNames(socket)));
    verdicts.set(socket, verdict);
    return verdict;
  }
}

function rangesOf(entries: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix = null, ...rest] = entry.split('/');
    const family = familyOf(address);
    const bits = prefix ?? (family === 'ipv4' ? '32' : '128');
    if (family === null || rest.length > 0 || !/^[0-9]{1,3}$/.test(bits)) throw notARange(entry);
    try {
      ranges.addSubnet(address, Number(bits), family);
    } catch {
      throw notARange(entry);
    }
  }
  return ranges;
}

/** A BlockList knows `::ffff:192.0.2.1`, the form of a dual-stack listener, as the IPv4 address it means. */
function contains(ranges: BlockList, peer: string | undefined): boolean {
  const [address = ''] = (peer ?? '').split('%');
  const family = familyOf(address);
  return family !== null && ranges.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  switch (isIP(address)) {
    case 4:
      return 'ipv4';
    case 6:
      return 'ipv6';
    default:
      return null;
  }
}

/** Compares digests in constant time: neither a prefix nor the length of the secret shows in how long it takes. */
function createHoldsSecret({ name, value }: SecretHeader): (fields: Fields) => boolean {
  const field = name.toLowerCase();
  const expected = digest(Buffer.from(value.reveal(), 'utf8'));
  return (fields) => {
    const shown = onlyValue(fields, field);
    return shown !== null && timingSafeEqual(digest(Buffer.from(shown, 'latin1')), expected);
  };
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function notARange(entry: string): Error {
  return new Error(`trustedPeers: "${entry}" is neither an address nor a range such as 10.0.0.0/8`);
}
