import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { json } from '../support/fault-server.ts';
import { listenOn, runGatehouse, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { eventually } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// What an operator has forgotten at one replica, in all of them, whatever becomes of the store between them.
const KEY = randomBytes(32).toString('base64');
const SECRET = 'the-secret-of-the-operators';
let idp: Idp;
let redis: RunningRedis;
const houses: OpenedHouse[] = [];

beforeAll(async () => {
  [idp, redis] = await Promise.all([startIdp(), startRedis()]);
});
beforeEach(async () => {
  idp.tokens.clear();
  idp.behave();
  await redis.command('FLUSHALL');
});
afterEach(async () => {
  redis.resume();
  await Promise.all(houses.splice(0).map((house) => house.close()));
});
afterAll(async () => {
  await redis?.stop();
  await idp?.stop();
});

const ADMIN = 'admin: { address: "127.0.0.1:0", auth: { bearer: { env: OPERATOR } } }';

async function aHouse({ shared = true } = {}): Promise<OpenedHouse> {
  const cache = `cache: { keys: [{ env: CACHE_KEY }]${shared ? `, shared: { redis: { url: "${redis.url}" }, timeout: 500ms }` : ''} }`;
  const house = await openAHouse(
    `${EVERY_DOOR.replace(/admin: .*/, ADMIN)}
clients: { main: ${clientAt(idp.endpoint)} }
${cache}
`,
    { environment: { CACHE_KEY: KEY, OPERATOR: SECRET }, bearer: SECRET },
  );
  houses.push(house);
  if (shared) await connected(house);
  idp.forget();
  return house;
}

const connected = (house: OpenedHouse): Promise<true> =>
  eventually('the shared store to be in use', async () =>
    (await house.metric('gatehouse_shared_cache_connected')) === 1 ? true : null,
  );

async function forget(house: OpenedHouse, what: object) {
  const response = await fetch(`http://127.0.0.1:${house.port('admin')}/forget`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
    body: JSON.stringify(what),
  });
  return { status: response.status, answer: (await response.json()) as Readonly<Record<string, unknown>> };
}

/** Each of them is asked until it answers so: what one tells the others takes a moment. */
const allAnswer = (asked: readonly OpenedHouse[], token: string, status: number): Promise<true> =>
  eventually(`${status} everywhere`, async () => {
    const answers = await Promise.all(asked.map((house) => askForStatus(house, withToken(token))));
    return answers.every((answer) => answer === status) ? true : null;
  });

/** Houses that know the token from before it was revoked. */
async function knowing(count: number, claims: Readonly<Record<string, unknown>> = {}) {
  idp.tokens.set('good', { sub: 'alice', ...claims });
  const opened: OpenedHouse[] = [];
  for (let index = 0; index < count; index += 1) {
    const house = await aHouse();
    opened.push(house);
    expect(await askForStatus(house, withToken('good'))).toBe(200);
  }
  idp.tokens.delete('good');
  for (const house of opened) expect(await askForStatus(house, withToken('good'))).toBe(200);
  return opened as [OpenedHouse, ...OpenedHouse[]];
}

describe('what is forgotten at one of several houses', () => {
  it.each([
    ['the token', { token: 'good' }],
    ['its subject', { subject: 'alice' }],
    ['its client', { client: 'shop' }],
    ['its session', { session: 'sid-1' }],
    ['its issuer', { issuer: 'https://idp.example' }],
    ['its tenant', { tenant: 'main' }],
    ['everything', { everything: true }],
  ])('is forgotten in all of them, named by %s (CACHE-8, INV-2, T-42)', async (_what, what) => {
    const [first, second] = await knowing(2, {
      client_id: 'shop',
      sid: 'sid-1',
      iss: 'https://idp.example',
    });
    expect(await forget(first, what)).toMatchObject({ status: 200, answer: { propagated: true } });
    expect(await askForStatus(first, withToken('good'))).toBe(401);
    await allAnswer([first, second!], 'good', 401);
  });

  it('does not touch what else is known there', async () => {
    idp.tokens.set('other', { sub: 'bob' });
    const [first, second] = await knowing(2);
    for (const house of [first, second!]) expect(await askForStatus(house, withToken('other'))).toBe(200);
    await forget(first, { subject: 'alice' });
    await allAnswer([first, second!], 'good', 401);
    idp.tokens.delete('other');
    for (const house of [first, second!]) expect(await askForStatus(house, withToken('other'))).toBe(200);
  });

  it('can be named by the fingerprint of a log line, and is in the audit line without the token', async () => {
    const [first, second] = await knowing(2);
    const [fingerprint] = second!
      .logs()
      .flatMap(({ event, token_fingerprint }) => (event === 'decided' ? [token_fingerprint] : []));
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(await forget(first, { fingerprint })).toMatchObject({ status: 200, answer: { fingerprint } });
    await allAnswer([first, second!], 'good', 401);
    const audit = first.logs().find(({ event }) => event === 'forgotten');
    expect(audit).toMatchObject({ by: 'bearer', told: 'everybody', token_fingerprint: fingerprint });
    expect(second!.logs().find(({ event }) => event === 'forgotten_elsewhere')).toMatchObject({
      id: audit?.['id'],
    });
    expect([...first.lines, ...second!.lines].join()).not.toContain('good"');
  });

  it('does not come back from Redis in a house that starts later', async () => {
    const [first] = await knowing(1);
    await forget(first, { token: 'good' });
    const late = await aHouse();
    expect(await askForStatus(late, withToken('good'))).toBe(401);
    expect(idp.asked()).toContain('good');
  });

  it('does not come back from an enquiry that was under way there (T-32)', async () => {
    const [first, second] = [await aHouse(), await aHouse()];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    idp.tokens.set('good', { sub: 'alice' });
    idp.always(async () => {
      const isActive = idp.tokens.has('good');
      if (isActive) await held;
      return json({ active: isActive });
    });
    const waiting = askForStatus(second, withToken('good'));
    await eventually('the question', () => (idp.asked().length > 0 ? true : null));
    idp.tokens.delete('good');
    await forget(first, { token: 'good' });
    await eventually('the other house to hear', async () =>
      (await second.metric('gatehouse_forgotten_total', { at: 'elsewhere' })) === 1 ? true : null,
    );
    release();
    expect(await waiting).toBe(401);
    expect(await askForStatus(second, withToken('good'))).toBe(401);
  });
});

