import { describe, expect, it } from '@jest/globals';
import { createCheck } from '../../src/check/index.ts';
import {
  createAnswerFor,
  type Decision,
  epochMilliseconds,
  epochSeconds,
  INACTIVE,
  type Introspection,
  succeed,
} from '../../src/domain/index.ts';
import { parseChallenge } from '../domain/parse-challenge.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';
import { aPolicy } from './builders.ts';

const answerFor = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0 } });
const policy = aPolicy([
  { name: 'optional', paths: ['/optional'], mode: 'optional' },
  { name: 'public', paths: ['/public'], mode: 'public' },
  { name: 'deny', paths: ['/deny'], mode: 'deny' },
  { name: 'guard', paths: ['/guarded'], methods: ['PUT'] },
  {
    name: 'orders',
    paths: ['/orders/**'],
    require: [
      {
        audience: ['https://api.example'],
        scopes: { kind: 'all', scopes: ['orders:read'], strategy: 'exact' },
      },
      { scopes: { kind: 'any', scopes: ['orders:write', 'orders:read'], strategy: 'exact' } },
    ],
  },
]);

/** One walk through the corridor: the real credential and policy, and an authorization server that says this. */
async function walk(
  request: Parameters<typeof aRequest>[0],
  introspection: Introspection,
): Promise<{ decision: Decision; asked: number }> {
  let asked = 0;
  const check = createCheck({
    policy,
    clients: { first: () => succeed(aClient()), next: () => null },
    resolve: () => {
      asked += 1;
      return succeed(introspection);
    },
    clock: { now: () => epochMilliseconds(NOON * 1000) },
    observe: (event) => {
      throw new Error(`nothing to tell here, but: ${event.event}`);
    },
  });
  return { decision: await check(aRequest(request)), asked };
}

const good = anActiveIntrospection();
const bearer = (value = 'Bearer tok') => [['authorization', value]] as const;

