import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json, reset } from '../support/fault-server.ts';
import { ask, type Outcome, withToken } from './support-house-check.ts';
import { clientAt, type Idp, inSeconds, startIdp, tokenOf } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// How old an answer may be on a route, and who pays for a flood, through every room of a house.
let idp: Idp;
let house: OpenedHouse;

beforeAll(async () => {
  idp = await startIdp();
  house = await openAHouse(`${EVERY_DOOR}
wait: { max: 10s, margin: 400ms }
cache: { active: { max: 300ms }, inactive: { entries: 50 } }
clients:
  main: ${clientAt(idp.endpoint)}
  formed: ${clientAt(idp.endpoint).replace(/ }$/, ', token: { prefix: at_, minLength: 20 } }')}
  capped: ${clientAt(idp.endpoint).replace(/ }$/, ', limits: { concurrent: 4, queue: 16 } }')}
  narrow: ${clientAt(idp.endpoint).replace(/ }$/, ', limits: { inactive: { burst: 3, perSecond: 1, beyond: 429 } } }')}
routes:
  - { name: now, match: { paths: [/now] }, client: main, freshness: 0s }
  - { name: reading, match: { paths: [/reading] }, client: main, stale: 1h }
  - { name: formed, match: { paths: [/formed] }, client: formed }
  - { name: capped, match: { paths: [/capped] }, client: capped }
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

  it('at several times what may be asked at once leaves good tokens their answers, and memory its bounds (T-34)', async () => {
    const good = Array.from({ length: 5 }, (_, index) => known(`capped-${index}`));
    for (const token of good) expect(await check(token, '/capped')).toMatchObject({ kind: 'allow' });
    let underWay = 0;
    let most = 0;
    idp.always(async (request) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(20);
      underWay -= 1;
      return json(
        idp.tokens.has(tokenOf(request)) ? { active: true, exp: inSeconds(60) } : { active: false },
      );
    });

    let isOver = false;
    const invented = Array.from({ length: 45 }, async (_, caller) => {
      for (let round = 0; !isOver; round += 1) {
        await check(`flood-${caller}-${round}`, '/capped');
        // Refused at once, it would leave the callers beside it no time.
        await sleep(50);
      }
    });
    const outcomes: Outcome[] = [];
    // Longer than their answers are kept: they are asked about again in the middle of the flood.
    for (let round = 0; round < 12; round += 1) {
      outcomes.push(...(await Promise.all(good.map((token) => check(token, '/capped')))));
      await sleep(50);
    }
    isOver = true;
    await Promise.all(invented);
    expect(outcomes.filter(({ kind }) => kind === 'allow').length).toBe(outcomes.length);
    expect(most).toBeLessThanOrEqual(4);
    expect(await house.metric('gatehouse_cache_entries', { partition: 'inactive' })).toBeLessThanOrEqual(50);
  });
});
