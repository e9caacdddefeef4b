import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { json, status } from '../support/fault-server.ts';
import { CLAIMED, ROWS, type Row, RULES, TOKENS } from './support-fronts-table.ts';
import { type Front, FRONTS, type RunningFronts, type Seen, startFronts } from './support-fronts.ts';
import { clientAt, type Idp, startIdp, tokenOf } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// The real programs with the files of deploy/, one house, one upstream: the same request comes to the same through each.
let idp: Idp;
let house: OpenedHouse;
let fronts: RunningFronts;

beforeAll(async () => {
  idp = await startIdp();
  idp.always((request) => {
    const token = tokenOf(request);
    if (token === 'poison') return status(500);
    const claims = TOKENS[token];
    return json(claims === undefined ? { active: false } : { active: true, ...claims });
  });
  house = await openAHouse(`${EVERY_DOOR}clients: { main: ${clientAt(idp.endpoint)} }${RULES}`);
  fronts = await startFronts(house);
}, 120_000);

afterAll(async () => {
  await fronts?.stop();
  await house?.close();
  await idp?.stop();
}, 60_000);

describe.each(FRONTS)('behind %s', (front) => {
  it.each(Object.entries(ROWS))('%s', async (_what, row) => {
    const seen = await fronts.ask(front, row.asked);
    expect({ status: seen.status, upstream: seen.upstream?.headers ?? null }).toEqual(expectedAt(front, row));
    expect(seen.upstreamText).not.toContain(CLAIMED);
    expectWholeAnswer(front, row, seen);
    if (seen.upstream === null) return;
    // What was judged is what is sent on, byte for byte.
    expect(seen.upstream).toMatchObject({
      path: row.asked.path ?? '/orders/1',
      method: row.asked.method ?? 'GET',
    });
  });
});

describe('without the house', () => {
  beforeAll(() => house.close());

  it.each(FRONTS)('%s lets nobody through (T-9, G22)', async (front) => {
    const reader = { headers: [['Authorization', 'Bearer reader']] as const };
    const all = [{}, { path: '/public/a' }, reader].map((asked) => fronts.ask(front, asked));
    for (const seen of await Promise.all(all)) {
      expect({ status: seen.status >= 500 ? '5xx' : seen.status, upstream: seen.upstream }).toEqual({
        status: '5xx',
        upstream: null,
      });
    }
  });
});

/** What a front does instead of the table's word; it passes nothing on where it says another status. */
function expectedAt(front: Front, { status: usual, upstream, but }: Row): object {
  const special = but[front];
  return special === undefined ? { status: usual, upstream } : { status: special, upstream: null };
}

/** A refusal of Gatehouse arrives with its challenge, its Retry-After and `no-store`, as far as the front carries them. */
function expectWholeAnswer(front: Front, { status: usual }: Row, { status: seen, answered }: Seen): void {
  if (seen === 401) expect(answered['www-authenticate']).toMatch(/^Bearer realm="gatehouse"/);
  if (usual === 503 && front !== 'ingress-nginx') {
    expect(Number(answered['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(answered).not.toHaveProperty('www-authenticate');
  }
  const isOurs = seen === 401 || (usual === 503 && front !== 'ingress-nginx');
  if (isOurs && front !== 'ingress-nginx') expect(answered['cache-control']).toBe('no-store');
}