describe('what is forgotten while Redis is away (G7, T-40, T-42)', () => {
  it('is forgotten there at once, and elsewhere when a stopped Redis goes on', async () => {
    const [first, second] = await knowing(2);
    redis.pause();
    expect(await forget(first, { token: 'good' })).toMatchObject({
      status: 202,
      answer: { propagated: false },
    });
    expect(await askForStatus(first, withToken('good'))).toBe(401);
    expect(await first.metric('gatehouse_forgotten_untold')).toBe(1);
    redis.resume();
    await allAnswer([first, second!], 'good', 401);
    await eventually('nothing to be left untold', async () =>
      (await first.metric('gatehouse_forgotten_untold')) === 0 ? true : null,
    );
  });

  it('is forgotten elsewhere when a killed Redis has been started again, empty', async () => {
    const [first, second] = await knowing(2);
    await redis.kill();
    expect(await forget(first, { subject: 'alice' })).toMatchObject({ status: 202 });
    expect(await askForStatus(first, withToken('good'))).toBe(401);
    await redis.restart();
    await allAnswer([first, second!], 'good', 401);
  });

  it('is forgotten elsewhere although Redis lost it after it was told', async () => {
    const [first] = await knowing(1);
    expect(await forget(first, { subject: 'alice' })).toMatchObject({ status: 200 });
    await redis.kill();
    await redis.restart();
    await eventually('it to be told again', async () =>
      (await redis.command('XLEN', 'gatehouse:1:marks')) === ':1' ? true : null,
    );
  });

  it('waits for nobody where there is no Redis', async () => {
    idp.tokens.set('good', {});
    const house = await aHouse({ shared: false });
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    idp.tokens.delete('good');
    expect(await forget(house, { token: 'good' })).toMatchObject({
      status: 200,
      answer: { propagated: false },
    });
    expect(await askForStatus(house, withToken('good'))).toBe(401);
  });
});

describe('a Redis that lies about what was forgotten (T-39)', () => {
  it('is not believed, and what it holds is not readable', async () => {
    const [first, second] = await knowing(2);
    const dump = async () => redis.command('XRANGE', 'gatehouse:1:marks', '-', '+');
    await redis.command('XADD', 'gatehouse:1:marks', '*', 'mark', `${'0'.repeat(32)}.AAAA`);
    await redis.command('PUBLISH', 'gatehouse:1:marks', `${'1'.repeat(32)}.AAAA`);
    await eventually('both to have seen it', async () =>
      (await first.metric('gatehouse_board_failures_total', { cause: 'unreadable' })) >= 2 &&
      (await second!.metric('gatehouse_board_failures_total', { cause: 'unreadable' })) >= 2
        ? true
        : null,
    );
    expect(await askForStatus(first, withToken('good'))).toBe(200);
    await forget(first, { subject: 'alice-canary' });
    expect(await dump()).not.toContain('alice');
    expect(await redis.command('PTTL', 'gatehouse:1:marks')).not.toBe(':-1');
  });
});

describe('gatehouse forget', () => {
  let running: RunningGatehouse | null = null;
  afterEach(async () => {
    await running?.stop();
  });

  const settings = (listen: string) => `${listen.replace(
    /( {2}admin: \{ address: "[^"]+")/,
    '$1, auth: { bearer: { file: operator } }',
  )}
clients: { main: ${clientAt(idp.endpoint)} }
cache: { keys: [{ env: CACHE_KEY }], shared: { redis: { url: "${redis.url}" } } }
`;

  it('has a process, and through it every replica, forget a token that stands in a file', async () => {
    const [other] = await knowing(1);
    running = await startGatehouse({
      settings: (ports) => settings(listenOn(ports)),
      environment: { CACHE_KEY: KEY, CLIENT_SECRET: 'client-secret-of-the-tests' },
      files: { operator: `${SECRET}\n`, token: 'good\n', wrong: 'not-the-secret-of-them\n' },
    });
    const cwd = running.folder;
    const environment = { CACHE_KEY: KEY, CLIENT_SECRET: 'client-secret-of-the-tests' };
    const done = await runGatehouse(['forget', '--token-file', 'token'], { environment, cwd });
    expect(done.code).toBe(0);
    expect(done.output).toContain('"propagated": true');
    await allAnswer([other], 'good', 401);

    const admin = ['--admin', `http://127.0.0.1:${running.ports.admin}`];
    const wrong = await runGatehouse(['forget', '--tenant', 'main', ...admin, '--bearer-file', 'wrong'], {
      cwd,
    });
    expect({ code: wrong.code, output: wrong.output }).toEqual({
      code: 1,
      output: expect.stringContaining('refused (401)'),
    });
    const right = ['forget', '--tenant', 'main', '--session', 's', ...admin, '--bearer-file', 'operator'];
    expect((await runGatehouse(right, { cwd })).code).toBe(0);
    expect(running.output()).not.toContain('"good"');
  });
});
