import { request, type IncomingHttpHeaders } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { placeEnvoy } from '../../deploy/demo/envoy-settings.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { startEnvoyWith, validateEnvoyConfiguration, type RunningEnvoy } from '../support/envoy.ts';
import { listenOn, startGatehouse, type RunningGatehouse } from '../support/gatehouse.ts';
import { eventually, freePort } from '../support/processes.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { shippedText } from './shipped.ts';

const SECRET = 'a-secret-of-this-test';
const FILES = [
  { file: 'deploy/envoy/envoy.yaml', door: 'grpc', faultStatus: 503 },
  // Envoy would take a 503 of the HTTP service for its own error.
  { file: 'deploy/envoy/envoy-http.yaml', door: 'envoy', faultStatus: 403 },
] as const;

describe.each(FILES)('$file', ({ file, door, faultStatus }) => {
  let authorizationServer: AuthorizationServer;
  let gatehouse: RunningGatehouse;
  let upstream: Upstream;
  let envoy: RunningEnvoy;
  const shipped = shippedText(file);

  beforeAll(async () => {
    authorizationServer = await startAuthorizationServer({ clientId: 'gateway', clientSecret: SECRET });
    upstream = await startUpstream();
    gatehouse = await startGatehouse({
      settings: (ports) => `${listenOn(ports)}${settingsFor(authorizationServer.issuer)}`,
      environment: { GATEHOUSE_CLIENT_SECRET: SECRET },
    });
    const places = { gatehouse: gatehouse.ports[door], upstream: upstream.port };
    envoy = await startEnvoyWith(placeEnvoy(shipped, { front: 0, admin: 0, clusters: places }));
  }, 60_000);

  afterAll(async () => {
    await envoy?.stop();
    await gatehouse?.stop();
    await upstream?.close();
    await authorizationServer?.stop();
  });

  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const before = upstream.requests.length;
    const { status, answered } = await get(envoy.port, path, headers);
    return { status, answered, received: upstream.requests[before] ?? null };
  };

  const bearer = async () => ({
    authorization: `Bearer ${await authorizationServer.issueToken({ scope: 'orders:read', subject: 'alice' })}`,
  });

  it('is fine by Envoy itself, as it is shipped', async () => {
    expect(await validateEnvoyConfiguration(shipped)).toBeNull();
  });

  it('lets an active token through and tells the upstream whose it is, whatever the client claims', async () => {
    const { status, received } = await ask('/orders/1', {
      ...(await bearer()),
      'x-auth-subject': 'the-admin',
    });
    expect(status).toBe(200);
    expect(received?.headers['x-auth-subject']).toBe('alice');
    expect(received?.headers).not.toHaveProperty('authorization');
  });

  it('shows the client status and challenge of a denial (R1)', async () => {
    const { status, answered, received } = await ask('/orders/1');
    expect(status).toBe(401);
    expect(answered['www-authenticate']).toMatch(/^Bearer realm=/);
    expect(answered['cache-control']).toBe('no-store');
    expect(received).toBeNull();
  });

  it('removes a claimed identity header on a public route, whatever separates its words (G16, T-1)', async () => {
    const { status, received } = await ask('/healthz', {
      'x-auth-subject': 'the-admin',
      'x.auth.subject': 'the-admin',
      'x-auth.subject': 'the-admin',
      'x.auth-other': 'the-admin',
    });
    expect(status).toBe(200);
    expect(JSON.stringify(received?.headers)).not.toContain('the-admin');
  });

  it('refuses header names with an underscore and paths with an encoded slash before anybody judges them', async () => {
    const underscore = await ask('/healthz', { x_auth_subject: 'the-admin' });
    const encodedSlash = await ask('/orders%2F1', await bearer());
    expect([underscore.status, encodedSlash.status]).toEqual([400, 400]);
    expect([underscore.received, encodedSlash.received]).toEqual([null, null]);
  });

  it('sends the upstream the path that was judged', async () => {
    const { status, received } = await ask('//orders/./x/%2e%2e/1', await bearer());
    expect({ status, path: received?.path }).toEqual({ status: 200, path: '/orders/1' });
  });

  it('denies while the authorization server is away, with Retry-After, and lets through again after its return', async () => {
    const headers = await bearer();
    await authorizationServer.stop();
    const away = await ask('/orders/1', headers);
    await authorizationServer.start();
    await eventually('the token to be let through', async () =>
      (await ask('/orders/1', headers)).status === 200 ? true : null,
    );
    expect(away.status).toBe(faultStatus);
    expect(away.answered['retry-after']).toMatch(/^[2-8]$/);
    expect(away.received).toBeNull();
  });

  it('lets nothing through when there is no Gatehouse at all', async () => {
    const nobody = await freePort();
    const alone = await startEnvoyWith(
      placeEnvoy(shipped, { front: 0, admin: 0, clusters: { gatehouse: nobody, upstream: upstream.port } }),
    );
    const before = upstream.requests.length;
    const { status } = await fetch(`${alone.url}/healthz`);
    await alone.stop();
    expect(status).toBe(503);
    expect(upstream.requests.length).toBe(before);
  });
});

/** The path goes on the wire as it is; `fetch` would tidy it up. */
function get(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly answered: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, answered: response.headers }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function settingsFor(issuer: string): string {
  return `
clients:
  default:
    issuer: ${issuer}
    allowHttp: true
    clientId: gateway
    clientSecret: { env: GATEHOUSE_CLIENT_SECRET }
scrub: [x-auth-*]
routes:
  - name: health
    match: { paths: [/healthz], methods: [GET] }
    mode: public
  - name: orders
    match: { paths: [/orders/**] }
    require: { scopes: [orders:read] }
    upstream: { headers: { x-auth-subject: sub } }
`;
}
