import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readSettings, formatProblem, printSettings } from '../../src/index.ts';
import { ask as askHttp, type Reply } from '../gateway/http/ask.ts';
import { nginxHeaders } from '../gateway/http/builders.ts';
import { type Answer, html, json, jsonText, redirect, reset, status } from '../support/fault-server.ts';
import { runGatehouse } from '../support/gatehouse.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { aCheck, ask, type CheckWords, type Outcome, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, settingsOf } from './support-house.ts';

// Everything that must not be told, in words that occur nowhere else, through a house that does all it can do at debug.
const CANARIES = {
  token: 'canary-token-7f3a',
  clientSecret: 'canary-secret:9 b/1',
  redisPassword: 'canary-password-55e0',
  doorKey: 'canary-door-key-c2d4',
  cacheKey: randomBytes(32).toString('base64'),
  subject: 'canary-subject-a1b2',
  email: 'canary-email-c3d4@example.com',
  cookie: 'canary-cookie-e5f6',
  query: 'canary-query-0718',
  credential: 'canary-credential-2939',
  basic: 'canary-basic-4b5c',
  said: 'canary-said-by-the-server-6d7e',
} as const;

/** Each as it is, and in the forms in which it travels. */
const TRACES: readonly (readonly [string, string])[] = Object.entries(CANARIES).flatMap(([name, text]) => [
  [name, text] as const,
  [`${name}, base64`, Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -2)] as const,
  [`${name}, form-encoded`, new URLSearchParams({ x: text }).toString().slice(2)] as const,
  [`${name}, hexadecimal`, Buffer.from(text).toString('hex')] as const,
]);
const basicCredential = Buffer.from(
  `gateway:${new URLSearchParams({ x: CANARIES.clientSecret }).toString().slice(2)}`,
).toString('base64');

function tracesIn(text: string): readonly string[] {
  const found = TRACES.filter(([, trace]) => text.includes(trace)).map(([name]) => name);
  return text.includes(basicCredential.slice(12)) ? [...found, 'our Basic credential'] : found;
}

const echo =
  (code: number): Answer =>
  (request) =>
    json(
      {
        error: 'invalid_client',
        error_description: `${request.body} ${String(request.headers['authorization'])} ${CANARIES.said}`,
      },
      { status: code },
    );
/** What a server may say that repeats, or makes up, what must not be told. Each is said to a client of its own. */
const ANSWERS: readonly (() => Answer)[] = [
  ...[400, 401, 403, 404, 429, 500].map((code) => () => echo(code)),
  () => (request) => jsonText(`{"active":true,"scope":7,"said":"${CANARIES.said} ${request.body}"}`),
  () => (request) => jsonText(`{"${CANARIES.said}${request.body}`),
  () => (request) =>
    json({ active: CANARIES.said, ...Object.fromEntries(new URLSearchParams(request.body)) }),
  () => html(`<title>${CANARIES.said}</title>`),
  () => (request) => redirect(302, idp.url(`/${CANARIES.said}?${request.body}`)),
  () => status(200, { headers: { 'content-type': CANARIES.said } }),
  () => status(200, { headers: { 'content-type': 'application/json', 'content-encoding': CANARIES.said } }),
  () => reset(),
];

const folder = temporaryFolder('secrets');
let idp: Idp;
let redis: RunningRedis;
let house: OpenedHouse;
const refusals: (Outcome | Reply)[] = [];

function houseSettings(): string {
  return `${EVERY_DOOR.replace('profile: nginx', 'profile: nginx, secretHeader: { name: x-door-key, value: { env: DOOR_KEY } }')}
clients:
  main: ${clientAt(idp.endpoint)}
${ANSWERS.map((_, index) => `  answer-${index}: ${clientAt(idp.endpoint)}`).join('\n')}
  lying: { issuer: "${idp.url('/lying')}", clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true }
cache: { keys: [{ env: CACHE_KEY }], shared: { redis: { url: "${redis.url}", password: { env: REDIS_PASSWORD } }, timeout: 200ms } }
routes:
${ANSWERS.map((_, index) => `  - { name: answer-${index}, match: { paths: [/answers/${index}] }, client: answer-${index} }`).join('\n')}
  - { name: lying, match: { paths: [/lying] }, client: lying }
  - { name: writers, match: { paths: [/writers] }, client: main, require: { scopes: [write] } }
  - { name: rest, client: main, upstream: { headers: { x-auth-subject: sub, x-auth-long: padding } } }
`;
}

