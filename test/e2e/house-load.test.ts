import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { json, status } from '../support/fault-server.ts';
import { eventually } from '../support/processes.ts';
import { askForStatus, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp, tokenOf } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// Under default limits on enquiries; nothing is asserted about time, and a busy machine is given some.
let idp: Idp;
let house: OpenedHouse;

beforeAll(async () => {
  idp = await startIdp();
  house = await openAHouse(`${EVERY_DOOR.replace('level: debug', 'level: info')}
wait: { max: 30s }
clients: { main: ${clientAt(idp.endpoint)} }
`);
  idp.forget();
});
afterAll(async () => {
  await house?.close();
  await idp?.stop();
});

/** Each of the tokens once, so many at a time; by token. */
async function askAll(tokens: readonly string[], atATime: number): Promise<ReadonlyMap<string, number>> {
  const statuses = new Map<string, number>();
  const rest = [...tokens];
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (let token = rest.pop(); token !== undefined; token = rest.pop())
        statuses.set(token, await askForStatus(house, withToken(token)));
    }),
  );
  return statuses;
}

const isGood = (token: string): boolean => Number(token.split('-')[1]) % 2 === 0;

describe('under default limits', () => {
  it('600 new tokens at 50 at a time are answered correctly, by one enquiry each', async () => {
    idp.always((request) => json({ active: isGood(tokenOf(request)) }, { delayMs: 20 }));
    const tokens = Array.from({ length: 600 }, (_, index) => `new-${index}`);
    const statuses = await askAll(tokens, 50);
    const wrong = tokens.filter((token) => statuses.get(token) !== (isGood(token) ? 200 : 401));
    const faults = house.logs().filter(({ decision }) => decision === 'fault');
    expect({ wrong, faults }).toEqual({ wrong: [], faults: [] });
    expect(idp.asked()).toHaveLength(600);
    expect(await house.metric('gatehouse_faults_total')).toBe(0);
  });

  it('known tokens are answered while new ones find the server failing, and new ones again as soon as it recovers', async () => {
    idp.always(status(500));
    const known = Array.from({ length: 100 }, (_, index) => `new-${2 * index}`);
    const unknown = Array.from({ length: 100 }, (_, index) => `broken-${2 * index}`);
    const statuses = await askAll([...known, ...unknown], 50);
    expect(
      [...statuses].filter(([token, answer]) => answer !== (token.startsWith('new') ? 200 : 503)),
    ).toEqual([]);
    idp.always((request) => json({ active: isGood(tokenOf(request)) }));
    let healed = 0;
    await eventually(
      'new tokens to be judged',
      async () => ((await askForStatus(house, withToken(`healed-${(healed += 2)}`))) === 200 ? true : null),
      { within: 10_000 },
    );
  });
});
