import { describe, expect, it } from '@jest/globals';

import {
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
  type HeaderField,
} from '../../../../src/domain/index.ts';
import type { Profile } from '../../../../src/gateway/http/profile.ts';
import { createForwardedProfile } from '../../../../src/gateway/http/profiles/forwarded.ts';
import { createHaproxyProfile } from '../../../../src/gateway/http/profiles/haproxy.ts';
import { collectFields } from '../../../../src/gateway/http/request-headers.ts';
import { aDenial, aFault, anAllow, answerFor, mutations } from '../builders.ts';

interface Front {
  readonly name: string;
  readonly profile: Profile;
  /** What it sends for `GET /orders/1` of api.example.com. */
  readonly mandatory: Readonly<Record<string, string>>;
  /** Headers of other fronts, and look-alikes. */
  readonly foreign: readonly string[];
}

const ALIASES = ['X_Forwarded_Uri', 'X.Forwarded.Uri', 'X_Original_URI', 'X-Forwarded-Path', 'X-Rewrite-URL'];
const FRONTS: readonly Front[] = [
  ...(['traefik', 'caddy', 'apisix'] as const).map((name) => ({
    name,
    profile: createForwardedProfile(name),
    mandatory: {
      'X-Forwarded-Uri': '/orders/1',
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Host': 'api.example.com',
    },
    foreign: [...ALIASES, 'X-Original-URI', 'X-Original-URL', 'X-Original-Method', 'Forwarded'],
  })),
  {
    name: 'haproxy',
    profile: createHaproxyProfile(),
    mandatory: {
      'X-Original-URI': '/orders/1',
      'X-Original-Method': 'GET',
      'X-Forwarded-Host': 'api.example.com',
    },
    foreign: [...ALIASES, 'X-Forwarded-Uri', 'X-Forwarded-Method', 'X-Original-URL', 'Forwarded'],
  },
];

describe.each(FRONTS)('the $name profile', ({ name, profile, mandatory, foreign }) => {
  const decode = (rawHeaders: readonly string[]) =>
    profile.decode({ method: 'HEAD', target: '/_gatehouse', fields: collectFields(rawHeaders) });
  const headers = (differing: Readonly<Record<string, string | null>> = {}): readonly string[] =>
    Object.entries({ Host: 'gatehouse', ...mandatory, ...differing }).flatMap(([field, value]) =>
      value === null ? [] : [field, value],
    );
  const [uri = '', method = ''] = Object.keys(mandatory);

  it('takes method, URI and host from the headers the front sets, untouched', () => {
    const sent = headers({ [uri]: '/a%2Fb/../c//d?x=%2F', [method]: 'PATCH' });
    expect(decode(sent)).toEqual({
      ok: true,
      value: { method: 'PATCH', path: '/a%2Fb/../c//d?x=%2F', host: 'api.example.com', scheme: null },
    });
  });

  it.each(Object.keys(mandatory))('denies with 403 when %s is missing, empty or repeated (T-9)', (field) => {
    for (const sent of [
      headers({ [field]: null }),
      headers({ [field]: '' }),
      [...headers(), field, '/public'],
      [...headers(), field.toUpperCase(), mandatory[field]!],
    ]) {
      const decoded = decode(sent);
      expect(decoded).toMatchObject({ failure: { kind: 'deny', reason: 'original_request_unknown' } });
    }
    expect(DENY_REASONS.original_request_unknown.status).toBe(403);
  });

  it.each(foreign)('never reads %s, neither instead nor besides (CVE-2026-40575)', (field) => {
    expect(decode([...headers({ [uri]: null }), field, '/public'])).toMatchObject({ ok: false });
    expect(decode([...headers(), field, '/public'])).toMatchObject({
      value: { method: 'GET', path: '/orders/1', host: 'api.example.com' },
    });
  });

  it('hides from rules what the front itself put there', () => {
    for (const field of Object.keys(mandatory)) expect(profile.hidden.has(field.toLowerCase())).toBe(true);
    expect(profile.hidden.has('authorization')).toBe(false);
  });

  it.each(Object.keys(DENY_REASONS) as DenyReason[])('answers %s with its own status and body', (reason) => {
    const answer = answerFor(aDenial(reason));
    const { status, headers: fields, body } = answer;
    expect(profile.refuse(aDenial(reason), answer)).toEqual({ status, headers: fields, body });
  });

  it.each(Object.keys(FAULT_REASONS) as FaultReason[])('answers the fault %s with 503', (reason) => {
    const reply = profile.refuse(aFault(reason), answerFor(aFault(reason)));
    expect(reply.status).toBe(503);
    expect(reply.headers).toContainEqual({ name: 'retry-after', value: '5' });
  });

  it('denies an allow that would have to remove a look-alike or a scrubbed header (T-1)', () => {
    expect(profile.admit(anAllow({ strays: ['x_auth.subject'] }))).toMatchObject({
      failure: { kind: 'deny', reason: 'header_unremovable', route: 'orders' },
    });
  });

  it('makes the reply of one token on one rule only once (decision 13)', () => {
    const decision = anAllow();
    expect(profile.admit({ ...decision })).toBe(profile.admit(decision));
  });

  it('faults when the headers for the upstream are over 24 KiB together', () => {
    const set = Array.from({ length: 7 }, (_, n) => ({ name: `x-auth-${n}`, value: 'a'.repeat(4_000) }));
    expect(profile.admit(anAllow({ mutations: mutations({ set }) }))).toMatchObject({
      failure: { kind: 'fault', reason: 'answer_unsendable' },
    });
  });

  it('answers an allow with 200, without a body, never to be stored', () => {
    expect(profile.admit(anAllow())).toMatchObject({
      value: {
        status: 200,
        body: '',
        headers: expect.arrayContaining([
          { name: 'cache-control', value: 'no-store' },
          { name: 'x-auth-subject', value: 'alice' },
        ]),
      },
    });
  });

  it('believes of the scheme only what the front says', () => {
    const decoded = decode(headers({ 'X-Forwarded-Proto': 'https' }));
    expect(decoded).toMatchObject({ value: { scheme: name === 'haproxy' ? null : 'https' } });
    expect(profile.tellsClientAddress).toBe(name !== 'haproxy');
  });
});

