import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalHost } from '../../src/matching/canonical-host.ts';

describe('canonicalHost', () => {
  it.each([
    ['a name as it is', 'api.example.com', 'api.example.com'],
    ['T-8: in lower case', 'API.Example.COM', 'api.example.com'],
    ['T-8: without its port', 'api.example.com:8443', 'api.example.com'],
    ['T-8: without one trailing dot', 'api.example.com.', 'api.example.com'],
    ['T-8: without trailing dot and port', 'api.example.com.:443', 'api.example.com'],
    ['with an empty port', 'api.example.com:', 'api.example.com'],
    ['one label', 'localhost', 'localhost'],
    ['a label with an underscore', 'order_service', 'order_service'],
    ['an IPv4 address', '192.0.2.1:80', '192.0.2.1'],
    ['an IPv6 address in its shortest spelling', '[2001:DB8:0:0::1]:443', '[2001:db8::1]'],
    ['an IPv6 address without port', '[::1]', '[::1]'],
  ])('gives %s', (_case, authority, host) => {
    expect(canonicalHost(authority)).toBe(host);
  });

  it.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['a port alone', ':443'],
    ['T-8: a comma', 'a.example,b.example'],
    ['T-8: user info', 'good.example@evil.example'],
    ['T-8: a space', 'a.example b'],
    ['a leading space', ' a.example'],
    ['two trailing dots', 'a.example..'],
    ['an empty label', 'a..example'],
    ['two ports', 'a.example:80:80'],
    ['a port of letters', 'a.example:http'],
    ['a port of six digits', 'a.example:123456'],
    ['a slash', 'a.example/b'],
    ['a percent sign', 'a%2eexample'],
    ['a star', '*.example'],
    ['a byte outside ASCII', 'caf\xc3\xa9.example'],
    ['NUL', 'a.example\0'],
    ['a line break at the end', 'a.example\n'],
    ['an IPv6 address without brackets', '::1'],
    ['an open bracket', '[::1'],
    ['a bracket around a name', '[a.example]'],
    ['something behind the bracket', '[::1]x'],
    ['a zone', '[fe80::1%eth0]'],
    ['a label of 64 letters', `${'a'.repeat(64)}.example`],
    ['a name of 254 letters', `${'a.'.repeat(126)}aa`],
    ['a name that is far too long', 'a.'.repeat(50_000)],
  ])('is null for %s', (_case, authority) => {
    expect(canonicalHost(authority)).toBeNull();
  });

  it('is the form of its own form, whatever comes in', () => {
    const piece = fc.oneof(
      fc.constantFrom('.', ':', '[', ']', '80', 'A', '::', '%', '@', ','),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const host = canonicalHost(pieces.join(''));
        if (host !== null) expect(canonicalHost(host)).toBe(host);
      }),
      { numRuns: 5_000 },
    );
  });
});
