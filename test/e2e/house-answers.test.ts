import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { json, jsonText, type RecordedRequest } from '../support/fault-server.ts';
import { type Allowed, aCheck, ask, askForStatus, type Refused, withToken } from './support-house-check.ts';
import { clientAt, type Idp, inSeconds, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, steppableClock } from './support-house.ts';

// The whole house between a gRPC caller and authorization servers on this host. Its clock is put forward where time matters.
const clock = steppableClock();
let idp: Idp;
let otherIdp: Idp;
let house: OpenedHouse;

beforeAll(async () => {
  [idp, otherIdp] = await Promise.all([startIdp(), startIdp()]);
  house = await openAHouse(
    `${EVERY_DOOR}
clients:
  main: ${clientAt(idp.endpoint)}
  other: ${clientAt(otherIdp.endpoint)}
  selfish: ${clientAt(idp.endpoint, ', clientSelfOnly: true')}
routes:
  - { name: welcome, match: { paths: [/welcome] }, mode: public }
  - { name: closed, match: { paths: [/closed] }, mode: deny }
  - { name: news, match: { paths: [/news] }, mode: optional, client: main, upstream: { headers: { x-auth-subject: sub } } }
  - { name: own, match: { paths: [/own] }, client: selfish }
  - { name: tenant, match: { hosts: [other.example.com] }, client: other }
  - { name: audience, match: { paths: [/audience] }, client: main, require: { audience: ["https://api.example"] } }
  - { name: writers, match: { paths: [/writers] }, client: main, require: { scopes: [orders:read, orders:write] } }
  - { name: issuer, match: { paths: [/issuer] }, client: main, require: { issuer: ["https://idp.example"] } }
  - { name: rest, client: main, upstream: { headers: { x-auth-subject: sub, x-auth-scopes: scope } } }
`,
    { clock },
  );
});

afterAll(async () => {
  await house?.close();
  await Promise.all([idp?.stop(), otherIdp?.stop()]);
});

beforeEach(() => {
  for (const server of [idp, otherIdp]) {
    server.behave();
    server.forget();
    server.tokens.clear();
  }
});

const refusal = async (check: Buffer): Promise<Refused> => {
  const outcome = await ask(house, check);
  if (outcome.kind !== 'deny') throw new Error('allowed');
  return outcome;
};
const allowance = async (check: Buffer): Promise<Allowed> => {
  const outcome = await ask(house, check);
  if (outcome.kind !== 'allow') throw new Error(`denied with ${outcome.status}: ${outcome.body}`);
  return outcome;
};
const lastReason = (): unknown => house.logs().findLast((line) => line['event'] === 'decided')?.['reason'];

