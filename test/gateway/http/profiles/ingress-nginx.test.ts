import { describe, expect, it } from '@jest/globals';

import {
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
} from '../../../../src/domain/index.ts';
import { createIngressNginxProfile } from '../../../../src/gateway/http/profiles/ingress-nginx.ts';
import { createNginxProfile } from '../../../../src/gateway/http/profiles/nginx.ts';
import { collectFields } from '../../../../src/gateway/http/request-headers.ts';
import { aDenial, aFault, anAllow, answerFor, mutations } from '../builders.ts';

const profile = createIngressNginxProfile();
const URL = 'https://api.example.com:8443/orders/1?x=1';

function decode(rawHeaders: readonly string[]) {
  return profile.decode({ method: 'GET', target: '/', fields: collectFields(rawHeaders) });
}
const sent = (url: string, method = 'GET') => ['X-Original-URL', url, 'X-Original-Method', method];

describe('the ingress-nginx profile, decoding', () => {
  it.each([
    ['https', 'api.example.com:8443', '/orders/1?x=1'],
    ['http', '[::1]:80', '/a%2Fb/../c//d;e?x=%2F'],
    ['https', 'api.example.com', '//evil.example/x'],
    ['https', 'api.example.com', '/'],
    ['https', 'api.example.com', '/x?u=https://other.example/y'],
    ['https', 'user@api.example.com', '/x'],
    ['https', 'api.example.com?', '/x'],
  ])('reads %s://%s%s as these three, untouched', (scheme, host, path) => {
    expect(decode(sent(`${scheme}://${host}${path}`, 'PUT'))).toEqual({
      ok: true,
      value: { method: 'PUT', scheme, host, path },
    });
  });

  it.each([
    ['no URL', ['X-Original-Method', 'GET']],
    ['no method', ['X-Original-URL', URL]],
    ['two URLs (T-9)', [...sent(URL), 'x-original-url', 'https://api.example.com/public']],
    ['two methods (T-9)', [...sent(URL), 'X-Original-Method', 'GET']],
    ['a URL without a host', sent('https:///orders')],
    ['a URL without a path', sent('https://api.example.com')],
    ['a path alone', sent('/orders/1')],
    ['another scheme', sent('ftp://api.example.com/orders')],
    ['a line break', sent('https://api.example.com/a\nb')],
  ])('denies with original_request_unknown: %s', (_what, rawHeaders) => {
    expect(decode(rawHeaders)).toMatchObject({
      failure: { kind: 'deny', reason: 'original_request_unknown' },
    });
  });

  it.each([
    ...['X-Original-URI', 'X-Forwarded-Uri', 'X-Forwarded-Host', 'X-Forwarded-Method', 'Forwarded'],
    ...['X_Original_URL', 'X-Auth-Request-Redirect', 'X-Original-Host'],
  ])('never reads %s, which the client can set (CVE-2026-40575)', (name) => {
    expect(decode(['X-Original-Method', 'GET', name, URL])).toMatchObject({ ok: false });
    expect(decode([...sent(URL), name, 'https://other.example/public'])).toMatchObject({
      value: { host: 'api.example.com:8443', path: '/orders/1?x=1' },
    });
  });
});

describe('the ingress-nginx profile, answering', () => {
  it('folds every refusal as for NGINX: the controller passes on 401 and 403 alone (NGX-1)', () => {
    const nginx = createNginxProfile();
    const refusals = [
      ...(Object.keys(DENY_REASONS) as DenyReason[]).map((reason) => aDenial(reason)),
      ...(Object.keys(FAULT_REASONS) as FaultReason[]).map((reason) => aFault(reason)),
    ];
    for (const refusal of refusals) {
      const answer = answerFor(refusal);
      const reply = profile.refuse(refusal, answer);
      expect(reply).toEqual(nginx.refuse(refusal, answer));
      expect(reply.body).toBe('');
      expect([401, 403, 503]).toContain(reply.status);
      expect(reply.headers).toContainEqual({ name: 'x-authz-status', value: String(answer.status) });
    }
  });

  it('answers an allow with the headers for the upstream, and gives Authorization back only where it is kept', () => {
    const told = (authorization: 'strip' | 'keep') =>
      profile.admit(anAllow({ mutations: mutations({ authorization }) }), ['Bearer t']);
    const plain = [
      { name: 'cache-control', value: 'no-store' },
      { name: 'x-authz-authorization', value: 'strip' },
      { name: 'x-auth-subject', value: 'alice' },
    ];
    expect(told('strip')).toMatchObject({ value: { status: 200, headers: plain, body: '' } });
    expect(told('keep')).toMatchObject({
      value: {
        headers: [
          plain[0],
          { name: 'x-authz-authorization', value: 'keep' },
          { name: 'authorization', value: 'Bearer t' },
          plain[2],
        ],
      },
    });
  });

  it('denies an allow that would have to remove a look-alike (T-1)', () => {
    expect(profile.admit(anAllow({ strays: ['x-remote-user'] }))).toMatchObject({
      failure: { reason: 'header_unremovable' },
    });
  });
});