beforeAll(async () => {
  [idp, redis] = await Promise.all([
    startIdp(),
    startRedis({ arguments: ['--requirepass', CANARIES.redisPassword] }),
  ]);
  idp.on(
    '/lying/.well-known/openid-configuration',
    json({ issuer: CANARIES.said, introspection_endpoint: CANARIES.said }),
  );
  house = await openAHouse(houseSettings(), {
    environment: {
      CLIENT_SECRET: CANARIES.clientSecret,
      CACHE_KEY: CANARIES.cacheKey,
      REDIS_PASSWORD: CANARIES.redisPassword,
      DOOR_KEY: CANARIES.doorKey,
    },
  });
  await eventually('Redis', async () =>
    (await house.metric('gatehouse_shared_cache_connected')) === 1 ? true : null,
  );
  await doEverything();
}, 60_000);

afterAll(async () => {
  await house?.close();
  await redis?.stop();
  await idp?.stop();
  folder.remove();
});

/** Allows, denials of every kind, faults of every kind with a server that repeats what it was told. */
async function doEverything(): Promise<void> {
  const claims = { sub: CANARIES.subject, email: CANARIES.email, padding: CANARIES.subject.repeat(400) };
  const words: CheckWords = {
    path: `/orders/1?access_token=${CANARIES.query}`,
    headers: [
      ['cookie', CANARIES.cookie],
      ['x-request-id', 'request-of-the-secrets-test'],
    ],
  };
  const keep = async (check: Buffer): Promise<void> => {
    const outcome = await ask(house, check);
    if (outcome.kind === 'deny') refusals.push(outcome);
  };

  idp.tokens.set(CANARIES.token, claims);
  await keep(withToken(CANARIES.token, words));
  await keep(withToken(CANARIES.token, { ...words, path: '/writers' }));
  await keep(withToken(CANARIES.token, { ...words, path: '/lying' }));
  await keep(aCheck(words));
  await keep(aCheck({ ...words, path: `/${CANARIES.query}/%zz` }));
  await keep(aCheck({ ...words, host: `${CANARIES.query},x` }));
  await keep(aCheck({ ...words, method: CANARIES.query }));
  const credentials = [
    `Bearer \x7f${CANARIES.credential}`,
    `Bearer ${CANARIES.credential} x`,
    `Bearer ${CANARIES.credential},Bearer y`,
    `${CANARIES.credential} x`,
    `Basic ${CANARIES.basic}`,
    CANARIES.credential,
  ];
  for (const value of credentials)
    await keep(aCheck({ ...words, headers: [...words.headers!, ['authorization', value]] }));
  await keep(Buffer.from(`\x0a\xff${CANARIES.query}`, 'latin1'));

  for (const [index, answer] of ANSWERS.entries()) {
    idp.always(answer());
    await keep(
      withToken(`${CANARIES.token}-${index}`, { ...words, path: `/answers/${index}?x=${CANARIES.query}` }),
    );
  }
  idp.behave();

  for (const key of [CANARIES.doorKey, CANARIES.credential]) {
    const headers = [
      ...nginxHeaders({ 'X-Original-URI': words.path! }),
      'X-Door-Key',
      key,
      'Cookie',
      CANARIES.cookie,
    ];
    refusals.push(
      await askHttp(
        { port: house.port('http:nginx') },
        { headers: [...headers, 'Authorization', `Bearer ${CANARIES.credential}`] },
      ),
    );
  }
  refusals.push(
    await askHttp(
      { port: house.port('http:envoy') },
      { path: `/${CANARIES.query}`, headers: ['Host', CANARIES.query] },
    ),
  );

  await redis.kill();
  await keep(withToken(`${CANARIES.token}-without-redis`, words));
}