describe.each(FRONTS.slice(0, 3))('an allow in the terms of $name', ({ profile }) => {
  const fields = (decision: ReturnType<typeof anAllow>, authorization: readonly string[] = []) => {
    const reply = profile.admit(decision, authorization);
    if (!reply.ok) throw new Error(reply.failure.reason);
    return reply.value.headers.filter(
      ({ name }) => !['cache-control', 'x-authz-authorization'].includes(name),
    );
  };

  it('carries every managed header, empty where it has no value, Authorization among them (GHSA-7r4p-vjf4-gxv4)', () => {
    expect(fields(anAllow(), ['Bearer t'])).toEqual([
      { name: 'x-auth-client', value: '' },
      { name: 'x_auth_subject', value: '' },
      { name: 'authorization', value: '' },
      { name: 'x-auth-subject', value: 'alice' },
    ]);
  });

  it('gives Authorization back where the rule keeps it, for one configuration serves all rules', () => {
    const decision = anAllow({ mutations: mutations({ authorization: 'keep', remove: [], set: [] }) });
    const sent = ['Basic dTpw', 'Bearer \xfc'];
    expect(fields(decision, sent)).toEqual(sent.map((value) => ({ name: 'authorization', value })));
    // And forgets it for the next request of the same rule.
    expect(fields(decision)).toEqual([]);
  });

  it('never gives Authorization back beside a value of the rule itself', () => {
    const set: readonly HeaderField[] = [{ name: 'authorization', value: 'Internal x' }];
    const decision = anAllow({ mutations: mutations({ authorization: 'keep', remove: [], set }) });
    expect(fields(decision, ['Bearer t'])).toEqual(set);
  });

  it('denies an Authorization that is kept and too long for an answer', () => {
    const decision = anAllow({ mutations: mutations({ authorization: 'keep' }) });
    expect(profile.admit(decision, ['a'.repeat(30_000)])).toMatchObject({
      failure: { kind: 'deny', reason: 'headers_too_large' },
    });
  });
});

describe.each(FRONTS)('an allow in the terms of $name', ({ profile }) => {
  it.each(['strip', 'keep'] as const)('says %s of Authorization', (authorization) => {
    const reply = profile.admit(anAllow({ mutations: mutations({ authorization }) }));
    expect(reply).toMatchObject({
      value: {
        headers: expect.arrayContaining([
          { name: 'x-authz-authorization', value: authorization },
          { name: 'x-auth-subject', value: 'alice' },
        ]),
      },
    });
  });
});
