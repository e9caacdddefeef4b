import { BlockList, isIP } from 'node:net';
import { URL } from 'node:url';

import { fail, type OutboundProxy, type ProxyFor, type Result, Secret, succeed } from '../../domain/index.ts';

/**
 * Reads the way out that the environment names: `https_proxy`, `http_proxy` and `no_proxy`, or in capitals; the small
 * letters win, and an empty one is as good as none. The words are those of Go's programs, which most others share.
 *
 * Out: the proxy for a connection, or what is wrong with the variables.
 * Never: a proxy for `localhost` or a loopback address; the text of a variable in a message, for it may hold a password.
 */
export function readProxyEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Result<ProxyFor, readonly string[]> {
  const [https, http] = [proxyIn(environment, 'https_proxy'), proxyIn(environment, 'http_proxy')];
  const problems = [https, http].flatMap((read) => (read.ok ? [] : [read.failure]));
  if (!https.ok || !http.ok) return fail(problems);

  const isExcepted = exceptionsIn(variable(environment, 'no_proxy')?.text ?? '');
  return succeed(({ protocol, host, port }) => {
    const proxy = protocol === 'https:' ? https.value : http.value;
    if (proxy === null) return null;
    const name = host.toLowerCase().replace(/\.$/, '');
    return isThisHost(name) || isExcepted(name, port) ? null : proxy;
  });
}

function variable(
  environment: Readonly<Record<string, string | undefined>>,
  lower: string,
): { readonly name: string; readonly text: string } | null {
  for (const name of [lower, lower.toUpperCase()]) {
    const text = (environment[name] ?? '').trim();
    if (text !== '') return { name, text };
  }
  return null;
}

function proxyIn(
  environment: Readonly<Record<string, string | undefined>>,
  lower: string,
): Result<OutboundProxy | null, string> {
  const given = variable(environment, lower);
  if (given === null) return succeed(null);
  const proxy = readProxyUrl(given.text);
  return proxy.ok ? proxy : fail(`the environment variable ${given.name} ${proxy.failure}`);
}

/** `http://user:password@proxy.example.com:3128`; the scheme may be left out. */
function readProxyUrl(text: string): Result<OutboundProxy, string> {
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full))
    return fail('is not the URL of a proxy; write it as in http://proxy.example.com:3128');
  const { protocol, origin, pathname, search, username, password } = new URL(full);
  if (protocol !== 'http:' && protocol !== 'https:')
    return fail('names a proxy of a kind that is not spoken here; only http:// and https:// are');
  if (pathname !== '/' || search !== '') return fail('has more than scheme, host and port; remove the rest');
  if (username === '' && password === '') return succeed({ origin, credentials: null, ca: null });
  const [plainName, plainPassword] = [unescaped(username), unescaped(password)];
  if (plainName === null || plainPassword === null)
    return fail('holds credentials that are not percent-encoded as they should be');
  return succeed({
    origin,
    credentials: { username: plainName, password: new Secret(plainPassword) },
    ca: null,
  });
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isThisHost(name: string): boolean {
  const family = isIP(name);
  return family === 0 ? name === 'localhost' : LOOPBACK.check(name, family === 6 ? 'ipv6' : 'ipv4');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

type Exception = (name: string, port: number) => boolean;

/** Items that make no sense are passed over, as everywhere. */
function exceptionsIn(list: string): Exception {
  const exceptions = list.split(/[\s,]+/).flatMap((item) => {
    const exception = item === '' ? null : exceptionOf(item.toLowerCase());
    return exception === null ? [] : [exception];
  });
  return (name, port) => exceptions.some((excepts) => excepts(name, port));
}

function exceptionOf(item: string): Exception | null {
  if (item === '*') return () => true;
  if (item.includes('/')) return rangeOf(item);
  const { host, port } = withoutPort(item);
  if (host === '') return null;
  const fits = isIP(host) === 0 ? nameOf(host) : addressOf(host);
  return (name, wanted) => (port === null || port === wanted) && fits(name);
}

function rangeOf(item: string): Exception | null {
  const [, network = '', digits = ''] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(item) ?? [];
  const [family, bits] = [isIP(network), Number(digits)];
  if (family === 0 || bits > (family === 6 ? 128 : 32)) return null;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
  return inList(list);
}

function addressOf(address: string): (name: string) => boolean {
  const list = new BlockList();
  list.addAddress(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return inList(list);
}

/** Names are not resolved for it: only an address that is written as one is in a range. */
function inList(list: BlockList): (name: string) => boolean {
  return (name) => {
    const family = isIP(name);
    return family !== 0 && list.check(name, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/** `example.com` fits itself and what is below it; `.example.com` and `*.example.com` only what is below. */
function nameOf(pattern: string): (name: string) => boolean {
  const below = pattern.replace(/^\*?\./, '');
  const suffix = `.${below}`;
  return below === pattern
    ? (name) => name === below || name.endsWith(suffix)
    : (name) => name.endsWith(suffix);
}

function withoutPort(item: string): { readonly host: string; readonly port: number | null } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(item) ?? [];
  const host = bracketed ?? plain;
  // A bare IPv6 address has colons of its own.
  if (host === undefined) return { host: isIP(item) === 6 ? item : '', port: null };
  return { host, port: digits === undefined ? null : Number(digits) };
}