describe('a house asked over gRPC', () => {
  it('allows an active token and tells the upstream who it is (INT-1, INT-2)', async () => {
    const token = 'a+b/c~._-==';
    idp.tokens.set(token, { sub: 'alice', scope: 'orders:read orders:write', client_id: 'web' });
    const { set, remove, metadata } = await allowance(withToken(token));
    expect(set).toEqual({ 'x-auth-subject': 'alice', 'x-auth-scopes': 'orders:read orders:write' });
    expect(remove).toContain('authorization');
    expect(metadata).toMatchObject({ sub: 'alice', client_id: 'web' });
    expect(idp.asked()).toEqual([token]);
    expect(idp.requests[0]).toMatchObject({ method: 'POST', path: '/introspect' });
  });

  it('asks as who it is, by the one way that is set, and for JSON (INT-4, INT-6, INT-8)', async () => {
    await ask(house, withToken('INT-4'));
    const [{ headers, body }] = idp.requests as [RecordedRequest];
    const credentials = Buffer.from('gateway:client-secret-of-the-tests').toString('base64');
    expect(headers).toMatchObject({
      authorization: `Basic ${credentials}`,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([...new URLSearchParams(body).keys()]).toEqual(['token']);
  });

  it('denies a bare inactive with 401 invalid_token, and remembers it without asking again (G1, R6, INT-13, CACHE-5)', async () => {
    idp.always(json({ active: false, sub: 'admin', exp: 9_999_999_999 }));
    for (let count = 0; count < 3; count += 1) {
      const { code, status, headers, body } = await refusal(withToken('G1-token'));
      expect({ code, status, body }).toEqual({
        code: 16,
        status: 401,
        body: 'The provided token is inactive',
      });
      expect(headers['www-authenticate']).toMatch(/^Bearer realm="gatehouse", error="invalid_token", /);
      expect(headers['cache-control']).toBe('no-store');
    }
    expect(idp.asked()).toEqual(['G1-token']);
    clock.step(5_001);
    await refusal(withToken('G1-token'));
    expect(idp.asked()).toHaveLength(2);
  });

  it("denies another client's token where only our own count, and accepts it elsewhere (G2)", async () => {
    idp.tokens.set('G2-other', { client_id: 'web' }).set('G2-own', { client_id: 'gateway' });
    expect(await refusal(withToken('G2-other', { path: '/own' }))).toMatchObject({ code: 16, status: 401 });
    expect(lastReason()).toBe('token_client_unexpected');
    expect(await askForStatus(house, withToken('G2-own', { path: '/own' }))).toBe(200);
    expect(await askForStatus(house, withToken('G2-other'))).toBe(200);
    expect(await askForStatus(house, withToken('G2-nobodys', { path: '/own' }))).toBe(401);
    expect(lastReason()).toBe('token_inactive');
  });

  it('takes nothing but a JSON boolean for an answer and keeps nothing else (G3, R17, INT-12, INT-25, T-25, T-26)', async () => {
    const unreadable = [
      '{"active":"true"}',
      '{"active":1}',
      '{"active":null}',
      '{}',
      '{"data":{"active":true}}',
      '{"active":false,"active":true}',
      '{"__proto__":{"active":true}}',
      '{"ACTIVE":true}',
      '{"active":true}{"active":true}',
      '{"active":true} x',
      '\ufeff{"active":true}',
      '{"active":NaN}',
      '{"active":true,"exp":1e400}',
      '{"active":true,"exp":"2030"}',
      '{"active":true,"aud":{"a":1}}',
    ];
    for (const [index, body] of unreadable.entries()) {
      idp.always(jsonText(body));
      const { code, status, headers } = await refusal(withToken(`G3-${index}`));
      expect({ body, code, status, reason: lastReason() }).toEqual({
        body,
        code: 14,
        status: 503,
        reason: 'introspection_unreadable',
      });
      expect(headers).not.toHaveProperty('www-authenticate');
    }
    idp.always(json({ active: true }));
    await sleep(300);
    for (const index of unreadable.keys()) {
      expect(await askForStatus(house, withToken(`G3-${index}`))).toBe(200);
    }
  });

  it.each([
    ['exp has passed', () => ({ exp: inSeconds(-1, clock) }), 'token_expired'],
    ['nbf is to come', () => ({ nbf: inSeconds(60, clock) }), 'token_not_yet_valid'],
    ['iat is to come', () => ({ iat: inSeconds(60, clock) }), 'token_not_yet_valid'],
  ])('denies an active token whose %s (G4, R7, INT-17)', async (what, claims, reason) => {
    const token = `G4-${what.slice(0, 3)}`;
    idp.tokens.set(token, claims());
    const { status, headers } = await refusal(withToken(token));
    expect({ status, reason: lastReason() }).toEqual({ status: 401, reason });
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('serves a remembered answer until its exp and not a moment longer (G5, CACHE-2, T-32)', async () => {
    idp.tokens.set('G5', { exp: inSeconds(20, clock) });
    expect(await askForStatus(house, withToken('G5'))).toBe(200);
    clock.step(15_000);
    expect(await askForStatus(house, withToken('G5'))).toBe(200);
    expect(idp.asked()).toHaveLength(1);
    clock.step(6_000);
    // The server is late to notice: it says active still.
    expect(await askForStatus(house, withToken('G5'))).toBe(401);
    expect(lastReason()).toBe('token_expired');
  });

  it('judges one token twice where two clients are asked (G6, INT-21, CACHE-1, T-31)', async () => {
    idp.tokens.set('G6', { sub: 'alice' });
    expect(await askForStatus(house, withToken('G6'))).toBe(200);
    expect(await askForStatus(house, withToken('G6', { host: 'other.example.com' }))).toBe(401);
    expect(await askForStatus(house, withToken('G6'))).toBe(200);
    expect([idp.asked(), otherIdp.asked()]).toEqual([['G6'], ['G6']]);
  });

  it('remembers the answer and judges it for each route anew (CACHE-7, BCP-2, R8, R9)', async () => {
    idp.tokens.set('CACHE-7', {
      scope: 'orders:read',
      aud: 'https://other.example',
      iss: 'https://idp.example',
    });
    expect(await askForStatus(house, withToken('CACHE-7'))).toBe(200);
    expect(await askForStatus(house, withToken('CACHE-7', { path: '/issuer' }))).toBe(200);
    expect(await askForStatus(house, withToken('CACHE-7', { path: '/audience' }))).toBe(401);
    expect(lastReason()).toBe('token_audience_unexpected');
    const { code, status, headers, body } = await refusal(withToken('CACHE-7', { path: '/writers' }));
    expect({ code, status, body }).toEqual({
      code: 7,
      status: 403,
      body: 'The provided token is not sufficient for this resource',
    });
    expect(headers['www-authenticate']).toMatch(
      /error="insufficient_scope", .*scope="orders:read orders:write"$/,
    );
    expect(idp.asked()).toHaveLength(1);
  });

  it.each([
    ['a bound token (R12, R13)', { cnf: { jkt: 'x' } }, 'token_bound'],
    ['a token type nobody offers (R7)', { token_type: 'mac' }, 'token_type_unsupported'],
    ['a refresh token (INT-20, T-16)', { token_use: 'refresh_token' }, 'not_an_access_token'],
    ['an ID token (INT-20, T-15)', { typ: 'ID' }, 'not_an_access_token'],
  ])('denies %s with 401 invalid_token', async (what, claims, reason) => {
    const token = `kind-${what.length}`;
    idp.tokens.set(token, claims);
    const { status, headers } = await refusal(withToken(token));
    expect({ status, reason: lastReason() }).toEqual({ status: 401, reason });
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('shares one enquiry among 20 simultaneous checks of one token (G8, T-36)', async () => {
    idp.always(json({ active: true, sub: 'alice' }, { delayMs: 100 }));
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () => askForStatus(house, withToken('G8'))),
    );
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(idp.asked()).toEqual(['G8']);
  });

  it('judges a shared answer for each caller by itself (G8, T-37)', async () => {
    idp.always(json({ active: true, scope: 'orders:read' }, { delayMs: 100 }));
    const statuses = await Promise.all(
      ['/a', '/writers', '/audience'].map((path) => askForStatus(house, withToken('G8-routes', { path }))),
    );
    expect(statuses).toEqual([200, 403, 401]);
    expect(idp.asked()).toEqual(['G8-routes']);
  });
});

describe('what is presented as a credential, over gRPC', () => {
  it.each<[string, readonly string[], number, string]>([
    ['nothing (R1)', [], 401, 'credential_missing'],
    ['a scheme that is not offered (R2)', ['Basic dXNlcjpwYXNz'], 401, 'scheme_unsupported'],
    ['two credentials (R3, G17, T-4)', ['Bearer good', 'Bearer good'], 400, 'credential_ambiguous'],
    ['a scheme alone (R4)', ['Bearer   '], 400, 'credential_empty'],
    ['an empty header (R4)', [''], 400, 'credential_empty'],
    ['characters outside b64token (R5a)', ['Bearer g\xf6\xf6d'], 401, 'token_malformed'],
    ['two words (R5b)', ['Bearer good extra'], 400, 'credential_malformed'],
    ['more than 8 KiB (R19)', [`Bearer ${'a'.repeat(8_193)}`], 400, 'credential_too_long'],
  ])('is answered without an enquiry for %s', async (_what, values, status, reason) => {
    idp.tokens.set('good', {});
    const headers = values.map((value) => ['authorization', value] as const);
    for (const form of ['raw', 'map'] as const) {
      const outcome = await refusal(aCheck({ headers, form }));
      expect({ form, status: outcome.status, reason: lastReason() }).toEqual({ form, status, reason });
    }
    expect(idp.asked()).toEqual([]);
  });

  it('is refused when it is in the query, where nobody looks (R24, T-6)', async () => {
    idp.tokens.set('good', {});
    expect(await askForStatus(house, aCheck({ path: '/orders?access_token=good' }))).toBe(401);
    expect(lastReason()).toBe('credential_missing');
    expect(idp.asked()).toEqual([]);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('is accepted under the scheme %s (G18, T-5)', async (scheme) => {
    idp.tokens.set('G18', { sub: 'alice' });
    const headers = [['Authorization', `${scheme}  G18`]] as const;
    expect((await allowance(aCheck({ headers }))).set['x-auth-subject']).toBe('alice');
  });
});

describe('routes, over gRPC', () => {
  it('a public one is open to all, with every managed header of the client removed (G16, T-1)', async () => {
    const headers = [
      ['x-auth-subject', 'mallory'],
      ['X_Auth.Subject', 'mallory'],
      ['authorization', 'Basic keep-me'],
    ] as const;
    const { set, remove } = await allowance(aCheck({ path: '/welcome', headers }));
    expect(set).toEqual({});
    expect(remove).toEqual(
      expect.arrayContaining(['x-auth-subject', 'x_auth_subject', 'x.auth.subject', 'x_auth.subject']),
    );
    expect(remove).not.toContain('authorization');
    expect(idp.asked()).toEqual([]);
  });

  it('an optional one lets nobody pass as nobody, and judges whoever shows something (G16, R6)', async () => {
    idp.tokens.set('reader', { sub: 'alice' });
    const spoofed = [['x-auth-subject', 'mallory']] as const;
    const anonymous = await allowance(aCheck({ path: '/news', headers: spoofed }));
    expect(anonymous.set).toEqual({});
    expect(anonymous.remove).toContain('x-auth-subject');
    const known = await allowance(withToken('reader', { path: '/news', headers: spoofed }));
    expect(known.set).toEqual({ 'x-auth-subject': 'alice' });
    expect(known.remove).not.toContain('x-auth-subject');
    expect(await askForStatus(house, withToken('nobodys', { path: '/news' }))).toBe(401);
    expect(await askForStatus(house, aCheck({ path: '/news', headers: [['authorization', '']] }))).toBe(400);
  });

  it('a denied one is 403 without a challenge or an enquiry, whatever the token (R21)', async () => {
    idp.tokens.set('good', {});
    const { code, status, headers } = await refusal(withToken('good', { path: '/closed' }));
    expect({ code, status, reason: lastReason() }).toEqual({ code: 7, status: 403, reason: 'route_denied' });
    expect(headers).not.toHaveProperty('www-authenticate');
    expect(idp.asked()).toEqual([]);
  });

  it('decisions are counted by door, outcome and reason', async () => {
    const count = (outcome: string, reason: string): Promise<number> =>
      house.metric('gatehouse_decisions_total', { door: 'grpc', outcome, reason });
    const before = await Promise.all([count('allow', 'public_route'), count('deny', 'route_denied')]);
    await ask(house, aCheck({ path: '/welcome' }));
    await ask(house, aCheck({ path: '/closed' }));
    await ask(house, aCheck({ path: '/closed' }));
    const after = await Promise.all([count('allow', 'public_route'), count('deny', 'route_denied')]);
    expect(after).toEqual([before[0] + 1, before[1] + 2]);
    expect(await house.metric('gatehouse_crashes_total')).toBe(0);
  });
});
