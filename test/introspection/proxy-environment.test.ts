import { describe, expect, it } from '@jest/globals';

import type { ConnectionEnd } from '../../src/domain/index.ts';
import { readProxyEnvironment } from '../../src/introspection/index.ts';

const PROXY = 'http://proxy.example:3128';

/** Origin of the proxy, or `straight`. */
function wayOut(environment: Readonly<Record<string, string>>, to: string): string {
  const read = readProxyEnvironment(environment);
  if (!read.ok) throw new Error(read.failure.join());
  const { protocol, hostname, port } = new URL(to);
  const end: ConnectionEnd = {
    protocol: protocol === 'http:' ? 'http:' : 'https:',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
  };
  return read.value(end)?.origin ?? 'straight';
}

describe('the proxy that the environment names', () => {
  it.each<[string, Record<string, string>, to: string, expected: string]>([
    ['nothing', {}, 'https://idp.example', 'straight'],
    ['HTTPS_PROXY', { HTTPS_PROXY: PROXY }, 'https://idp.example', PROXY],
    ['HTTPS_PROXY, of http', { HTTPS_PROXY: PROXY }, 'http://idp.example', 'straight'],
    ['http_proxy', { http_proxy: PROXY }, 'http://idp.example', PROXY],
    ['http_proxy, of https', { http_proxy: PROXY }, 'https://idp.example', 'straight'],
    ['both cases', { https_proxy: PROXY, HTTPS_PROXY: 'http://other:1' }, 'https://idp.example', PROXY],
    ['an empty small one', { https_proxy: '', HTTPS_PROXY: PROXY }, 'https://idp.example', PROXY],
    ['no scheme', { https_proxy: 'proxy.example:3128' }, 'https://idp.example', PROXY],
    [
      'an https proxy',
      { https_proxy: 'https://proxy.example' },
      'https://idp.example',
      'https://proxy.example',
    ],
    ['localhost', { http_proxy: PROXY }, 'http://localhost:8080', 'straight'],
    ['loopback', { http_proxy: PROXY }, 'http://127.1.2.3', 'straight'],
    ['loopback of IPv6', { http_proxy: PROXY }, 'http://[::1]', 'straight'],
  ])('is, for %s: %j to %s', (_what, environment, to, expected) => {
    expect(wayOut(environment, to)).toBe(expected);
  });

  it.each<[noProxy: string, to: string, isStraight: boolean]>([
    ['*', 'https://idp.example', true],
    ['other.example, *', 'https://idp.example', true],
    ['idp.example', 'https://idp.example', true],
    ['IDP.example', 'https://idp.EXAMPLE.', true],
    ['idp.example', 'https://login.idp.example', true],
    ['idp.example', 'https://evilidp.example', false],
    ['.idp.example', 'https://login.idp.example', true],
    ['.idp.example', 'https://idp.example', false],
    ['*.idp.example', 'https://login.idp.example', true],
    ['*.idp.example', 'https://idp.example', false],
    ['a.example idp.example', 'https://idp.example', true],
    ['idp.example:443', 'https://idp.example', true],
    ['idp.example:443', 'https://idp.example:8443', false],
    ['idp.example:80', 'https://idp.example', false],
    ['192.0.2.1', 'https://192.0.2.1', true],
    ['192.0.2.1:8443', 'https://192.0.2.1:8443', true],
    ['192.0.2.1:8443', 'https://192.0.2.1', false],
    ['192.0.2.0/24', 'https://192.0.2.77', true],
    ['192.0.2.0/24', 'https://192.0.3.1', false],
    ['192.0.2.0/24', 'https://idp.example', false],
    ['2001:db8::/32', 'https://[2001:db8::7]', true],
    ['2001:db8::7', 'https://[2001:db8:0::7]', true],
    ['[2001:db8::7]:443', 'https://[2001:db8::7]', true],
    ['[2001:db8::7]:80', 'https://[2001:db8::7]', false],
    ['192.0.2.0/99, a:b:c, :80, /', 'https://idp.example', false],
    ['', 'https://idp.example', false],
  ])('with NO_PROXY="%s" leaves %s to itself: %s', (noProxy, to, isStraight) => {
    expect(wayOut({ HTTPS_PROXY: PROXY, NO_PROXY: noProxy }, to)).toBe(isStraight ? 'straight' : PROXY);
  });

  it('brings its credentials, percent-decoded and kept from printing', () => {
    const read = readProxyEnvironment({ HTTPS_PROXY: 'http://gate:p%40ss%2Fw@proxy.example:3128' });
    if (!read.ok) throw new Error(read.failure.join());
    const proxy = read.value({ protocol: 'https:', host: 'idp.example', port: 443 });
    expect(proxy?.credentials?.username).toBe('gate');
    expect(proxy?.credentials?.password.reveal()).toBe('p@ss/w');
    expect(JSON.stringify(proxy)).not.toContain('p@ss');
  });

  it.each([
    ['socks5://gate:hunter2@proxy.example:1080', 'only http:// and https:// are'],
    ['http://gate:hunter2@proxy.example/path', 'more than scheme, host and port'],
    ['http://gate:hunter2%zz@proxy.example', 'not percent-encoded'],
    ['http://hunter2 hunter2', 'is not the URL of a proxy'],
  ])('is refused, and not repeated, when it is %s', (text, complaint) => {
    const read = readProxyEnvironment({ https_proxy: text, HTTP_PROXY: PROXY });
    expect(read).toEqual({
      ok: false,
      failure: [expect.stringContaining(`the environment variable https_proxy `)],
    });
    if (read.ok) return;
    expect(read.failure.join()).toContain(complaint);
    expect(read.failure.join()).not.toContain('hunter2');
  });
});
