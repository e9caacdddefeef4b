import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type Answer, html, json, reset, status } from '../support/fault-server.ts';
import { eventually } from '../support/processes.ts';
import { ask, withToken } from './support-house-check.ts';
import { type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, steppableClock } from './support-house.ts';

// Hours go by in an instant: timers of the house are put forward, and its clock with them.
const PLACE = '/.well-known/oauth-authorization-server';
const MINUTE = 60_000;
const clock = steppableClock();
let idp: Idp;
let house: OpenedHouse;

beforeEach(async () => {
  jest.useFakeTimers({ advanceTimers: true, doNotFake: OTHERS });
  idp = await startIdp();
  idp.on(PLACE, document());
  house = await openAHouse(
    `${EVERY_DOOR}\nclients: { main: { issuer: "${idp.origin}", clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true } }\n`,
    { clock },
  );
});
afterEach(async () => {
  await house.close();
  await idp.stop();
  jest.useRealTimers();
});

const document = (): Answer => json({ issuer: idp.origin, introspection_endpoint: idp.endpoint });
const refreshes = () => house.logs().filter(({ event }) => event === 'metadata_refreshed');

/** From one planned refresh to the next; each comes to its end before time goes on. */
async function pass(minutes: number): Promise<void> {
  for (let left = minutes * MINUTE; left > 0;) {
    const next = await eventually('the next refresh to be planned', nextRefresh);
    const step = Math.min(left, next + 1);
    clock.step(step);
    jest.advanceTimersByTime(step);
    left -= step;
  }
  await eventually('the next refresh to be planned', nextRefresh);
}

async function nextRefresh(): Promise<number | null> {
  const { clients } = (await house.status()) as never as {
    readonly clients: { readonly main: { readonly metadata: { readonly nextInMs: number | null } } };
  };
  return clients.main.metadata.nextInMs;
}

describe('a house whose metadata cannot be refreshed', () => {
  it.each<[string, () => Answer]>([
    ['is answered with 500', () => status(500)],
    ['is reset', () => reset()],
    ['is a maintenance page', () => html()],
    [
      'names another issuer',
      () => json({ issuer: 'https://evil.example', introspection_endpoint: idp.endpoint }),
    ],
    [
      'moves the endpoint to a foreign origin',
      () => json({ issuer: idp.origin, introspection_endpoint: 'https://evil.example/introspect' }),
    ],
  ])('goes on for eight hours with what it has when the document %s (G15)', async (_what, answer) => {
    idp.tokens.set('good', { sub: 'alice' });
    expect((await ask(house, withToken('good'))).kind).toBe('allow');
    idp.on(PLACE, answer());
    for (let hour = 0; hour < 8; hour += 1) {
      await pass(60);
      idp.tokens.set(`good-${hour}`, { sub: 'alice' });
      expect((await ask(house, withToken(`good-${hour}`))).kind).toBe('allow');
      expect(await ask(house, withToken(`bad-${hour}`))).toMatchObject({ kind: 'deny', status: 401 });
    }
    const failed = refreshes().length - 1;
    expect(failed).toBeGreaterThan(15);
    expect(failed).toBeLessThan(45);
    expect(await house.metric('gatehouse_faults_total')).toBe(0);

    idp.on(PLACE, document());
    await pass(30);
    expect(refreshes().at(-1)).toMatchObject({ outcome: 'unchanged' });
  });
});

const OTHERS = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
] as const as never;
