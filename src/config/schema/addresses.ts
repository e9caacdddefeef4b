import { isIP, isIPv4, isIPv6 } from 'node:net';
import { fail, type ListenAddress, type Result, succeed } from '../../domain/index.ts';
import { parsed } from './parsed.ts';

/** The kernel's bound on the path of a unix socket, less the closing zero. */
const SOCKET_PATH_MAX = 107;

export function listenAddress() {
  return parsed({ type: 'an address', written: 'with its host, as in 127.0.0.1:9001' }, parseListenAddress);
}

/** `127.0.0.1:9001`, `[::1]:9001`, `localhost:9001`, `unix:/path`; port 0 takes any free one. */
export function parseListenAddress(text: string): Result<ListenAddress, string> {
  if (text.startsWith('unix:')) return parseSocketPath(text.slice('unix:'.length));

  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || digits === undefined)
    return fail('is not an address; write host:port, as in 127.0.0.1:9001, [::1]:9001 or unix:/path');
  if (host === '') return fail('names no host; write 0.0.0.0 in front of the port to listen on all of them');
  if (bracketed === undefined ? !isHost(host) : !isIPv6(host))
    return fail('does not start with a host; write an IPv4 address, an IPv6 one in [ ], or a host name');

  const port = Number(digits);
  if (port > 65_535) return fail('names a port over 65535');
  return succeed({ kind: 'tcp', host: host.toLowerCase(), port });
}

function parseSocketPath(path: string): Result<ListenAddress, string> {
  if (!path.startsWith('/')) return fail('is not a socket; write unix: and a path from the root');
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX || path.includes('\0'))
    return fail(`is not a socket; its path can have ${SOCKET_PATH_MAX} bytes and no NUL`);
  return succeed({ kind: 'unix', path });
}

/** Whether only programs on this host can reach it. */
export function staysOnHost(address: ListenAddress): boolean {
  if (address.kind === 'unix') return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

export interface AddressRange {
  readonly family: 4 | 6;
  readonly bits: number;
}

export function addressRange() {
  const form = 'is not an address range; write it with its length, as in 10.0.0.0/8, 192.0.2.1/32 or ::1/128';
  return parsed({ type: 'an address range' }, (text) =>
    parseAddressRange(text) === null ? fail(form) : succeed(text),
  );
}

/** CIDR notation (RFC 4632, RFC 4291 section 2.3). */
export function parseAddressRange(text: string): AddressRange | null {
  const [, address = '', digits = ''] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  const bits = Number(digits);
  if (family === 4 && bits <= 32) return { family, bits };
  if (family === 6 && bits <= 128) return { family, bits };
  return null;
}

/** So many addresses that nearly anybody may be among them. */
export function isWide({ family, bits }: AddressRange): boolean {
  return family === 4 ? bits < 8 : bits < 7;
}

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** A host name in lower case or an IPv4 address. */
function isHost(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text.toLowerCase());
}

/** Where to connect to: `idp.internal`, `10.0.0.5`, `2001:db8::5`; in lower case. */
export function connectHost() {
  const form = 'is not a host; write a host name or an IP address, without scheme, port and [ ]';
  return parsed({ type: 'a host' }, (text) => {
    const host = text.toLowerCase();
    return isHost(host) || (isIPv6(host) && !host.includes('%')) ? succeed(host) : fail(form);
  });
}

/** A host name, as a certificate can be for; in lower case. */
export function hostName() {
  return parsed({ type: 'a host name' }, (text) => {
    const name = text.toLowerCase();
    return isHost(name) && isIP(name) === 0
      ? succeed(name)
      : fail('is not a host name; write the name the certificate is for, without scheme and port');
  });
}

export function hostPattern() {
  return parsed({ type: 'a host' }, parseHostPattern);
}

/** `api.example.com`, `*.example.com`, `192.0.2.1`, `[2001:db8::1]`; in lower case, without the last dot. */
export function parseHostPattern(text: string): Result<string, string> {
  const pattern = text.toLowerCase();
  if (pattern === '*') return fail('matches every host; leave `hosts` out instead');

  const [, literal, afterLiteral] = /^\[([^\]]*)\](.*)$/.exec(pattern) ?? [];
  if (literal !== undefined) {
    if (afterLiteral !== '') return fail('names a port, which a rule cannot; leave it out');
    return isIPv6(literal) && !literal.includes('%')
      ? succeed(pattern)
      : fail('is not an IPv6 address (one with a zone names no host)');
  }
  if (isIPv6(pattern)) return fail('is an IPv6 address without its [ ]');
  if (/:\d*$/.test(pattern)) return fail('names a port, which a rule cannot; leave it out');

  const name = pattern.endsWith('.') ? pattern.slice(0, -1) : pattern;
  const exact = name.startsWith('*.') ? name.slice(2) : name;
  if (exact.includes('*')) return fail('has a * in the wrong place; only *.example.com is possible');
  if (!isHost(exact))
    return fail('is not a host; write api.example.com or *.example.com, names outside ASCII as xn--…');
  return succeed(name);
}