describe('the response matrix', () => {
  it.each([
    ['R1 no credential', { headers: [] }, good, 'credential_missing', 401, null],
    ['R2 another scheme', { headers: bearer('Basic abc') }, good, 'scheme_unsupported', 401, null],
    [
      'R3 two lines',
      { headers: [...bearer(), ...bearer()] },
      good,
      'credential_ambiguous',
      400,
      'invalid_request',
    ],
    [
      'R3 joined',
      { headers: bearer('Bearer a,Bearer b') },
      good,
      'credential_ambiguous',
      400,
      'invalid_request',
    ],
    [
      'R4 nothing behind the scheme',
      { headers: bearer('Bearer  ') },
      good,
      'credential_empty',
      400,
      'invalid_request',
    ],
    ['R5a one bad word', { headers: bearer('Bearer a"b') }, good, 'token_malformed', 401, 'invalid_token'],
    [
      'R5b two words',
      { headers: bearer('Bearer a b') },
      good,
      'credential_malformed',
      400,
      'invalid_request',
    ],
    ['R5b a comma', { headers: bearer('Bearer a,b') }, good, 'credential_malformed', 400, 'invalid_request'],
    ['R6 inactive', { headers: bearer() }, INACTIVE, 'token_inactive', 401, 'invalid_token'],
    [
      'R7 expired',
      { headers: bearer() },
      { ...good, expiresAt: epochSeconds(NOON) },
      'token_expired',
      401,
      'invalid_token',
    ],
    [
      'R7 not yet valid',
      { headers: bearer() },
      { ...good, notBefore: epochSeconds(NOON + 9) },
      'token_not_yet_valid',
      401,
      'invalid_token',
    ],
    [
      'R7 wrong issuer',
      { headers: bearer() },
      { ...good, issuer: 'https://as' },
      'token_issuer_unexpected',
      401,
      'invalid_token',
    ],
    [
      'R7 wrong type',
      { headers: bearer() },
      { ...good, tokenType: 'mac' },
      'token_type_unsupported',
      401,
      'invalid_token',
    ],
    [
      'R7 a refresh token',
      { headers: bearer() },
      anActiveIntrospection({}, { typ: 'Refresh' }),
      'not_an_access_token',
      401,
      'invalid_token',
    ],
    [
      'R8 wrong audience',
      { headers: bearer() },
      { ...good, audiences: ['https://other'] },
      'token_audience_unexpected',
      401,
      'invalid_token',
    ],
    [
      'R9 scope missing',
      { headers: bearer() },
      { ...good, scopes: ['carts:read'] },
      'scope_insufficient',
      403,
      'insufficient_scope',
    ],
    [
      'R12 bound to a certificate',
      { headers: bearer() },
      anActiveIntrospection({}, { cnf: { 'x5t#S256': 'x' } }),
      'token_bound',
      401,
      'invalid_token',
    ],
    [
      'R13 bound to a key',
      { headers: bearer() },
      anActiveIntrospection({}, { cnf: { jkt: 'x' } }),
      'token_bound',
      401,
      'invalid_token',
    ],
    [
      'R13 of type DPoP',
      { headers: bearer() },
      { ...good, tokenType: 'DPoP' },
      'token_type_unsupported',
      401,
      'invalid_token',
    ],
    [
      'R19 too long',
      { headers: bearer(`Bearer ${'a'.repeat(9_000)}`) },
      good,
      'credential_too_long',
      400,
      'invalid_request',
    ],
    [
      'R24 a token in the query alone',
      { path: '/orders/1?access_token=tok' },
      good,
      'credential_missing',
      401,
      null,
    ],
  ] as const)('%s', async (row, request, introspection, reason, status, error) => {
    const { decision, asked } = await walk({ path: '/orders/1', ...request }, introspection);
    if (decision.kind === 'allow') throw new Error('allowed');
    expect([decision.kind, decision.reason]).toEqual(['deny', reason]);
    expect(asked).toBe(/^R(?:[6-9]|1[23]) /.test(row) ? 1 : 0);

    const answer = answerFor(decision);
    const challenge = answer.headers.find(({ name }) => name === 'www-authenticate');
    const { scheme, parameters } = parseChallenge(challenge?.value ?? '');
    expect(answer.status).toBe(status);
    expect([scheme, parameters.get('realm'), parameters.get('error') ?? null]).toEqual([
      'Bearer',
      'gatehouse',
      error,
    ]);
    const scopes = error === 'insufficient_scope' ? 'orders:read orders:write' : undefined;
    expect(parameters.get('scope')).toBe(scopes);
  });

  it.each([
    ['R21 mode deny', { path: '/deny' }, 'route_denied', 403],
    ['R21 mode deny, with a good token', { path: '/deny', headers: bearer() }, 'route_denied', 403],
    ['R21 no route', { path: '/nowhere', headers: bearer() }, 'no_route', 403],
    ['R21 a guarded route', { path: '/guarded', headers: bearer() }, 'route_guarded', 403],
    ['R21 TRACE', { path: '/public', method: 'TRACE' }, 'method_denied', 403],
    ['T-7 a bad path', { path: '/public%00', headers: bearer() }, 'path_malformed', 400],
    ['T-7 an ambiguous path', { path: '/public;x', headers: bearer() }, 'path_ambiguous', 400],
    ['T-8 a bad host', { path: '/public', host: 'a@b' }, 'host_malformed', 400],
  ] as const)('%s: without challenge and without enquiry', async (_row, request, reason, status) => {
    const { decision, asked } = await walk(request, good);
    if (decision.kind === 'allow') throw new Error('allowed');
    const answer = answerFor(decision);
    expect([decision.reason, asked, answer.status]).toEqual([reason, 0, status]);
    expect(answer.headers.map(({ name }) => name)).not.toContain('www-authenticate');
  });

  it.each([
    ['token_accepted', 'a good token', { path: '/orders/1', headers: bearer() }],
    ['token_accepted', 'G18: a scheme in lower case', { path: '/orders/1', headers: bearer('bearer tok') }],
    ['token_accepted', 'a good token on an optional route', { path: '/optional', headers: bearer() }],
    ['anonymous', 'no header on an optional route', { path: '/optional' }],
    ['public_route', 'a public route', { path: '/public' }],
    ['public_route', 'a public route, whatever the header', { path: '/public', headers: bearer('Basic x') }],
  ] as const)('allows with %s: %s', async (reason, _case, request) => {
    const { decision } = await walk(request, good);
    expect([decision.kind, decision.reason]).toEqual(['allow', reason]);
  });

  it.each([
    ['scheme_unsupported', 'another scheme', 'Basic abc'],
    ['credential_empty', 'an empty header', ''],
    ['credential_malformed', 'two words', 'Bearer a b'],
    ['token_malformed', 'a bad word', 'Bearer a"b'],
  ])('denies with %s on an optional route: %s is judged as in required', async (reason, _case, value) => {
    const { decision } = await walk({ path: '/optional', headers: bearer(value) }, good);
    expect([decision.kind, decision.reason]).toEqual(['deny', reason]);
  });

  it('shows nothing of header, token, claims or path in any answer (G19, BEAR-13)', async () => {
    const requests = [
      { path: '/orders/canary', headers: bearer('Bearer canary canary') },
      { path: '/orders/canary', headers: bearer('canary') },
      { path: '/orders/canary', headers: bearer('Bearer canary') },
      { path: '/canary', host: 'canary' },
      { path: '/canary%', host: 'canary' },
    ];
    for (const request of requests) {
      const { decision } = await walk(
        request,
        anActiveIntrospection({ scopes: ['canary'] }, { sub: 'canary' }),
      );
      if (decision.kind === 'allow') throw new Error('allowed');
      expect(JSON.stringify([decision, answerFor(decision)])).not.toContain('canary');
    }
  });
});
