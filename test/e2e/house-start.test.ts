import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type FaultServer, json, silence, startFaultServer, status } from '../support/fault-server.ts';
import { eventually } from '../support/processes.ts';
import { ask, askForStatus, withToken } from './support-house-check.ts';
import { tokenOf } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse } from './support-house.ts';

// One authorization server that is found by discovery, and the moods in which it may be when a house opens.
let server: FaultServer;
let house: OpenedHouse | null = null;
const METADATA = '/.well-known/openid-configuration';

beforeEach(async () => {
  server = await startFaultServer();
  server.on('/introspect', (request) => json({ active: tokenOf(request) === 'good' }));
  server.on('/jwks', status(500));
});
afterEach(async () => {
  await house?.close();
  house = null;
  await server.stop();
});

const publishMetadata = (): void =>
  server.on(
    METADATA,
    json({
      issuer: server.origin,
      introspection_endpoint: server.url('/introspect'),
      jwks_uri: server.url('/jwks'),
    }),
  );
const settings = (more = ''): string => `${EVERY_DOOR}
# Wide, because caller, house and server share this process and two busy cores.
wait: { max: 2s, margin: 400ms }
clients:
  main: { issuer: "${server.origin}", clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true${more} }
`;
const recovered = (): Promise<true> =>
  eventually('a good token to be allowed', async () =>
    (await askForStatus(house!, withToken('good'))) === 200 ? true : null,
  );

describe('a house that opens', () => {
  it('while its authorization server is away is ready, answers 503, and recovers by itself (G14)', async () => {
    await server.stop();
    house = await openAHouse(settings());
    expect(await house.caller.health('')).toBe('SERVING');
    expect(await ask(house, withToken('good'))).toMatchObject({ kind: 'deny', code: 14, status: 503 });
    expect(await house.metric('gatehouse_faults_total', { reason: 'metadata_unavailable' })).toBe(1);
    expect((await house.status())['standings']).toEqual({ main: 'outage' });

    await server.start();
    publishMetadata();
    await recovered();
    expect(await askForStatus(house, withToken('bad'))).toBe(401);
  });

  it('with the metadata fine needs nothing else of the server: keys that cannot be read are never asked for (G14)', async () => {
    publishMetadata();
    house = await openAHouse(settings());
    expect(await askForStatus(house, withToken('good'))).toBe(200);
    expect(server.requests.filter(({ path }) => path === '/jwks')).toEqual([]);
  });

  it('while the metadata does not come answers 503 to who cannot wait, and is not ready before the first attempt has ended (G14, G21)', async () => {
    server.on(METADATA, silence());
    house = await openAHouse(settings(), { untilReady: false });
    expect(await house.page('/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('"main"'),
    });
    expect(await house.caller.health('')).toBe('NOT_SERVING');
    const answer = await ask(house, withToken('good'), { deadline: Date.now() + 700 });
    expect(answer).toMatchObject({ kind: 'deny', code: 14, status: 503 });
  });

  it('with metadata that is not where it should be stays unready, and says so loudly, until it is put right', async () => {
    house = await openAHouse(settings(), { untilReady: false });
    const standing = async (): Promise<unknown> => (await house!.status())['standings'];
    await eventually('the first attempt to end', async () =>
      JSON.stringify(await standing()) === '{"main":"wrong"}' ? true : null,
    );
    expect((await house.page('/readyz')).status).toBe(503);
    expect(await house.metric('gatehouse_client_misconfigured', { client: 'main' })).toBe(1);
    expect(house.logs()).toContainEqual(expect.objectContaining({ phase: 'warning', level: 'warn' }));
    expect(await askForStatus(house, withToken('good'))).toBe(503);

    publishMetadata();
    await recovered();
  });

  it('whose credentials are refused stays unready (G13, R18)', async () => {
    publishMetadata();
    server.on('/introspect', status(401));
    house = await openAHouse(settings(), { untilReady: false });
    await eventually('three refusals', async () =>
      (await house!.metric('gatehouse_client_misconfigured', { client: 'main' })) === 1 ? true : null,
    );
    expect(server.requests.filter(({ path }) => path === '/introspect')).toHaveLength(3);
    expect((await house.page('/readyz')).status).toBe(503);
    expect(await askForStatus(house, withToken('good'))).toBe(503);
  });

  it('with a required client waits for its server, and is ready once that has come', async () => {
    await server.stop();
    house = await openAHouse(settings(', required: true'), { untilReady: false });
    await eventually('the first attempt to end', async () =>
      JSON.stringify((await house!.status())['standings']) === '{"main":"outage"}' ? true : null,
    );
    expect((await house.page('/readyz')).text).toContain('"main", which is required');
    expect(await house.caller.health('')).toBe('NOT_SERVING');
    // It is asked again within some ten seconds.
    await server.start();
    publishMetadata();
    await eventually('readiness', async () => ((await house!.page('/readyz')).status === 200 ? true : null));
    expect(await house.caller.health('')).toBe('SERVING');
  });
});
