import { describe, expect, it } from '@jest/globals';

import {
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
} from '../../../../src/domain/index.ts';
import { createNginxProfile } from '../../../../src/gateway/http/profiles/nginx.ts';
import { collectFields } from '../../../../src/gateway/http/request-headers.ts';
import { aDenial, aFault, anAllow, answerFor, mutations, nginxHeaders } from '../builders.ts';

const profile = createNginxProfile();
const denyReasons = Object.keys(DENY_REASONS) as DenyReason[];
const faultReasons = Object.keys(FAULT_REASONS) as FaultReason[];

function decode(rawHeaders: readonly string[]) {
  return profile.decode({ method: 'GET', target: '/_gatehouse', fields: collectFields(rawHeaders) });
}

/** What NGINX must be told for each status and side of the fault (design, section 6). */
const FOLDED: Readonly<Record<string, number>> = {
  '400 credential': 401,
  '400 request': 403,
  '401 credential': 401,
  '403 credential': 403,
  '403 request': 403,
  '404 request': 403,
  '413 request': 403,
  '429 credential': 403,
  '429 request': 403,
  '431 request': 403,
};

describe('the nginx profile, refusing (NGX-1, NGX-3, G22)', () => {
  it.each(denyReasons)('answers 401 or 403 to %s and tells the true status', (reason) => {
    const { status, at } = DENY_REASONS[reason];
    const refusal = aDenial(reason, reason === 'scope_insufficient' ? ['orders:write'] : []);
    const answer = answerFor(refusal);
    const reply = profile.refuse(refusal, answer);
    expect(reply.status).toBe(FOLDED[`${status} ${at}`]);
    expect(reply.headers).toContainEqual({ name: 'x-authz-status', value: String(status) });
    expect(reply.headers).toContainEqual({ name: 'x-authz-reason', value: reason });
    expect(reply.headers).toContainEqual({ name: 'cache-control', value: 'no-store' });
    expect(reply.body).toBe('');
    const challenges = (headers: typeof reply.headers) =>
      headers.filter(({ name }) => name === 'www-authenticate');
    expect(challenges(reply.headers)).toEqual(challenges(answer.headers));
  });

  it('gives every 401 exactly one challenge (HTTP-7, NGX-4)', () => {
    for (const reason of denyReasons) {
      const reply = profile.refuse(aDenial(reason), answerFor(aDenial(reason)));
      if (reply.status !== 401) continue;
      expect(reply.headers.filter(({ name }) => name === 'www-authenticate')).toHaveLength(1);
    }
  });

  it.each(faultReasons)('answers 503 with Retry-After and no challenge to the fault %s', (reason) => {
    const reply = profile.refuse(aFault(reason), answerFor(aFault(reason)));
    expect(reply).toEqual({
      status: 503,
      headers: [
        { name: 'cache-control', value: 'no-store' },
        { name: 'retry-after', value: '5' },
        { name: 'x-authz-status', value: '503' },
        { name: 'x-authz-reason', value: reason },
      ],
      body: '',
    });
  });
});

describe('the nginx profile, admitting', () => {
  it('answers 200 without a body, with the headers for the upstream and what becomes of Authorization', () => {
    expect(profile.admit(anAllow())).toEqual({
      ok: true,
      value: {
        status: 200,
        headers: [
          { name: 'cache-control', value: 'no-store' },
          { name: 'x-authz-authorization', value: 'strip' },
          { name: 'x-auth-subject', value: 'alice' },
        ],
        body: '',
      },
    });
  });

  it('says keep where the rule keeps Authorization', () => {
    const reply = profile.admit(anAllow({ mutations: mutations({ authorization: 'keep' }) }));
    expect(reply).toMatchObject({
      value: { headers: expect.arrayContaining([{ name: 'x-authz-authorization', value: 'keep' }]) },
    });
  });

  it('denies an allow that would have to remove a look-alike (T-1)', () => {
    expect(profile.admit(anAllow({ strays: ['x_auth.subject'] }))).toMatchObject({
      ok: false,
      failure: { kind: 'deny', reason: 'header_unremovable', route: 'orders' },
    });
  });

  it('makes the reply of one token on one rule only once (decision 13)', () => {
    const decision = anAllow();
    expect(profile.admit({ ...decision })).toBe(profile.admit(decision));
  });

  const header = (name: string, length: number) => ({ name, value: 'a'.repeat(length) });

  it('sends identity headers of 23 KiB whole', () => {
    const set = [1, 2, 3, 4, 5, 6].map((n) => header(`x-auth-${n}`, 3_900));
    expect(profile.admit(anAllow({ mutations: mutations({ set }) }))).toMatchObject({ ok: true });
  });

  it.each([
    ['over 24 KiB together', [1, 2, 3, 4, 5, 6, 7].map((n) => header(`x-auth-${n}`, 4_000))],
    ['too many', Array.from({ length: 100 }, (_, n) => header(`x-auth-${n}`, 1))],
    ['named like a header of the answer itself', [header('content-length', 1)]],
    ['named like our own word to NGINX', [header('x-authz-authorization', 1)]],
    ['not visible ASCII', [{ name: 'x-auth-subject', value: 'a\r\nx-authz-authorization: keep' }]],
    ['named with a space', [header('x auth', 1)]],
  ])('faults with answer_unsendable when the headers for the upstream are %s', (_how, set) => {
    expect(profile.admit(anAllow({ mutations: mutations({ set }) }))).toMatchObject({
      ok: false,
      failure: { kind: 'fault', reason: 'answer_unsendable', route: 'orders' },
    });
  });
});

describe('the nginx profile, decoding', () => {
  it('takes method, URI, host and scheme from the headers NGINX sets, untouched', () => {
    const headers = nginxHeaders({ 'X-Original-URI': '/a%2Fb/../c//d?x=%2F', 'X-Original-Method': 'PATCH' });
    expect(decode(headers)).toEqual({
      ok: true,
      value: { method: 'PATCH', path: '/a%2Fb/../c//d?x=%2F', host: 'api.example.com', scheme: 'https' },
    });
  });

  const mandatory = ['X-Original-URI', 'X-Original-Method', 'X-Forwarded-Host'];
  it.each(mandatory)('denies with original_request_unknown when %s is missing', (name) => {
    expect(decode(nginxHeaders({ [name]: null }))).toMatchObject({
      ok: false,
      failure: { kind: 'deny', reason: 'original_request_unknown' },
    });
  });

  it.each(mandatory)('denies with original_request_unknown when %s is repeated (T-9)', (name) => {
    expect(decode([...nginxHeaders(), name, '/public'])).toMatchObject({
      ok: false,
      failure: { kind: 'deny', reason: 'original_request_unknown' },
    });
  });

  it.each([
    'X-Forwarded-Uri',
    'X-Forwarded-Method',
    'X-Original-URL',
    'X-Original-Host',
    'Forwarded',
    'X_Original_URI',
  ])('never falls back to %s (CVE-2026-40575)', (name) => {
    const headers = [...nginxHeaders({ 'X-Original-URI': null, 'X-Original-Method': null }), name, '/public'];
    expect(decode(headers)).toMatchObject({ ok: false });
    expect(decode([...nginxHeaders(), name, '/public'])).toMatchObject({ value: { path: '/orders/1' } });
  });

  it.each([
    ['missing', null],
    ['not a scheme', 'https, http'],
  ])('leaves the scheme unknown when X-Forwarded-Proto is %s', (_how, value) => {
    expect(decode(nginxHeaders({ 'X-Forwarded-Proto': value }))).toMatchObject({ value: { scheme: null } });
  });
});
