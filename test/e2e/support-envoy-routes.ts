import { describe, expect, it } from '@jest/globals';

import { BEARER, type AnyClient } from './support-envoy-client.ts';
import { bearer } from './support-envoy-scene.ts';

export function describeMethodsAndRoutes({ send, tokenOf, expectDenied, expectAllowed }: AnyClient): void {
  describe('methods', () => {
    it('takes HEAD where GET is allowed (HTTP-12)', async () => {
      const { upstream } = await expectAllowed({ method: 'HEAD', headers: bearer(tokenOf('alice')) });
      expect(upstream).toMatchObject({ method: 'HEAD', headers: { 'x-auth-subject': 'alice' } });
    });

    it('answers a refused HEAD with status and challenge, and no body', async () => {
      const { reply, upstream } = await send({ method: 'HEAD' });
      expect(reply).toMatchObject({ status: 401, body: '', headers: { 'www-authenticate': BEARER } });
      expect(upstream).toBeNull();
    });

    it.each(['DELETE', 'PATCH', 'OPTIONS'])('denies %s where GET and POST are allowed', async (method) => {
      await expectDenied('forbidden', { method, headers: bearer(tokenOf('alice')) });
    });

    it('denies TRACE, on a public route too (HTTP-12)', async () => {
      await expectDenied('forbidden', { method: 'TRACE', path: '/public/1' });
    });

    it('takes away headers that ask the upstream for another method (HTTP-12)', async () => {
      const overrides = [
        'X-HTTP-Method-Override',
        'DELETE',
        'X-HTTP-Method',
        'PUT',
        'X-Method-Override',
        'PUT',
      ];
      const { upstream } = await expectAllowed({ headers: [...bearer(tokenOf('alice')), ...overrides] });
      expect(JSON.stringify(upstream.rawHeaders)).not.toMatch(/method/i);
    });
  });

  describe('routes', () => {
    it.each([
      ['a route that is closed (R21)', '/denied/1'],
      ['a path of no route (R21)', '/nowhere'],
    ])('denies %s, whatever the token, without a challenge', async (_what, path) => {
      await expectDenied('forbidden', { path, headers: bearer(tokenOf('alice')) });
      await expectDenied('forbidden', { path });
    });

    it.each([
      ['upper case', ['Host', 'INTERNAL.Example.COM']],
      ['a port', ['Host', 'internal.example.com:8443']],
      ['a trailing dot', ['Host', 'internal.example.com.']],
    ])('knows a host by %s (T-8)', async (_what, headers) => {
      await expectDenied('required', { path: '/public/1', headers });
    });

    it('takes the host that the upstream will see, from an absolute target too (T-7, T-8)', async () => {
      await expectDenied('required', { path: 'http://internal.example.com/public/1' });
      const { upstream } = await expectAllowed({
        path: 'http://internal.example.com/public/1',
        headers: bearer(tokenOf('admin')),
      });
      expect(upstream).toMatchObject({ path: '/public/1', headers: { host: 'internal.example.com' } });
    });

    it('believes no header that speaks of another path, method or host (T-9)', async () => {
      await expectDenied('required', {
        path: '/admin/1',
        headers: [
          ...['X-Original-URI', '/public/1', 'X-Original-URL', 'http://api.example.com/public/1'],
          ...['X-Forwarded-Uri', '/public/1', 'X-Forwarded-Path', '/public/1', 'X-Rewrite-URL', '/public/1'],
          ...['X-Envoy-Original-Path', '/public/1', 'X-Forwarded-Host', 'other.example.com'],
          ...['X-Original-Method', 'OPTIONS', 'X-Forwarded-Method', 'OPTIONS', 'Forwarded', 'host=other'],
        ],
      });
    });
  });

  describe('a gRPC call of a client', () => {
    // Refused, it is HTTP 200 all the same: its status is in grpc-status.
    it.each<[string, string, string, () => readonly string[]]>([
      ['UNAUTHENTICATED, without a token', '16', '/orders/1', () => []],
      ['PERMISSION_DENIED, without the scope', '7', '/admin/1', () => bearer(tokenOf('alice'))],
      ['PERMISSION_DENIED, where the route is closed', '7', '/denied/1', () => []],
    ])('is refused with %s', async (_what, grpcStatus, path, headers) => {
      const { reply, upstream } = await send({
        method: 'POST',
        path,
        headers: ['Content-Type', 'application/grpc', 'TE', 'trailers', ...headers()],
        body: '\0\0\0\0\0',
      });
      expect(reply).toMatchObject({ status: 200, body: '', headers: { 'grpc-status': grpcStatus } });
      expect(upstream).toBeNull();
    });
  });
}