describe('a house that has seen everything, at debug', () => {
  it('did see it: a log, refusals and faults of many kinds are there to be searched', () => {
    const reasons = new Set(
      house.logs().flatMap(({ reason }) => (typeof reason === 'string' ? [reason] : [])),
    );
    expect([...reasons]).toEqual(
      expect.arrayContaining([
        'token_accepted',
        'scope_insufficient',
        'credentials_refused',
        'introspection_unreadable',
        'introspection_redirected',
        'introspection_server_error',
        'introspection_unreachable',
        'metadata_invalid',
        'path_malformed',
        'peer_untrusted',
      ]),
    );
    expect(refusals.length).toBeGreaterThan(25);
    expect(house.logs().map(({ event }) => event)).toEqual(
      expect.arrayContaining(['decided', 'introspected', 'cache_failed', 'header_dropped', 'lifecycle']),
    );
  });

  it('wrote no token, secret, claim or word of a server into its log (INT-23, T-52, T-6, G19)', () => {
    for (const line of house.lines) expect({ line, traces: tracesIn(line) }).toEqual({ line, traces: [] });
  });

  it.each(['/metrics', '/status', '/readyz'])('shows none of it under %s (T-51, T-52)', async (path) => {
    const { text } = await house.page(path);
    expect(tracesIn(text)).toEqual([]);
  });

  it('repeats none of it in a refusal, headers and body alike (G19, BEAR-13, T-6)', () => {
    for (const refusal of refusals)
      expect({ refusal, traces: tracesIn(JSON.stringify(refusal)) }).toEqual({ refusal, traces: [] });
  });

  it('shows secrets as [set] in its settings', async () => {
    const settings = await settingsOf(houseSettings(), {
      environment: {
        CLIENT_SECRET: CANARIES.clientSecret,
        CACHE_KEY: CANARIES.cacheKey,
        REDIS_PASSWORD: CANARIES.redisPassword,
        DOOR_KEY: CANARIES.doorKey,
      },
    });
    const shown = printSettings(settings);
    expect(shown).toContain('[set]');
    expect(tracesIn(shown)).toEqual([]);
    expect(tracesIn(JSON.stringify(settings))).toEqual([]);
  });
});

describe('an error at start', () => {
  const { clientSecret, cacheKey } = CANARIES;
  it.each<[string, string]>([
    [
      'a secret that is a list',
      `clients: { a: { issuer: "https://a.example", clientId: x, clientSecret: ["${clientSecret}"] } }`,
    ],
    [
      'a secret under a wrong key',
      `clients: { a: { issuer: "https://a.example", clientId: x, clientSecrets: "${clientSecret}" } }`,
    ],
    [
      'a secret as the name of a variable',
      `clients: { a: { issuer: "https://a.example", clientId: x, clientSecret: { env: "${clientSecret}" } } }`,
    ],
    [
      'a secret as the name of a file',
      `clients: { a: { issuer: "https://a.example", clientId: x, clientSecret: { file: "${clientSecret}" } } }`,
    ],
    [
      'a cache key that is too short',
      `cache: { keys: ["${cacheKey.slice(0, 20)}"] }\nclients: { a: { issuer: "https://a.example", clientId: x, clientSecret: "${clientSecret}" } }`,
    ],
    [
      'a password in the URL of Redis',
      `cache: { keys: ["${cacheKey}"], shared: { redis: { url: "redis://u:${CANARIES.redisPassword}@h" } } }\nclients: { a: { issuer: "https://a.example", clientId: x, clientSecret: "${clientSecret}" } }`,
    ],
    ['a secret in broken YAML', `clients: { a: { clientSecret: "${clientSecret}`],
  ])('tells of %s without showing it (G20, T-51)', async (_what, text) => {
    const read = await readSettings(
      { path: '/gatehouse.yaml', text },
      { environment: {}, readFile: () => Promise.reject(new Error('none')), offline: false },
    );
    expect(read.ok).toBe(false);
    const told = read.ok ? '' : read.failure.map(formatProblem).join('\n');
    expect(told).not.toBe('');
    expect(tracesIn(told)).toEqual([]);
    expect(told).not.toContain(cacheKey.slice(0, 20));
  });

  it('of the process itself shows no secret of the environment, nor of the file (G20)', async () => {
    const file = join(folder.path, 'gatehouse.yaml');
    writeFileSync(
      file,
      `clients: { a: { issuer: "http://a.example", clientId: x, clientSecret: { env: CLIENT_SECRET } } }\ncache: { keys: [{ env: CACHE_KEY }], shared: {} }\n`,
    );
    const { code, output } = await runGatehouse(['serve', '--config', file], {
      environment: { CLIENT_SECRET: clientSecret, CACHE_KEY: `${cacheKey}AA` },
    });
    expect(code).toBe(2);
    expect(output).toMatch(/gatehouse\.yaml:\d+:\d+/);
    expect(tracesIn(output)).toEqual([]);
  });
});
