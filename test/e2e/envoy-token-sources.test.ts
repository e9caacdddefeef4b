import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startAuthorizationServer } from '../support/authorization-server.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { startUpstream } from '../support/upstream.ts';
import { opening } from './support-envoy-closing.ts';
import { startFronts } from './support-envoy-fronts.ts';
import { askThrough, valuesOf, type Asked } from './support-envoy-scene.ts';

/** Envoy over gRPC, and routes that look for tokens in other places than `Authorization`. */
async function openSources() {
  return opening(async ({ open, close }) => {
    const server = await open(
      startAuthorizationServer({ clientId: 'gateway', clientSecret: 's3cret' }),
      (one) => one.stop(),
    );
    const upstream = await open(startUpstream(), (one) => one.close());
    const gatehouse = await open(
      startGatehouse({
        settings: ({ grpc, health, admin }) => `
listen: { grpc: { address: "127.0.0.1:${grpc}" }, health: { address: "127.0.0.1:${health}" }, admin: { address: "127.0.0.1:${admin}" } }
wait: { max: 3s }
clients:
  default: { issuer: ${server.issuer}, allowHttp: true, clientId: gateway, clientSecret: { env: SECRET } }
routes:
  - name: app
    match: { paths: [/app/**] }
    credential: { from: [{ cookie: session }], origins: ["https://app.example.com"] }
    upstream: { headers: { x-auth-subject: sub } }
  - name: socket
    match: { paths: [/socket] }
    credential: { from: [header, { websocketProtocol: bearer. }] }
  - name: download
    match: { paths: [/download/**] }
    credential: { from: [header, { query: access_token }, { header: x-access-token }] }
    upstream: { headers: { x-auth-subject: sub } }
`,
        environment: { SECRET: 's3cret' },
      }),
      (one) => one.stop(),
    );
    const instances = [{ port: gatehouse.ports.grpc }];
    const fronts = await open(
      startFronts(
        [false, true].map((raw) => ({
          name: raw ? 'raw' : 'map',
          service: 'grpc',
          instances,
          filter: { encode_raw_headers: raw },
        })),
        upstream,
      ),
      (envoy) => envoy.stop(),
    );
    const token = await server.issueToken({ subject: 'alice', scope: 'read' });
    return { upstream, fronts, token, close };
  });
}

let scene: Awaited<ReturnType<typeof openSources>>;

beforeAll(async () => {
  scene = await openSources();
}, 60_000);

afterAll(() => scene?.close());

describe.each(['map', 'raw'])(
  'the token in other places, through Envoy with headers in the form %s',
  (front) => {
    const send = (asked: Asked) => askThrough(scene, front, asked);

    async function allowed(asked: Asked) {
      const { reply, upstream } = await send(asked);
      expect(reply.status).toBe(200);
      if (upstream === null) throw new Error('the upstream saw nothing');
      expect(JSON.stringify([upstream.rawHeaders, upstream.path])).not.toContain(scene.token);
      return upstream;
    }

    it('takes a cookie, whose neighbours alone reach the upstream (BEAR-17)', async () => {
      const upstream = await allowed({
        path: '/app/1',
        headers: ['Cookie', `a=1; session=${scene.token}; b=2`],
      });
      expect(valuesOf(upstream, 'cookie').join('; ')).toBe('a=1; b=2');
      expect(valuesOf(upstream, 'x-auth-subject')).toEqual(['alice']);
    });

    it('takes a cookie that is alone, and leaves no header behind', async () => {
      const upstream = await allowed({ path: '/app/1', headers: ['Cookie', `session=${scene.token}`] });
      expect(valuesOf(upstream, 'cookie')).toEqual([]);
    });

    it('refuses a cookie that a page of strangers sends along, and takes it from our own page', async () => {
      const post = (origin: string): Asked => ({
        path: '/app/1',
        method: 'POST',
        body: 'x',
        headers: ['Cookie', `session=${scene.token}`, 'Origin', origin],
      });
      const { reply, upstream } = await send(post('https://evil.example'));
      expect([reply.status, upstream]).toEqual([403, null]);
      await allowed(post('https://app.example.com'));
    });

    it('takes the protocol of a WebSocket away and leaves the others', async () => {
      const upstream = await allowed({
        path: '/socket',
        headers: ['Sec-WebSocket-Protocol', `chat, bearer.${scene.token}`],
      });
      expect(valuesOf(upstream, 'sec-websocket-protocol')).toEqual(['chat']);
    });

    it('takes the parameter out of the query and leaves the others (BEAR-6)', async () => {
      const upstream = await allowed({
        path: `/download/1?a=1&access_token=${encodeURIComponent(scene.token)}&b=2`,
      });
      expect(upstream.path).toBe('/download/1?a=1&b=2');
    });

    it('takes a header of another name away', async () => {
      const upstream = await allowed({ path: '/download/1', headers: ['X-Access-Token', scene.token] });
      expect(valuesOf(upstream, 'x-access-token')).toEqual([]);
    });

    it.each([
      [
        'in two places (R3)',
        400,
        (token: string): Asked => ({
          path: `/download/1?access_token=${token}`,
          headers: ['X-Access-Token', token],
        }),
      ],
      [
        'in a place of another route (R1, R24)',
        401,
        (token: string): Asked => ({ path: `/app/1?access_token=${token}` }),
      ],
    ])('refuses a token %s', async (_where, status, asked) => {
      const { reply, upstream } = await send(asked(encodeURIComponent(scene.token)));
      expect([reply.status, upstream]).toEqual([status, null]);
    });
  },
);
