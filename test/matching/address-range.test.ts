import { describe, expect, it } from '@jest/globals';
import { compileRest, coversRest, fits } from '../../src/matching/index.ts';
import { aMatch, aRequest } from '../support/builders.ts';

const restOf = (...clientAddresses: readonly string[]) => compileRest(aMatch({ clientAddresses }));

describe('a match by the address of the client', () => {
  it.each([
    [true, '10.0.0.0/8', '10.255.0.1'],
    [false, '10.0.0.0/8', '11.0.0.1'],
    [true, '10.1.2.3/8', '10.0.0.1'],
    [true, '192.0.2.1/32', '192.0.2.1'],
    [false, '192.0.2.1/32', '192.0.2.2'],
    [true, '0.0.0.0/0', '255.255.255.255'],
    [false, '0.0.0.0/0', '2001:db8::1'],
    [true, '2001:db8::/32', '2001:db8:ffff::1'],
    [false, '2001:db8::/32', '2001:db9::1'],
    [true, '::1/128', '0:0:0:0:0:0:0:1'],
    [true, '::/0', 'fe80::1'],
    [true, '64:ff9b::/96', '64:ff9b::192.0.2.1'],
    [true, '64:ff9b::192.0.2.0/120', '64:ff9b::c000:2ff'],
    [true, '10.0.0.0/8', '::ffff:10.0.0.1'],
    [false, '10.0.0.0/8', 'not an address'],
    [false, '10.0.0.0/8', null],
  ])('is %s for %s and %s', (expected, range, clientAddress) => {
    expect(fits(restOf(range), aRequest({ clientAddress }))).toBe(expected);
  });

  it('takes an address in any of several ranges', () => {
    const rest = restOf('10.0.0.0/8', '192.168.0.0/16');
    expect(fits(rest, aRequest({ clientAddress: '192.168.3.4' }))).toBe(true);
  });

  it.each([
    [true, ['10.0.0.0/8'], ['10.1.0.0/16']],
    [true, ['10.0.0.0/8'], ['10.0.0.0/8']],
    [false, ['10.1.0.0/16'], ['10.0.0.0/8']],
    [false, ['10.0.0.0/8'], ['10.1.0.0/16', '11.0.0.0/8']],
    [false, ['10.0.0.0/8'], []],
    [true, [], ['10.0.0.0/8']],
    [false, ['::/0'], ['10.0.0.0/8']],
  ])('covers: %s for %j around %j', (expected, wide, narrow) => {
    expect(coversRest(restOf(...wide), restOf(...narrow))).toBe(expected);
  });

  it.each([['10.0.0.0'], ['10.0.0.0/33'], ['::/129'], ['10.0.0/8'], ['::ffff:10.0.0.0/104'], ['x/8']])(
    'refuses %s',
    (range) => {
      expect(() => restOf(range)).toThrow('is not an address range');
    },
  );
});

describe('a match by principal and by dynamic metadata', () => {
  const rest = compileRest(
    aMatch({
      peerPrincipals: ['spiffe://a/ns/x', 'spiffe://größe'],
      filterMetadata: new Map([['f', new Map([['tier', ['gold']]])]]),
    }),
  );
  const filterMetadata = { f: { tier: 'gold' } };

  it.each([
    [true, { peerPrincipal: 'spiffe://a/ns/x', filterMetadata }],
    [true, { peerPrincipal: Buffer.from('spiffe://größe').toString('latin1'), filterMetadata }],
    [false, { peerPrincipal: 'spiffe://a/ns/x/y', filterMetadata }],
    [false, { peerPrincipal: null, filterMetadata }],
    [false, { peerPrincipal: 'spiffe://a/ns/x', filterMetadata: { f: { tier: 'lead' } } }],
    [false, { peerPrincipal: 'spiffe://a/ns/x', routeMetadata: filterMetadata }],
  ])('is %s for %j', (expected, request) => {
    expect(fits(rest, aRequest(request))).toBe(expected);
  });
});
