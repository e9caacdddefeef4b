import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createAuthority } from '../support/certificates.ts';
import { type RunningEnvoy, startEnvoy } from '../support/envoy.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// What only Envoy knows of a request chooses the client: the TLS server name and the metadata of its own route.
const authority = createAuthority();
const NAMES = ['orders.example.com', 'partner.example.com', 'other.example.com'];

let idps: readonly [Idp, Idp, Idp];
let house: OpenedHouse;
let upstream: Upstream;
let envoy: RunningEnvoy;

const client = (idp: Idp, match: string): string =>
  clientAt(idp.endpoint).replace(/ }$/, `, match: ${match} }`);

beforeAll(async () => {
  idps = [await startIdp(), await startIdp(), await startIdp()];
  house = await openAHouse(`${EVERY_DOOR}
wait: { max: 10s }
clients:
  orders: ${client(idps[0], '{ serverNames: [orders.example.com] }')}
  partner: ${client(idps[1], '{ serverNames: ["*.example.com"], paths: [/p/**] }')}
  gold: ${client(idps[2], '{ paths: [/gold/**], routeMetadata: { com.example: { tier: [gold, "7"] } } }')}
`);
  upstream = await startUpstream();
  envoy = await startEnvoy({
    authorization: { kind: 'grpc', port: house.port('grpc') },
    upstream,
    timeout: '10s',
    tls: { ...authority.issue(NAMES.map((name) => `DNS:${name}`)), clientCa: authority.ca },
    routes: [
      { prefix: '/gold/seven', metadata: { 'com.example': { tier: 7 } } },
      { prefix: '/gold', metadata: { 'com.example': { tier: 'gold' }, unlisted: { tier: 'lead' } } },
      { prefix: '/lead', metadata: { unlisted: { tier: 'gold' } } },
    ],
    routeMetadataNamespaces: ['com.example'],
  });
});
afterAll(async () => {
  await envoy?.stop();
  await house?.close();
  await upstream?.close();
  await Promise.all((idps ?? []).map((idp) => idp.stop()));
  await stopAllProcesses();
});

/** With a Host of its own, so that nothing but the handshake says the name. */
function ask(token: string, serverName: string, path: string): Promise<number> {
  for (const idp of idps) idp.tokens.set(token, {});
  return new Promise((resolve, reject) => {
    const headers = { host: 'host.example', authorization: `Bearer ${token}` };
    const options = { port: envoy.port, path, headers, ca: authority.ca, agent: false };
    const named = isIP(serverName) === 0 ? { servername: serverName } : {};
    httpsRequest(
      { host: '127.0.0.1', ...options, ...named, checkServerIdentity: () => undefined },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    )
      .on('error', reject)
      .end();
  });
}

/** Which of the servers were asked about a token. */
const askedAbout = (token: string): readonly number[] =>
  idps.flatMap((idp, index) => (idp.asked().includes(token) ? [index] : []));
let serial = 0;
const newToken = (): string => `token-${(serial += 1)}`;

describe('through a real Envoy', () => {
  it.each([
    ['the server name of the handshake', 'orders.example.com', '/x', 0],
    ['the server name in any case', 'ORDERS.example.com', '/x', 0],
    ['a family of server names, and a path', 'partner.example.com', '/p/x', 1],
    ['the metadata of the route', 'other.example.com', '/gold/x', 2],
    ['a number in the metadata of the route', 'other.example.com', '/gold/seven', 2],
  ])('%s chooses the client', async (_what, serverName, path, idp) => {
    const token = newToken();
    expect(await ask(token, serverName, path)).toBe(200);
    expect(askedAbout(token)).toEqual([idp]);
  });

  it.each([
    ['a server name of nobody', 'other.example.com', '/x'],
    ['metadata of a namespace that the check does not carry', 'other.example.com', '/lead'],
    ['no server name', '127.0.0.1', '/x'],
  ])('%s is denied, and nobody is asked', async (_what, serverName, path) => {
    const token = newToken();
    expect(await ask(token, serverName, path)).toBe(403);
    expect(askedAbout(token)).toEqual([]);
  });
});
