import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { askForStatus, withToken } from '../e2e/support-house-check.ts';
import { openAskEveryDoor } from '../e2e/support-house-doors.ts';
import { clientAt, type Idp, startIdp } from '../e2e/support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, settingsOf } from '../e2e/support-house.ts';
import { eventually } from '../support/processes.ts';

let idp: Idp;
let house: OpenedHouse | null = null;

beforeAll(async () => {
  idp = await startIdp();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await house?.close();
});
afterAll(async () => idp?.stop());

/** As often as a client was new: each asks once with a random token. */
const toHaveAsked = (count: number): Promise<unknown> =>
  eventually('the new client to ask', () => (idp.asked().length === count ? true : null));

const settings = (clientId: string): string =>
  `${EVERY_DOOR}\nclients: { main: ${clientAt(idp.endpoint).replace('clientId: gateway', `clientId: ${clientId}`)} }`;

describe('a reload', () => {
  it('has the enquiries of a changed client share connections at once, the second time too', async () => {
    house = await openAHouse(settings('one'));
    // The clients of before are let go ten seconds after a reload; after the first one here, a moment later.
    const later = globalThis.setTimeout;
    const soon = (task: () => void, ms?: number) => later(task, ms === 10_000 ? 0 : ms);
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(soon);
    house.house.replace(await settingsOf(settings('two')));
    jest.restoreAllMocks();
    await toHaveAsked(2);
    house.house.replace(await settingsOf(settings('three')));
    await toHaveAsked(3);

    const before = idp.connections();
    for (const token of ['a', 'b', 'c', 'd']) await askForStatus(house, withToken(token));
    expect(idp.connections()).toBe(before);
  });
});

describe('the settings of a house', () => {
  it('say at every door behind how many proxies the client is, also after a reload', async () => {
    const behind = (hops: number): string =>
      `${settings('one')}\nclientAddress: { trustedHops: ${hops} }\n` +
      'routes: [{ name: inside, mode: public, match: { clientAddresses: [10.0.0.0/8] } }]';
    house = await openAHouse(behind(1));
    const askDoor = openAskEveryDoor(house);
    const headers = [['x-forwarded-for', '10.1.2.3, 192.0.2.1']] as const;
    const statuses = async () => {
      const seen: number[] = [];
      for (const way of ['grpc raw', 'http:envoy', 'http:caddy'] as const)
        seen.push((await askDoor(way, { headers })).status);
      return seen;
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    house.house.replace(await settingsOf(behind(0)));
    expect(await statuses()).toEqual([403, 403, 403]);
    askDoor.close();
  });
});
