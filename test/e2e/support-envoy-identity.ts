import { describe, expect, it } from '@jest/globals';

import type { AnyClient } from './support-envoy-client.ts';
import { bearer, valuesOf } from './support-envoy-scene.ts';

export function describeIdentityHeaders({ tokenOf, expectAllowed }: AnyClient): void {
  describe('identity headers', () => {
    const SPELLINGS = [
      'X-Auth-Subject',
      'x_auth_subject',
      'x.auth.subject',
      'X_AUTH-Subject',
      'x-auth_subject',
    ]
      .concat(['x.auth-subject', 'X-Auth.Subject', 'x_auth.subject', 'x.auth_subject', 'x-auth-subject'])
      .concat(['X-Auth-Client', 'x-auth.groups', 'x_auth_groups', 'x-auth-unheard-of', 'x_auth_unheard.of']);
    const spoofed = SPELLINGS.flatMap((name) => [name, 'mallory']);

    it.each<[string, string, 'alice' | null, string | null]>([
      ['a required route', '/orders/1', 'alice', 'alice'],
      ['a required route that keeps Authorization', '/kept/1', 'alice', 'alice'],
      ['a required route that sets none', '/silent/1', 'alice', null],
      ['an optional route, with a token', '/optional/1', 'alice', 'alice'],
      ['an optional route, without a token', '/optional/1', null, null],
      ['a public route', '/public/1', null, null],
      ['a public route, with a token', '/public/1', 'alice', null],
    ])(
      'never reach the upstream from the client on %s, however they are spelt (G16, T-1)',
      async (_what, path, name, subject) => {
        const headers = [...spoofed, ...(name === null ? [] : bearer(tokenOf(name))), ...spoofed];
        const { upstream } = await expectAllowed({ path, headers });
        expect(JSON.stringify(upstream.rawHeaders)).not.toContain('mallory');
        expect(valuesOf(upstream, 'x-auth-subject')).toEqual(subject === null ? [] : [subject]);
      },
    );

    it('reach the upstream though Connection names them', async () => {
      const { upstream } = await expectAllowed({
        headers: ['Connection', 'close, x-auth-subject, x-auth-client', ...bearer(tokenOf('alice'))],
      });
      expect(upstream.headers).toMatchObject({ 'x-auth-subject': 'alice', 'x-auth-client': 'web' });
    });

    it('are removed when the answer has no claim for them (G16)', async () => {
      const { upstream } = await expectAllowed({ headers: [...bearer(tokenOf('nobody')), ...spoofed] });
      expect(JSON.stringify(upstream.rawHeaders)).not.toContain('mallory');
      expect(valuesOf(upstream, 'x-auth-subject')).toEqual([]);
      expect(valuesOf(upstream, 'x-auth-scopes')).toEqual(['orders:read']);
    });

    it('carry claims that are not ASCII, and ones that mean to break out, percent-encoded (T-2, T-3)', async () => {
      const { upstream } = await expectAllowed({ headers: bearer(tokenOf('umlaut')) });
      expect(upstream.headers['x-auth-subject']).toBe('%20Zo%C3%AB %E2%98%83 100%25%0D%0AX-Admin: 1');
      expect(upstream.headers['x-auth-groups']).toBe('a%2Cadmin,na%C3%AFve,tab%09here');
      expect(upstream.headers).not.toHaveProperty('x-admin');
    });

    it('are removed rather than cut when a claim is over 4 KiB (T-2)', async () => {
      const { upstream } = await expectAllowed({
        headers: [...bearer(tokenOf('verbose')), 'X-Auth-Groups', 'mallory'],
      });
      expect(upstream.headers['x-auth-subject']).toBe('vic');
      expect(upstream.headers).not.toHaveProperty('x-auth-groups');
    });
  });
}
