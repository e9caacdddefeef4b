import { describe, expect, it } from '@jest/globals';

import {
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
  milliseconds,
} from '../../../../src/domain/index.ts';
import { createEnvoyProfile } from '../../../../src/gateway/http/profiles/envoy.ts';
import { collectFields } from '../../../../src/gateway/http/request-headers.ts';
import { aDenial, aFault, anAllow, answerFor, mutations } from '../builders.ts';

const profile = createEnvoyProfile({ pathPrefix: '/authz' });
const HOST = ['Host', 'api.example.com'];
const REMOVE = 'x-envoy-auth-headers-to-remove';

function decode(target: string, rawHeaders: readonly string[] = HOST, pathPrefix = '/authz') {
  const fields = collectFields(rawHeaders);
  return createEnvoyProfile({ pathPrefix }).decode({ method: 'DELETE', target, fields });
}

function removed(decision: ReturnType<typeof anAllow>): readonly string[] | null {
  const reply = profile.admit(decision);
  if (!reply.ok) throw new Error(reply.failure.reason);
  return reply.value.headers.find(({ name }) => name === REMOVE)?.value.split(',') ?? null;
}

describe('the envoy profile, decoding', () => {
  it.each([
    ['/authz/orders/1?x=1', '/authz', '/orders/1?x=1'],
    ['/authz/a%2Fb/../c//d', '/authz', '/a%2Fb/../c//d'],
    ['/authz//evil.example/x', '/authz', '//evil.example/x'],
    ['/authz/', '/authz', '/'],
    ['/authz*', '/authz', '*'],
    ['/orders', '', '/orders'],
    ['/authz//orders', '/authz/', '/orders'],
  ])('reads %s behind the prefix "%s" as %s', (target, prefix, path) => {
    expect(decode(target, HOST, prefix)).toEqual({
      ok: true,
      value: { method: 'DELETE', path, host: 'api.example.com', scheme: null },
    });
  });

  it.each([
    ['outside the prefix', '/orders', HOST],
    ['beside the prefix', '/authzevil/orders', HOST],
    ['the bare prefix', '/authz', HOST],
    ['the prefix in other letters', '/AUTHZ/orders', HOST],
    ['absolute', 'http://api.example.com/authz/orders', HOST],
    ['without a Host', '/authz/orders', []],
    ['with two Hosts', '/authz/orders', [...HOST, 'host', 'other.example']],
  ])('denies with original_request_unknown what is %s', (_what, target, rawHeaders) => {
    expect(decode(target, rawHeaders)).toMatchObject({
      ok: false,
      failure: { kind: 'deny', reason: 'original_request_unknown' },
    });
  });

  it('never reads the original request from a header (T-9)', () => {
    const spoof = [
      'X-Original-URI',
      '/public',
      'X-Forwarded-Uri',
      '/public',
      'X-Envoy-Original-Path',
      '/public',
    ];
    expect(decode('/authz/admin', [...HOST, ...spoof])).toMatchObject({ value: { path: '/admin' } });
  });
});

describe('the envoy profile, refusing', () => {
  it.each(Object.keys(DENY_REASONS) as DenyReason[])('answers %s as it is, body included', (reason) => {
    const answer = answerFor(aDenial(reason));
    const { status, headers, body } = answer;
    expect(profile.refuse(aDenial(reason), answer)).toEqual({ status, headers, body });
    expect(status).toBeLessThan(500);
  });

  it.each(Object.keys(FAULT_REASONS) as FaultReason[])(
    'answers the fault %s with 403 and Retry-After, for a 5xx could let the request pass',
    (reason) => {
      const answer = answerFor(aFault(reason));
      const reply = profile.refuse(aFault(reason), answer);
      expect(reply.status).toBe(403);
      expect(reply.headers).toEqual([...answer.headers, { name: 'x-authz-status', value: '503' }]);
      expect(reply.headers).toContainEqual({ name: 'retry-after', value: '5' });
      expect(reply.body).toBe('The authorization service is unavailable');
    },
  );
});

describe('the envoy profile, admitting', () => {
  it('sets the headers for the upstream and lists those to remove', () => {
    expect(profile.admit(anAllow())).toEqual({
      ok: true,
      value: {
        status: 200,
        headers: [
          { name: 'cache-control', value: 'no-store' },
          { name: REMOVE, value: 'x-auth-client,x_auth_subject,authorization' },
          { name: 'x-auth-subject', value: 'alice' },
        ],
        body: '',
      },
    });
  });

  it('lists look-alikes found in the request too (T-1)', () => {
    const strays = ['x_auth.client', 'x-remote-user'];
    expect(removed(anAllow({ strays }))).toEqual([
      'x-auth-client',
      'x_auth_subject',
      'x_auth.client',
      'x-remote-user',
      'authorization',
    ]);
    // And forgets them for the next request of the same token.
    const decision = anAllow();
    profile.admit({ ...decision, strays });
    expect(removed(decision)).not.toContain('x-remote-user');
  });

  it('never lists a header that it sets, for Envoy removes last', () => {
    const set = [
      { name: 'authorization', value: 'Internal x' },
      { name: 'x-a', value: '1' },
    ];
    expect(removed(anAllow({ mutations: mutations({ set, remove: ['x-a', 'x-b'] }) }))).toEqual(['x-b']);
  });

  it('leaves Authorization alone where the rule keeps it, and the list out where it is empty', () => {
    expect(removed(anAllow({ mutations: mutations({ authorization: 'keep', remove: [] }) }))).toBeNull();
  });

  it('denies with header_unremovable when the look-alikes alone do not fit into an answer', () => {
    const strays = Array.from({ length: 600 }, (_, n) => `x_auth_${'a'.repeat(40)}_${n}`);
    expect(profile.admit(anAllow({ strays }))).toMatchObject({
      failure: { kind: 'deny', reason: 'header_unremovable' },
    });
  });

  it('faults with answer_unsendable when the headers for the upstream do not fit, look-alikes or not', () => {
    const set = Array.from({ length: 7 }, (_, n) => ({ name: `x-auth-${n}`, value: 'a'.repeat(4_000) }));
    for (const strays of [[], ['x_a']]) {
      expect(profile.admit(anAllow({ mutations: mutations({ set }), strays }))).toMatchObject({
        failure: { kind: 'fault', reason: 'answer_unsendable' },
      });
    }
  });
});

describe('the wait that Envoy itself sets', () => {
  const longest = (...rawHeaders: readonly string[]) =>
    profile.longestWait(collectFields(rawHeaders), milliseconds(20));

  it.each([
    ['its timeout less the margin', ['x-envoy-expected-rq-timeout-ms', '1000'], 980],
    ['nothing, when the margin takes all', ['x-envoy-expected-rq-timeout-ms', '15'], 0],
    ['150 ms when it does not tell', [], 150],
    ['150 ms when what it tells is no number', ['x-envoy-expected-rq-timeout-ms', '1e9'], 150],
    [
      '150 ms when it tells twice',
      ['x-envoy-expected-rq-timeout-ms', '1', 'x-envoy-expected-rq-timeout-ms', '2'],
      150,
    ],
  ])('is %s', (_what, rawHeaders, expected) => {
    expect(longest(...rawHeaders)).toBe(expected);
  });
});
