import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { reset } from '../support/fault-server.ts';
import { ask, type Outcome, withToken } from './support-house-check.ts';
import { clientAt, type Idp, inSeconds, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// How old an answer may be on a route, and who pays for a flood, through every room of a house.
let idp: Idp;
let house: OpenedHouse;

beforeAll(async () => {
  idp = await startIdp();
  house = await openAHouse(`${EVERY_DOOR}
wait: { max: 10s, margin: 400ms }
cache: { active: { max: 300ms } }
clients:
  main: ${clientAt(idp.endpoint)}
  formed: ${clientAt(idp.endpoint).replace(/ }$/, ', token: { prefix: at_, minLength: 20 } }')}
  narrow: ${clientAt(idp.endpoint).replace(/ }$/, ', limits: { inactive: { burst: 3, perSecond: 1, beyond: 429 } } }')}
routes:
  - { name: now, match: { paths: [/now] }, client: main, freshness: 0s }
  - { name: reading, match: { paths: [/reading] }, client: main, stale: 1h }
  - { name: formed, match: { paths: [/formed] }, client: formed }
  - { name: narrow, match: { paths: [/narrow] }, client: narrow }
  - { name: rest, client: main }
`);
});
afterEach(() => {
  idp.behave();
  idp.forget();
});
afterAll(async () => {
  await house?.close();
  await idp?.stop();
});

const check = (token: string, path: string): Promise<Outcome> => ask(house, withToken(token, { path }));

function known(token: string): string {
  idp.tokens.set(token, { sub: 'alice', exp: inSeconds(3_600) });
  return token;
}

describe('a route with freshness: 0s', () => {
  it('asks for each request, and sees a revocation with the next one', async () => {
    const token = known('fresh');
    for (let round = 0; round < 3; round += 1)
      expect(await check(token, '/now')).toMatchObject({ kind: 'allow' });
    expect(idp.asked().filter((asked) => asked === token).length).toBe(3);
    idp.tokens.delete(token);
    expect(await check(token, '/now')).toMatchObject({ kind: 'deny', status: 401 });
    expect(await check(token, '/elsewhere')).toMatchObject({ kind: 'deny', status: 401 });
  });
});

describe('a route with stale', () => {
  it('lets a known token pass in an outage, and says so; other routes do not, nor for unknown tokens (CACHE-10)', async () => {
    const token = known('stale');
    expect(await check(token, '/reading')).toMatchObject({
      kind: 'allow',
      metadata: { gatehouse_reason: 'token_accepted' },
    });
    idp.always(reset());
    // Its cache time.
    await sleep(350);
    const outcome = await check(token, '/reading');
    expect(outcome).toMatchObject({ kind: 'allow', metadata: { gatehouse_reason: 'allowed_stale' } });
    expect(await check(token, '/elsewhere')).toMatchObject({ kind: 'deny', status: 503 });
    expect(await check('nobody', '/reading')).toMatchObject({ kind: 'deny', status: 503 });
    expect(await house.metric('gatehouse_stale_answers_total', { client: 'main' })).toBe(1);
    expect(await house.metric('gatehouse_decisions_total', { reason: 'allowed_stale' })).toBe(1);
    expect(house.logs().find(({ event }) => event === 'stale_served')).toMatchObject({
      level: 'warn',
      client: 'main',
    });
  });
});

describe('a flood of invented tokens (T-33)', () => {
  it('of another form costs the authorization server nothing', async () => {
    for (const token of ['xx_345678901234567890', 'at_2345678901234567'])
      expect(await check(token, '/formed')).toMatchObject({ kind: 'deny', status: 401 });
    expect(idp.asked().filter((asked) => /^(?:xx|at)_/.test(asked))).toEqual([]);
    const good = known('at_345678901234567890');
    expect(await check(good, '/formed')).toMatchObject({ kind: 'allow' });
  });

  it('beyond the budget is refused with the configured status, while known tokens pass', async () => {
    const good = known('good');
    expect(await check(good, '/narrow')).toMatchObject({ kind: 'allow' });
    for (let index = 0; index < 10; index += 1) await check(`invented-${index}`, '/narrow');
    const outcome = await check('one-more', '/narrow');
    expect(outcome).toMatchObject({ kind: 'deny', status: 429, code: 8 });
    if (outcome.kind === 'deny') expect(Number(outcome.headers['retry-after'])).toBeGreaterThan(0);
    expect(await check(good, '/narrow')).toMatchObject({ kind: 'allow' });
    await sleep(350);
    for (let index = 0; index < 10; index += 1) await check(`more-${index}`, '/narrow');
    expect(await check(good, '/narrow')).toMatchObject({ kind: 'allow' });
    expect(await house.metric('gatehouse_enquiries_refused_total', { client: 'narrow' })).toBeGreaterThan(0);
  });
});
