import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../src/domain/index.ts';
import { collectFields } from '../../../src/gateway/http/request-headers.ts';
import { createIsTrustedPeer } from '../../../src/gateway/http/trusted-peer.ts';

const NO_FIELDS = collectFields([]);

function trusts(trustedPeers: readonly string[], remoteAddress: string | undefined): boolean {
  const isTrustedPeer = createIsTrustedPeer({
    trustedPeers,
    secretHeader: null,
    overUnixSocket: false,
    isAllowedPeer: null,
  });
  return isTrustedPeer({ remoteAddress }, NO_FIELDS);
}

describe('trusted peers (NGX-5, T-9, T-62)', () => {
  it.each([
    ['the address itself', ['127.0.0.1/32'], '127.0.0.1'],
    ['an address without a prefix', ['10.1.2.3'], '10.1.2.3'],
    ['an address inside a range', ['10.0.0.0/8'], '10.200.3.4'],
    ['an IPv4 address in the form of a dual-stack listener', ['127.0.0.1/32'], '::ffff:127.0.0.1'],
    ['an IPv6 address', ['::1/128'], '::1'],
    ['an IPv6 address inside a range', ['fd00::/8'], 'fd12:3456::1'],
    ['a link-local address with a zone', ['fe80::/10'], 'fe80::1%eth0'],
  ])('trusts %s', (_what, trustedPeers, peer) => {
    expect(trusts(trustedPeers, peer)).toBe(true);
  });

  it.each([
    ['nobody when the list is empty', [], '127.0.0.1'],
    ['not the neighbour of an address', ['10.1.2.3'], '10.1.2.4'],
    ['not an address outside the range', ['10.0.0.0/8'], '11.0.0.1'],
    ['not a mapped address outside the range', ['127.0.0.1/32'], '::ffff:127.0.0.2'],
    ['not IPv6 loopback for IPv4 loopback', ['127.0.0.1/32'], '::1'],
    ['not a peer that is gone', ['0.0.0.0/0', '::/0'], undefined],
  ])('trusts %s', (_what, trustedPeers, peer) => {
    expect(trusts(trustedPeers, peer)).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'localhost', '10.0.0.0/8/8', '10.0.0.0/', '::1/129', ''])(
    'refuses to start with the entry "%s" and names it',
    (entry) => {
      expect(() => trusts([entry], '127.0.0.1')).toThrow(`trustedPeers: "${entry}"`);
    },
  );
});

describe('the secret header (NGX-5)', () => {
  const isTrustedPeer = createIsTrustedPeer({
    trustedPeers: [],
    secretHeader: { name: 'X-Gatehouse-Key', value: new Secret('schlüssel') },
    overUnixSocket: true,
    isAllowedPeer: null,
  });
  const sent = Buffer.from('schlüssel', 'utf8').toString('latin1');

  it('is accepted when it is sent exactly once', () => {
    expect(isTrustedPeer({ remoteAddress: undefined }, collectFields(['x-gatehouse-key', sent]))).toBe(true);
  });

  it.each([
    ['missing', []],
    ['empty', ['x-gatehouse-key', '']],
    ['another', ['x-gatehouse-key', `${sent}x`]],
    ['a prefix', ['x-gatehouse-key', sent.slice(0, -1)]],
    ['repeated', ['x-gatehouse-key', sent, 'x-gatehouse-key', sent]],
    ['sent under a look-alike name', ['x_gatehouse_key', sent]],
  ])('is refused over a unix socket too when it is %s', (_how, rawHeaders) => {
    expect(isTrustedPeer({ remoteAddress: undefined }, collectFields(rawHeaders))).toBe(false);
  });

  it('does not replace the address', () => {
    const both = createIsTrustedPeer({
      trustedPeers: ['10.0.0.0/8'],
      secretHeader: { name: 'x-gatehouse-key', value: new Secret('key') },
      overUnixSocket: false,
      isAllowedPeer: null,
    });
    const fields = collectFields(['x-gatehouse-key', 'key']);
    expect(both({ remoteAddress: '10.0.0.1' }, fields)).toBe(true);
    expect(both({ remoteAddress: '11.0.0.1' }, fields)).toBe(false);
  });
});
