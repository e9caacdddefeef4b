import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { FAULT_REASONS, type FaultReason } from '../../src/index.ts';
import {
  type Answer,
  type FaultServer,
  gzipped,
  html,
  http,
  huge,
  json,
  jsonText,
  raw,
  redirect,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { freePort } from '../support/processes.ts';
import { ask as askHttp } from '../gateway/http/ask.ts';
import { nginxHeaders } from '../gateway/http/builders.ts';
import { aCheck, ask, askForStatus, type Refused, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// One house whose authorization servers fail in every way they can. Each fault must come as an ordinary answer.
let idp: Idp;
let metadata: FaultServer;
let victim: FaultServer;
let house: OpenedHouse;

beforeAll(async () => {
  [idp, metadata, victim] = await Promise.all([startIdp(), startFaultServer(), startFaultServer()]);
  victim.always(json({ active: true }));
  metadata.on('/lying/.well-known/openid-configuration', json({ issuer: 'https://elsewhere.example' }));
  const nobody = `http://127.0.0.1:${await freePort()}`;
  house = await openAHouse(`${EVERY_DOOR}
# Wide, because caller, house and server share this process and two busy cores.
wait: { max: 2s, margin: 400ms }
clients:
  main: ${clientAt(idp.endpoint)}
${BAD_ANSWERS.map((_, row) => `  row-${row}: ${clientAt(idp.endpoint)}`).join('\n')}
  patient: ${clientAt(idp.endpoint)}
  impatient: ${clientAt(idp.endpoint, ', timeout: 150ms')}
  narrow: ${clientAt(idp.endpoint).replace(/ }$/, ', limits: { concurrent: 1, queue: 1 } }')}
  flooded: ${clientAt(idp.endpoint).replace(/ }$/, ', limits: { inactive: { burst: 1, perSecond: 1 } } }')}
  gone: ${clientAt(`${nobody}/introspect`)}
  lying: { issuer: "${metadata.origin}/lying", clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true }
  dark: { issuer: "${nobody}", clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true }
routes:
${BAD_ANSWERS.map((_, row) => `  - { name: row-${row}, match: { paths: [/row/${row}] }, client: row-${row} }`).join('\n')}
  - { name: patient, match: { paths: [/patient] }, client: patient }
  - { name: impatient, match: { paths: [/impatient] }, client: impatient }
  - { name: narrow, match: { paths: [/narrow] }, client: narrow }
  - { name: flooded, match: { paths: [/flooded] }, client: flooded }
  - { name: gone, match: { paths: [/gone] }, client: gone }
  - { name: lying, match: { paths: [/lying] }, client: lying }
  - { name: dark, match: { paths: [/dark] }, client: dark }
  - name: verbose
    match: { paths: [/verbose] }
    client: main
    upstream: { headers: { ${Array.from({ length: 8 }, (_, n) => `x-auth-${n}: sub`).join(', ')} } }
  - { name: rest, client: main }
`);
});

afterAll(async () => {
  await house?.close();
  await Promise.all([idp?.stop(), metadata?.stop(), victim?.stop()]);
});

beforeEach(() => {
  idp.behave();
  idp.forget();
  idp.tokens.clear();
});

let tokens = 0;
/** One that was never asked about. */
const newToken = (): string => `fault-token-${(tokens += 1)}`;

async function refusal(check: Buffer, options = {}): Promise<Refused> {
  const outcome = await ask(house, check, options);
  if (outcome.kind !== 'deny') throw new Error('allowed');
  return outcome;
}

/** The denial that every fault of ours or of the server ends in. */
function expectUnavailable({ code, status: httpStatus, headers, body }: Refused): void {
  expect({ code, httpStatus, body }).toEqual({
    code: 14,
    httpStatus: 503,
    body: 'The authorization service is unavailable',
  });
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(2);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(8);
  expect(headers['cache-control']).toBe('no-store');
  expect(headers).not.toHaveProperty('www-authenticate');
}

const lastReason = (): unknown => house.logs().findLast((line) => line['event'] === 'decided')?.['reason'];
const counted = (reason: FaultReason): Promise<number> =>
  house.metric('gatehouse_decisions_total', { outcome: 'fault', reason });

/** Of clients that want signed answers, or that show who they are in other ways: their own tests show these. */
const ASKED_OTHERWISE = (Object.keys(FAULT_REASONS) as FaultReason[]).filter((reason) =>
  /^(signed_answer_|signing_keys_|introspection_unsigned$|call_token_|client_secret_)/.test(reason),
);

const BAD_ANSWERS: readonly (readonly [string, Answer, FaultReason])[] = [
  [
    'a 302 elsewhere (G10, INT-10)',
    () => redirect(302, victim.url('/introspect')),
    'introspection_redirected',
  ],
  [
    'a 307 elsewhere (G10, INT-10)',
    () => redirect(307, victim.url('/introspect')),
    'introspection_redirected',
  ],
  [
    '503 with Retry-After (G11)',
    status(503, { headers: { 'retry-after': '3600' } }),
    'introspection_server_error',
  ],
  [
    '429 with Retry-After (G11, INT-14)',
    status(429, { headers: { 'retry-after': '3600' } }),
    'introspection_throttled',
  ],
  ['500 (R17)', status(500), 'introspection_server_error'],
  ['404 (INT-14)', status(404), 'introspection_status'],
  ['204 (G12, INT-14)', status(204), 'introspection_status'],
  ['201 with an active answer (INT-14)', json({ active: true }, { status: 201 }), 'introspection_status'],
  ['401, our credentials refused (G13, R18)', status(401), 'credentials_refused'],
  [
    '400 invalid_client (G13, R18)',
    json({ error: 'invalid_client' }, { status: 400 }),
    'credentials_refused',
  ],
  [
    'application/jwt unasked for (G12)',
    http({ body: 'e30.e30.', headers: { 'content-type': 'application/jwt' } }),
    'introspection_signed',
  ],
  ['a login page (G12, INT-15)', html(), 'introspection_content_type'],
  ['JSON without a type (G12, INT-15)', http({ body: '{"active":true}' }), 'introspection_content_type'],
  ['an array (G12)', jsonText('[{"active":true}]'), 'introspection_unreadable'],
  ['null (G12)', jsonText('null'), 'introspection_unreadable'],
  ['malformed JSON (G12)', jsonText('{"active":true'), 'introspection_unreadable'],
  ['nothing (G12)', jsonText(''), 'introspection_unreadable'],
  [
    'bytes that are not UTF-8 (G12)',
    jsonText(Buffer.from('7b22616374697665223a74727565ff7d', 'hex')),
    'introspection_unreadable',
  ],
  ['scope null (G12, INT-16)', json({ active: true, scope: null }), 'introspection_unreadable'],
  ['scope a number (G12, INT-16)', json({ active: true, scope: 7 }), 'introspection_unreadable'],
  [
    'scope a list with a number in it (G12, INT-16)',
    json({ active: true, scope: ['a', 7] }),
    'introspection_unreadable',
  ],
  ['more than maxAnswer (G12, INT-11)', huge(70_000), 'introspection_too_large'],
  ['a compressed answer', gzipped({ active: true }), 'introspection_compressed'],
  ['a reset connection', reset(), 'introspection_unreachable'],
  ['an answer that is not HTTP', raw('SSH-2.0-OpenSSH\r\n'), 'introspection_unreadable'],
];

describe('a fault', () => {
  // Each with a client of its own, so that no answer suspends the next question.
  const rows = BAD_ANSWERS.map((columns, row) => [...columns, `/row/${row}`] as const);
  it.each(rows)('is a 503 denial, counted by its reason, for %s', async (_what, answer, reason, path) => {
    idp.always(answer);
    const before = await counted(reason);
    expectUnavailable(await refusal(withToken(newToken(), { path, headers: [['x-request-id', reason]] })));
    expect(lastReason()).toBe(reason);
    expect(await counted(reason)).toBe(before + 1);
    expect(victim.requests).toEqual([]);
  });

  it('is asked about again after a quarter of a second, and not before (G9, CACHE-5)', async () => {
    const token = newToken();
    idp.always(status(500));
    expectUnavailable(await refusal(withToken(token)));
    idp.tokens.set(token, {});
    idp.behave();
    expectUnavailable(await refusal(withToken(token)));
    expect(idp.asked()).toHaveLength(1);
    await sleep(300);
    expect(await askForStatus(house, withToken(token))).toBe(200);
    expect(idp.asked()).toHaveLength(2);
  });

  it('comes before the deadline of a caller in a hurry, and the next one finds the answer (G21, ENV-3)', async () => {
    const token = newToken();
    idp.always(json({ active: true }, { delayMs: 1_200 }));
    // Past its deadline the call itself would fail, and `ask` throw.
    expectUnavailable(await refusal(withToken(token), { deadline: Date.now() + 700 }));
    expect(lastReason()).toBe('wait_exceeded');
    expect(await askForStatus(house, withToken(token))).toBe(200);
    // The first attempts of clients, for readiness, may come in between.
    expect(idp.asked().filter((asked) => asked === token)).toHaveLength(1);
  });

  it('comes within the deadline though the server asks to be left alone for an hour (G11)', async () => {
    idp.always(status(503, { headers: { 'retry-after': '3600' } }));
    const inAHurry = () => ({ deadline: Date.now() + 1_000 });
    expectUnavailable(await refusal(withToken(newToken(), { path: '/patient' }), inAHurry()));
    idp.behave();
    expectUnavailable(await refusal(withToken(newToken(), { path: '/patient' }), inAHurry()));
    expect(lastReason()).toBe('introspection_suspended');
    expect(idp.asked()).toHaveLength(1);
  });

  it('comes when the server does not answer at all within introspection.timeout (R17, INT-11)', async () => {
    idp.always(silence());
    expectUnavailable(await refusal(withToken(newToken(), { path: '/impatient' })));
    expect(lastReason()).toBe('introspection_timeout');
  });

  it('comes when a body never ends', async () => {
    idp.always(json({ active: true, padding: 'x'.repeat(1_000) }, { trickle: { bytes: 10, everyMs: 50 } }));
    expectUnavailable(await refusal(withToken(newToken(), { path: '/impatient' })));
    expect(lastReason()).toBe('introspection_timeout');
  });

  it.each<[string, string, FaultReason]>([
    ['nobody listens at the endpoint', '/gone', 'introspection_unreachable'],
    ['nobody listens where the metadata should be', '/dark', 'metadata_unavailable'],
    ['the metadata is of another issuer', '/lying', 'metadata_invalid'],
  ])('comes when %s', async (_what, path, reason) => {
    expectUnavailable(await refusal(withToken(newToken(), { path })));
    expect(lastReason()).toBe(reason);
  });

  it('comes at once when too many enquiries wait already (R22, T-33)', async () => {
    idp.always(json({ active: true }, { delayMs: 200 }));
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => ask(house, withToken(newToken(), { path: '/narrow' }))),
    );
    const refused = outcomes.filter((outcome) => outcome.kind === 'deny');
    expect(refused).toHaveLength(4);
    refused.forEach(expectUnavailable);
    expect(await counted('enquiries_exhausted')).toBe(4);
  });

  it('takes the place of an allow that an HTTP front could not carry', async () => {
    const token = newToken();
    idp.tokens.set(token, { sub: 's'.repeat(4_000) });
    const nginx = await askHttp(
      { port: house.port('http:nginx') },
      { headers: [...nginxHeaders({ 'X-Original-URI': '/verbose' }), 'Authorization', `Bearer ${token}`] },
    );
    expect(nginx.status).toBe(503);
    expect(nginx.headers['x-authz-reason']).toBe('answer_unsendable');
    expect(await askForStatus(house, withToken(token, { path: '/verbose' }))).toBe(200);
  });

  it('is told apart: our refused credentials have a metric of their own and are no word about the token (G13, R18)', async () => {
    const of = (outcome: string): Promise<number> =>
      house.metric('gatehouse_introspections_total', { client: 'main', outcome });
    idp.always(status(401));
    const before = [await of('credentials_refused'), await of('inactive')];
    expectUnavailable(await refusal(withToken(newToken())));
    expect([await of('credentials_refused'), await of('inactive')]).toEqual([before[0]! + 1, before[1]]);
    const line = house
      .logs()
      .find(({ outcome, client }) => outcome === 'credentials_refused' && client === 'main');
    expect(line).toMatchObject({ level: 'error', event: 'introspected' });
  });

  it('is written at warn with its reason, its remedy and the id of the request', () => {
    // The first of each reason; repeats become a count.
    for (const reason of new Set(BAD_ANSWERS.map(([, , expected]) => expected))) {
      const line = house
        .logs()
        .find((candidate) => candidate['event'] === 'decided' && candidate['reason'] === reason);
      const { remedy } = FAULT_REASONS[reason];
      expect(line).toMatchObject({
        level: 'warn',
        decision: 'fault',
        reason,
        remedy,
        request_id: reason,
        route: expect.stringMatching(/^row-/),
      });
    }
  });

  it('is a 503 denial beyond the budget for inactive tokens (T-33)', async () => {
    const before = await counted('enquiry_budget_spent');
    const answers = [];
    for (let round = 0; round < 5; round += 1)
      answers.push(await refusal(withToken(newToken(), { path: '/flooded' })));
    const unavailable = answers.filter(({ status: httpStatus }) => httpStatus === 503);
    unavailable.forEach(expectUnavailable);
    expect(unavailable.length).toBeGreaterThan(0);
    expect(await counted('enquiry_budget_spent')).toBe(before + unavailable.length);
  });

  it('leaves the house in order: nothing crashed, and a good token is allowed', async () => {
    const token = newToken();
    idp.tokens.set(token, {});
    expect(await askForStatus(house, withToken(token))).toBe(200);
    expect(await askForStatus(house, aCheck())).toBe(401);
    expect(await house.metric('gatehouse_crashes_total')).toBe(0);
    expect(await house.metric('gatehouse_telemetry_failures_total')).toBe(0);
  });

  it('of every reason is shown here, but for those that need a defect, a drain or another client', async () => {
    const elsewhere: readonly FaultReason[] = [
      'internal',
      'draining',
      'client_store_failed',
      ...ASKED_OTHERWISE,
    ];
    const shown = await Promise.all(
      (Object.keys(FAULT_REASONS) as FaultReason[]).map(
        async (reason) => [reason, await counted(reason)] as const,
      ),
    );
    expect(
      shown
        .filter(([, count]) => count === 0)
        .map(([reason]) => reason)
        .sort(),
    ).toEqual([...elsewhere].sort());
  });
});
