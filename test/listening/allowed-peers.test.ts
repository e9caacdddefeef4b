import { describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';

import { createIsAllowedPeer } from '../../src/listening/index.ts';
import { createAuthority } from '../support/certificates.ts';

const SPIFFE = 'spiffe://cluster.local/ns/gateway/sa/envoy';

function isAllowed(names: string | undefined, ...allowedPeers: readonly string[]): boolean | undefined {
  return createIsAllowedPeer({ allowedPeers })?.(names);
}

describe('allowed peers', () => {
  it('are whoever has a certificate when the settings name none', () => {
    expect(createIsAllowedPeer(null)).toBeNull();
    expect(createIsAllowedPeer({})).toBeNull();
  });

  it.each([
    ['its only name', `URI:${SPIFFE}`, SPIFFE],
    ['one of its names', `DNS:a.test, URI:${SPIFFE}, IP Address:127.0.0.1`, SPIFFE],
    ['a DNS name', 'DNS:envoy.gateway.svc', 'envoy.gateway.svc'],
    ['a name with a comma, which is quoted', `URI:"urn:a,b", DNS:x`, 'urn:a,b'],
    ['a name after a quoted one', `DNS:"a\\"b, c", URI:${SPIFFE}`, SPIFFE],
  ])('are named by %s', (_what, names, allowed) => {
    expect(isAllowed(names, 'other.test', allowed)).toBe(true);
  });

  it.each([
    ['no names', undefined, SPIFFE],
    ['an empty line', '', SPIFFE],
    ['the beginning of a name', `URI:${SPIFFE}2`, SPIFFE],
    ['a name of another case', `URI:${SPIFFE.toUpperCase()}`, SPIFFE],
    ['a wildcard, which stands for nothing', 'DNS:*.gateway.svc', 'envoy.gateway.svc'],
    ['a DNS name that looks like a URI', `DNS:${SPIFFE}`, SPIFFE],
    ['a URI that looks like a DNS name', 'URI:envoy.gateway.svc', 'envoy.gateway.svc'],
    ['an address', 'IP Address:127.0.0.1', '127.0.0.1'],
    ['a name inside a quoted one (CVE-2021-44532)', `DNS:"a.test, URI:${SPIFFE}"`, SPIFFE],
    ['a line in no known form', `URI:${SPIFFE}, what is this`, SPIFFE],
    ['a quote that does not end', `DNS:"a, URI:${SPIFFE}`, SPIFFE],
  ])('are not named by %s', (_what, names, allowed) => {
    expect(isAllowed(names, allowed)).toBe(false);
  });

  it('are read as node:tls writes the names of a certificate', () => {
    const { cert } = createAuthority().issue(['DNS:envoy.test', `URI:${SPIFFE}`]);
    const names = new X509Certificate(cert).subjectAltName;
    for (const allowed of ['envoy.test', SPIFFE]) expect(isAllowed(names, allowed)).toBe(true);
    expect(isAllowed(names, 'test')).toBe(false);
  });
});
