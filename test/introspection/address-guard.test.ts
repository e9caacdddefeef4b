import { describe, expect, it } from '@jest/globals';
import { isIP } from 'node:net';

import {
  createAddressGuard,
  type ConsentingSettings,
} from '../../src/introspection/connection/address-guard.ts';
import { aClient } from '../support/builders.ts';

const NAMES_ONLY = aClient({ issuer: 'https://idp.example', metadataUrl: 'https://idp.internal/metadata' });

function isPermitted(address: string, settings: ConsentingSettings = NAMES_ONLY): boolean {
  const [bare = ''] = address.split('%');
  return createAddressGuard(settings)({ address, family: isIP(bare) === 6 ? 6 : 4 });
}

describe('createAddressGuard (T-14)', () => {
  it.each([
    ['unspecified', '0.0.0.0'],
    ['of this network', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['loopback to its end', '127.255.255.255'],
    ['link-local', '169.254.0.1'],
    ['of the metadata of a cloud', '169.254.169.254'],
    ['unspecified in IPv6', '::'],
    ['loopback in IPv6', '::1'],
    ['loopback in IPv6, written out', '0:0:0:0:0:0:0:1'],
    ['link-local in IPv6', 'fe80::1'],
    ['link-local in IPv6 to its end', 'febf:ffff::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped loopback in hexadecimal', '::ffff:7f00:1'],
    ['IPv4-mapped link-local', '::FFFF:169.254.169.254'],
    ['IPv4-mapped unspecified', '::ffff:0.0.0.0'],
    ['IPv4-compatible loopback', '::127.0.0.1'],
    ['IPv4-translated loopback', '::ffff:0:127.0.0.1'],
    ['NAT64 loopback', '64:ff9b::127.0.0.1'],
    ['NAT64 link-local', '64:ff9b::a9fe:a9fe'],
    ['local NAT64 link-local', '64:ff9b:1::169.254.169.254'],
    ['6to4 loopback', '2002:7f00:1::'],
    ['6to4 link-local', '2002:a9fe:a9fe::1'],
    ['no address at all', 'localhost'],
    ['an empty text', ''],
  ])('refuses an address that is %s: %s', (_what, address) => {
    expect(isPermitted(address)).toBe(false);
  });

  it.each([
    '10.0.0.5',
    '192.168.1.1',
    '93.184.216.34',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '169.255.0.0',
    '2001:db8::1',
    'fd00::1',
    'fec0::1',
    '::ffff:10.0.0.5',
    '64:ff9b::93.184.216.34',
    '2002:5db8:d822::1',
  ])('permits %s, which is none of these', (address) => {
    expect(isPermitted(address)).toBe(true);
  });

  it.each<[what: string, settings: Partial<ConsentingSettings>]>([
    ['the issuer', { issuer: 'http://127.0.0.1:8080' }],
    ['the issuer, in another spelling', { issuer: 'http://0x7f.1/realm' }],
    ['the metadata URL', { metadataUrl: 'https://127.0.0.1/metadata' }],
    ['the endpoint', { introspection: { ...aClient().introspection, endpoint: 'https://127.0.0.1/i' } }],
    ['connectTo', { connectTo: { host: '127.0.0.1', port: null, serverName: null } }],
    ['a range', { allowAddresses: ['10.0.0.0/8', '127.0.0.0/30'] }],
  ])('permits an address that is written down in %s, and no other', (_what, settings) => {
    const consenting = { ...NAMES_ONLY, ...settings };
    expect(isPermitted('127.0.0.1', consenting)).toBe(true);
    expect(isPermitted('::ffff:127.0.0.1', consenting)).toBe(true);
    expect(isPermitted('127.0.0.4', consenting)).toBe(false);
    expect(isPermitted('::1', consenting)).toBe(false);
    expect(isPermitted('169.254.169.254', consenting)).toBe(false);
  });

  it('takes an IPv6 literal and a range of them for consent', () => {
    const literal = { ...NAMES_ONLY, issuer: 'http://[::1]:8080' };
    expect(isPermitted('::1', literal)).toBe(true);
    expect(isPermitted('127.0.0.1', literal)).toBe(false);
    const range = { ...NAMES_ONLY, allowAddresses: ['fe80::/64'] };
    expect(isPermitted('fe80::1%eth0', range)).toBe(true);
    expect(isPermitted('fe80:0:0:1::1', range)).toBe(false);
  });

  it('takes `localhost` for consent to every loopback address, and to no other', () => {
    const local = { ...NAMES_ONLY, issuer: 'http://localhost:8080' };
    expect(['127.0.0.1', '127.0.1.1', '::1'].map((address) => isPermitted(address, local))).toEqual([
      true,
      true,
      true,
    ]);
    expect(isPermitted('0.0.0.0', local)).toBe(false);
    const alike = { ...NAMES_ONLY, issuer: 'http://localhost.example.com' };
    expect(isPermitted('127.0.0.1', alike)).toBe(false);
  });
});
