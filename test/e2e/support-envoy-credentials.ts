import { describe, expect, it } from '@jest/globals';

import type { AnyClient, Denial } from './support-envoy-client.ts';
import { bearer, valuesOf } from './support-envoy-scene.ts';

export function describeCredentials({ tokenOf, expectDenied, expectAllowed }: AnyClient): void {
  describe('credentials', () => {
    it('lets an active token through, with identity headers and without Authorization', async () => {
      const { upstream, reply } = await expectAllowed({ headers: bearer(tokenOf('alice')) });
      expect(upstream.headers).toMatchObject({
        'x-auth-subject': 'alice',
        'x-auth-client': 'web',
        'x-auth-scopes': 'orders:read orders:write',
        'x-auth-groups': 'staff,on call',
      });
      expect(upstream.headers).not.toHaveProperty('authorization');
      expect(reply.headers).not.toHaveProperty('x-auth-subject');
    });

    it.each<[string, Denial, (token: string) => readonly string[]]>([
      ['no credential (R1)', 'required', () => []],
      ['a scheme that is not offered (R2)', 'required', () => ['Authorization', 'Basic YWxpY2U6c2VjcmV0']],
      ['proof of possession (R2)', 'required', (token) => ['Authorization', `DPoP ${token}`]],
      [
        'two lines, the good one first (R3, G17, T-4)',
        'ambiguous',
        (token) => [...bearer(token), ...bearer('x')],
      ],
      [
        'two lines, the good one last (R3, G17, T-4)',
        'ambiguous',
        (token) => [...bearer('x'), ...bearer(token)],
      ],
      [
        'the good line twice (R3, G17, T-4)',
        'ambiguous',
        (token) => [...bearer(token), 'authorization', `Bearer ${token}`],
      ],
      [
        'a line joined of two (R3, G17)',
        'ambiguous',
        (token) => ['Authorization', `Bearer ${token}, Bearer x`],
      ],
      ['a line joined with nothing (R3, G17)', 'ambiguous', (token) => ['Authorization', `Bearer ${token},`]],
      [
        'Basic beside Bearer (R3)',
        'ambiguous',
        (token) => ['Authorization', 'Basic YWxpY2U6c2VjcmV0', ...bearer(token)],
      ],
      ['a scheme alone (R4)', 'ambiguous', () => ['Authorization', 'Bearer']],
      ['a scheme and spaces (R4)', 'ambiguous', () => ['Authorization', 'Bearer   ']],
      ['an empty value (R4)', 'ambiguous', () => ['Authorization', '']],
      ['a quoted token (R5a)', 'invalid', (token) => ['Authorization', `Bearer "${token}"`]],
      ['a percent sign in the token (R5a)', 'invalid', (token) => ['Authorization', `Bearer ${token}%20`]],
      ['two words (R5b)', 'ambiguous', (token) => ['Authorization', `Bearer ${token} ${token}`]],
      ['a token that nobody issued (R6, G1)', 'invalid', () => bearer('made-up')],
      ['a token over 8 KiB (R19)', 'ambiguous', () => bearer('a'.repeat(8_200))],
    ])('denies %s', async (_what, denial, headers) => {
      await expectDenied(denial, { headers: headers(tokenOf('alice')) });
    });

    it.each([
      ['a revoked token (R6)', 'revoked'],
      ['a token for another audience (R8)', 'foreign'],
      ['a refresh token (INT-20)', 'refresh'],
    ] as const)('denies %s with 401 and invalid_token', async (_what, name) => {
      await expectDenied('invalid', { headers: bearer(tokenOf(name)) });
    });

    it('denies a token without the scope, and shows the client all scopes that are needed (R9)', async () => {
      const { reply } = await expectDenied('insufficient', {
        path: '/writes/1',
        headers: bearer(tokenOf('reader')),
      });
      expect(reply.headers['www-authenticate']).toMatch(/, scope="orders:read orders:write"$/);
    });

    it('denies a token without any scope (R9)', async () => {
      await expectDenied('insufficient', { path: '/writes/1', headers: bearer(tokenOf('scopeless')) });
    });

    it.each(['bearer', 'BEARER', 'bEaReR'])('takes %s for the scheme (G18, T-5)', async (scheme) => {
      const { upstream } = await expectAllowed({
        headers: ['Authorization', `${scheme} ${tokenOf('alice')}`],
      });
      expect(upstream.headers['x-auth-subject']).toBe('alice');
    });

    it('takes several spaces between scheme and token (G18)', async () => {
      await expectAllowed({ headers: ['Authorization', `Bearer   ${tokenOf('alice')}`] });
    });

    it('ignores a token in the query (R24), and leaves the query to the upstream', async () => {
      const path = `/orders/1?access_token=${tokenOf('alice')}`;
      await expectDenied('required', { path });
      const { upstream } = await expectAllowed({ path, headers: bearer(tokenOf('reader')) });
      expect(upstream.headers['x-auth-subject']).toBe('rob');
      expect(upstream.path).toBe(path);
    });

    it('ignores a token in the body (R23)', async () => {
      await expectDenied('required', {
        method: 'POST',
        headers: ['Content-Type', 'application/x-www-form-urlencoded'],
        body: `access_token=${tokenOf('alice')}`,
      });
    });

    it('keeps Authorization where the route says so, and on public routes', async () => {
      const headers = bearer(tokenOf('alice'));
      for (const path of ['/kept/1', '/public/1']) {
        const { upstream } = await expectAllowed({ path, headers });
        expect(valuesOf(upstream, 'authorization')).toEqual([`Bearer ${tokenOf('alice')}`]);
      }
    });

    it('judges whatever Authorization an optional route gets, and strips it', async () => {
      await expectAllowed({ path: '/optional/1' });
      await expectDenied('invalid', { path: '/optional/1', headers: bearer('made-up') });
      await expectDenied('ambiguous', { path: '/optional/1', headers: ['Authorization', ''] });
      await expectDenied('required', { path: '/optional/1', headers: ['Authorization', 'Basic eDp5'] });
      const { upstream } = await expectAllowed({ path: '/optional/1', headers: bearer(tokenOf('alice')) });
      expect(upstream.headers['x-auth-subject']).toBe('alice');
      expect(upstream.headers).not.toHaveProperty('authorization');
    });
  });
}
