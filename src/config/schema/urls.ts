import { URL } from 'node:url';
import { fail, type Result, succeed } from '../../domain/index.ts';
import { parsed } from './parsed.ts';

/** An identifier and an address: compared byte for byte, so it is kept as it was written (RFC 8414 section 2). */
export function issuerUrl() {
  return parsed({ type: 'a URL' }, (text) => {
    const url = parseHttpUrl(text);
    if (!url.ok) return url;
    if (text.includes('?'))
      return fail('has a query, which an issuer cannot have; see the `issuer` of its metadata');
    return succeed(text);
  });
}

export function httpUrl() {
  return parsed({ type: 'a URL' }, (text) => {
    const url = parseHttpUrl(text);
    return url.ok ? succeed(text) : url;
  });
}

/** Scheme, host and port; becomes the form that origins are compared in. */
export function origin() {
  return parsed({ type: 'an origin' }, (text) => {
    const url = parseHttpUrl(text);
    if (!url.ok) return url;
    const { pathname, search, origin: canonical } = url.value;
    if (pathname !== '/' || search !== '' || text.endsWith('/'))
      return fail('is more than an origin; write the scheme, the host and the port only');
    return succeed(canonical);
  });
}

export function redisUrl() {
  const form = 'is not a Redis URL; write redis://host:6379, or rediss:// for TLS';
  return parsed({ type: 'a URL' }, (text) => {
    if (!isVisible(text) || !URL.canParse(text)) return fail(form);
    const url = new URL(text);
    if ((url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') return fail(form);
    if (url.username !== '' || url.password !== '')
      return fail('holds credentials; write them as `username` and `password` beside it');
    if (!/^(?:\/\d{0,5})?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
      return fail('can have the number of a database after the host, as in redis://host:6379/0, and no more');
    return succeed(text);
  });
}

export function parseHttpUrl(text: string): Result<URL, string> {
  const form = 'is not a URL; write it in full, as in https://idp.example.com';
  // The parser of URLs strips spaces and mends much: only what needs no mending is a setting.
  if (!isVisible(text) || !/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) return fail(form);

  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/.test(text))
    return fail('holds a user name, which is never sent; remove it');
  if (text.includes('#')) return fail('has a fragment (#), which is never sent; remove it');
  return succeed(url);
}

function isVisible(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text) && !text.includes('\\');
}
