import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  createTelemetry,
  openHouse,
  systemClock,
  systemRandomness,
  withClientSecret,
} from '../../src/index.ts';
import { callerOf } from '../gateway/envoy/caller.ts';
import { status } from '../support/fault-server.ts';
import { askForStatus, outcomeOf, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, settingsOf } from './support-house.ts';

// One route may have tokens of several authorization servers, each of which must see none but its own.
let orders: Idp;
let partner: Idp;
let house: OpenedHouse;

const client = (idp: Idp, more: string): string => clientAt(idp.endpoint).replace(/ }$/, `, ${more} }`);

beforeAll(async () => {
  [orders, partner] = await Promise.all([startIdp(), startIdp()]);
  house = await openAHouse(`${EVERY_DOOR}
wait: { max: 10s }
unknownClient: 404
clients:
  orders: ${client(orders, 'issuer: https://orders.example')}
  partner: ${client(partner, 'issuer: https://partner.example, match: { hosts: [partner.example] }')}
  short: ${client(orders, 'token: { prefix: ord_ }')}
  long: ${client(partner, 'token: { pattern: "par_[A-Za-z0-9]{8,}" }')}
  first: ${client(orders, 'required: false')}
  second: ${client(partner, 'required: false')}
routes:
  - { name: by-issuer, match: { paths: [/issuer] }, client: [orders, partner] }
  - { name: by-form, match: { paths: [/form] }, client: [short, long] }
  - { name: in-order, match: { paths: [/order] }, client: [first, second], tryInOrder: true }
  - { name: by-match, match: { paths: [/match] } }
`);
});
afterAll(async () => {
  await house?.close();
  await Promise.all([orders?.stop(), partner?.stop()]);
});

const jwt = (iss: string): string =>
  [
    { alg: 'RS256', typ: 'at+jwt' },
    { iss, jti: `${(serial += 1)}` },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('c2lnbmF0dXJl')
    .join('.');
let serial = 0;
const opaque = (prefix = 'opaque'): string => `${prefix}${(serial += 1)}x00000000`;

const at = (path: string, token: string, host = 'api.example.com'): Promise<number> =>
  askForStatus(house, withToken(token, { path, host }));
/** Who was asked about a token, and how often. */
const askedAbout = (token: string): readonly number[] =>
  [orders, partner].map((idp) => idp.asked().filter((asked) => asked === token).length);

describe('tokens of several authorization servers on one route', () => {
  it.each([
    ['orders', 'https://orders.example', [1, 0]],
    ['partner', 'https://partner.example', [0, 1]],
  ])('go by the issuer that a JWT claims: %s', async (_whose, iss, asked) => {
    const [good, bad] = [jwt(iss), jwt(iss)];
    for (const idp of [orders, partner]) idp.tokens.set(good, { iss });
    expect([await at('/issuer', good), await at('/issuer', bad)]).toEqual([200, 401]);
    expect([askedAbout(good), askedAbout(bad)]).toEqual([asked, asked]);
  });

  it('go by their form', async () => {
    const [short, long, other] = [opaque('ord_'), opaque('par_'), opaque()];
    for (const idp of [orders, partner]) for (const token of [short, long, other]) idp.tokens.set(token, {});
    expect([await at('/form', short), await at('/form', long), await at('/form', other)]).toEqual([
      200, 200, 401,
    ]);
    expect([short, long, other].map(askedAbout)).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
  });

  it.each([
    ['a JWT of an issuer that nobody knows', () => jwt('https://evil.example')],
    ['a token without a claim', () => opaque()],
  ])('are refused without an enquiry where they belong to none: %s', async (_what, make) => {
    const token = make();
    for (const idp of [orders, partner]) idp.tokens.set(token, {});
    expect(await at('/issuer', token)).toBe(401);
    expect(askedAbout(token)).toEqual([0, 0]);
    expect(await house.metric('gatehouse_decisions_total', { reason: 'token_of_no_client' })).toBeGreaterThan(
      0,
    );
  });
});

describe('tokens that are tried in order', () => {
  it('are shown to the next one only when they are inactive, and each answer is remembered by itself', async () => {
    const [first, second, nobodys] = [opaque(), opaque(), opaque()];
    orders.tokens.set(first, {});
    partner.tokens.set(second, {});
    const askAll = async () => [
      await at('/order', first),
      await at('/order', second),
      await at('/order', nobodys),
    ];
    expect([await askAll(), await askAll()]).toEqual([
      [200, 200, 401],
      [200, 200, 401],
    ]);
    expect([first, second, nobodys].map(askedAbout)).toEqual([
      [1, 0],
      [1, 1],
      [1, 1],
    ]);
  });

  it('end with the fault of one', async () => {
    const token = opaque();
    partner.tokens.set(token, {});
    orders.always(status(500));
    try {
      expect(await at('/order', token)).toBe(503);
      expect(askedAbout(token)).toEqual([1, 0]);
    } finally {
      orders.behave();
    }
  });
});

describe('a request that no client goes with', () => {
  it('is answered with the status that `unknownClient` names', async () => {
    const token = opaque();
    partner.tokens.set(token, { iss: 'https://partner.example' });
    expect(await at('/match', token, 'partner.example')).toBe(200);
    expect(await at('/match', token, 'other.example')).toBe(404);
  });
});

describe('a house opened by code', () => {
  it('shows a secret that code hands over for each enquiry', async () => {
    const settings = await settingsOf(`${EVERY_DOOR}\nclients: { main: ${clientAt(orders.endpoint)} }\n`);
    const tenants: (string | null)[] = [];
    const clients = settings.clients.map((each) =>
      withClientSecret(each, async (request) => {
        tenants.push(request?.host ?? null);
        return `secret-for-${request?.host ?? 'nobody'}`;
      }),
    );
    const telemetry = createTelemetry(
      {
        level: 'error',
        pretty: false,
        version: 'test',
        destination: { write: () => undefined, flush: () => undefined, dropped: 0 },
      },
      { clock: systemClock },
    );
    const opened = await openHouse(
      { ...settings, clients },
      { telemetry, clock: systemClock, randomness: systemRandomness },
    );
    const caller = callerOf(opened.doors[0]!.address);
    try {
      const token = opaque();
      orders.tokens.set(token, {});
      const outcome = outcomeOf(await caller.ask(withToken(token, { host: 'tenant.example' })));
      expect(outcome.kind).toBe('allow');
      const shown = orders.requests.findLast(({ body }) => body.includes(token))?.headers['authorization'];
      expect(Buffer.from(String(shown).slice(6), 'base64').toString()).toBe(
        'gateway:secret-for-tenant.example',
      );
      expect(tenants).toContain('tenant.example');
    } finally {
      caller.close();
      await opened.drain();
    }
  });
});
