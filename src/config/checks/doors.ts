import { type ListenAddress, formatListenAddress } from '../../domain/index.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import { parseListenAddress, staysOnHost } from '../schema/addresses.ts';
import { isList } from '../yaml/plain.ts';
import { at, isGiven, itemsOf, type Raw, textOf } from './raw.ts';
import { isReserved } from './reserved-headers.ts';

interface Door {
  /** The door's own map. */
  readonly raw: Raw;
  readonly address: ListenAddress;
  /** Whether it answers checks. */
  readonly judges: boolean;
}

export function checkDoors(root: Raw): readonly Finding[] {
  const listen = at(root, 'listen');
  const grpc = itemsOf(at(listen, 'grpc'));
  const http = itemsOf(at(listen, 'http'));
  const doors = [
    ...[...grpc, ...http].flatMap((raw) => doorOf(raw, true)),
    ...[at(listen, 'health'), at(listen, 'admin')].flatMap((raw) => doorOf(raw, false)),
  ];
  return [
    ...(isEmptyList(at(listen, 'grpc')) && isEmptyList(at(listen, 'http'))
      ? [atKey(listen.path, 'opens no door for checks; leave `grpc` out for the default one, or list one')]
      : []),
    ...doors.filter(({ judges }) => judges).flatMap(checkExposure),
    ...doors.flatMap(({ raw }) => checkAllowedPeers(raw)),
    ...http.flatMap(checkHttpDoor),
    ...checkAddresses(doors),
  ];
}

function isEmptyList({ value }: Raw): boolean {
  return isList(value) && value.length === 0;
}

function doorOf(raw: Raw, judges: boolean): readonly Door[] {
  const address = parseListenAddress(textOf(at(raw, 'address')) ?? '');
  return address.ok ? [{ raw, address: address.value, judges }] : [];
}

/** Tokens must not travel in clear by mistake. */
function checkExposure({ raw, address }: Door): readonly Finding[] {
  const plaintext = at(raw, 'plaintext');
  const hasTls = isGiven(at(raw, 'tls'));
  if (hasTls && plaintext.value === true)
    return [atValue(plaintext.path, 'contradicts `tls` beside it; remove one of them')];
  if (hasTls || plaintext.value === true || staysOnHost(address)) return [];
  const where = formatListenAddress(address);
  return [
    atValue(
      at(raw, 'address').path,
      `${where} can be reached from other hosts, in clear; add \`tls\`, or spell out \`plaintext: true\``,
    ),
  ];
}

/** Without an authority there is no certificate whose names could be compared. */
function checkAllowedPeers(raw: Raw): readonly Finding[] {
  const allowed = at(raw, 'tls', 'allowedPeers');
  if (!isGiven(allowed) || isGiven(at(raw, 'tls', 'clientCa'))) return [];
  return [atKey(allowed.path, 'compares names of client certificates; add the `clientCa` that signs them')];
}

function checkHttpDoor(raw: Raw): readonly Finding[] {
  const found: Finding[] = [];
  const prefix = at(raw, 'pathPrefix');
  const profile = textOf(at(raw, 'profile'));
  if (profile !== null && profile !== 'envoy' && (textOf(prefix) ?? '') !== '')
    found.push(
      atKey(prefix.path, `has no meaning with the profile ${profile}, whose path is in a header; remove it`),
    );
  const name = at(raw, 'secretHeader', 'name');
  if (isReserved(textOf(name) ?? ''))
    found.push(atValue(name.path, 'must be a header that nobody else uses, such as x-gatehouse-key'));
  return found;
}

function checkAddresses(doors: readonly Door[]): readonly Finding[] {
  return doors.flatMap((door, index) => {
    const clash = doors.slice(0, index).find((earlier) => overlap(earlier.address, door.address));
    if (clash === undefined) return [];
    const where = formatListenAddress(door.address);
    const other = formatListenAddress(clash.address);
    return [atKey(at(door.raw, 'address').path, `${where} is taken by another door of this file (${other})`)];
  });
}

function overlap(one: ListenAddress, other: ListenAddress): boolean {
  if (one.kind === 'unix' || other.kind === 'unix')
    return one.kind === 'unix' && other.kind === 'unix' && one.path === other.path;
  // Port 0 is another port for each door.
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || isAnyHost(one.host) || isAnyHost(other.host);
}

function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
