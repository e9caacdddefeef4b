import { describe, expect, it } from '@jest/globals';

import type { AnyClient, Denial } from './support-envoy-client.ts';
import { bearer, HOST, valuesOf } from './support-envoy-scene.ts';

export function describeProtocols({ sendOverHttp2, tokenOf, expectDenied, expectAllowed }: AnyClient): void {
  describe('over HTTP/2', () => {
    it('lets an active token through, without what a client claims to be', async () => {
      const spoofed = ['x-auth-subject', 'mallory', 'x-auth_subject', 'mallory', 'x.auth.groups', 'mallory'];
      const { status, upstream } = await sendOverHttp2([...spoofed, ...bearer(tokenOf('alice')), ...spoofed]);
      expect(status).toBe(200);
      expect(upstream?.headers['x-auth-subject']).toBe('alice');
      expect(JSON.stringify(upstream?.rawHeaders)).not.toContain('mallory');
    });

    it.each(['first', 'last'])(
      'denies two Authorization fields, the good one %s (R3, G17, T-4)',
      async (place) => {
        const fields = [bearer(tokenOf('alice')), bearer('x')];
        const { status, challenge, upstream } = await sendOverHttp2(
          (place === 'first' ? fields : fields.toReversed()).flat(),
        );
        expect({ status, upstream }).toEqual({ status: 400, upstream: null });
        expect(challenge).toMatch(/error="invalid_request"/);
      },
    );

    it('takes the host that the upstream will see, not one beside it (T-8)', async () => {
      const place = { path: '/public/1', authority: 'internal.example.com' };
      const { status, upstream } = await sendOverHttp2(['host', HOST], place);
      expect([400, 401]).toContain(status);
      expect(upstream).toBeNull();
    });
  });

  describe('bytes that are not UTF-8 (T-11)', () => {
    it.each<[string, readonly string[]]>([
      ['a header that nobody reads', ['X-Note', 'caf\xe9 \xff\xfe']],
      ['a claimed identity', ['X-Auth-Subject', 'mallory\xff']],
    ])('do not keep a good token out in %s, nor get in', async (_what, headers) => {
      const { upstream } = await expectAllowed({ headers: [...bearer(tokenOf('alice')), ...headers] });
      expect(valuesOf(upstream, 'x-auth-subject')).toEqual(['alice']);
      expect(JSON.stringify(upstream.rawHeaders)).not.toContain('mallory');
    });

    it.each<[string, Denial, (token: string) => readonly string[]]>([
      ['a header, without a token', 'required', () => ['X-Note', '\xff\xfe']],
      ['the token', 'invalid', (token) => bearer(`${token}\xff`)],
      ['the scheme', 'ambiguous', (token) => ['Authorization', `Bearer\xff ${token}`]],
      ['a second credential', 'ambiguous', (token) => [...bearer(token), 'Authorization', '\xff']],
    ])('are denied in %s', async (_what, denial, headers) => {
      await expectDenied(denial, { headers: headers(tokenOf('alice')) });
    });
  });
}
