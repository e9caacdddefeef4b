import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { describeRequests } from './support-envoy-requests.ts';
import { NOTHING_TIDIED } from './support-envoy-fronts.ts';
import { askThrough, bearer, openScene, type Asked, type Scene } from './support-envoy-scene.ts';

// The filter of deploy/envoy/envoy.yaml, in both forms in which Envoy shows headers, and once as shipped altogether.
const FORMS = [
  ['the headers map', 'map', false],
  ['raw headers', 'raw', true],
] as const;

const EXTENSIONS = [
  { host: 'gold.example.com', contextExtensions: { tier: 'gold' } },
  { host: 'silver.example.com', contextExtensions: { tier: 'silver' } },
  { host: 'silver.example.com', prefix: '/reports/gold', contextExtensions: { tier: 'gold' } },
];

let scene: Scene;

beforeAll(async () => {
  scene = await openScene(({ grpc }) =>
    FORMS.map(([, name, encodeRawHeaders]) => ({
      name,
      service: 'grpc',
      instances: [{ port: grpc }],
      filter: { encode_raw_headers: encodeRawHeaders },
      manager: NOTHING_TIDIED,
      extensions: EXTENSIONS,
    })),
  );
}, 60_000);

afterAll(() => scene?.close());

describe.each(FORMS.map(([form, front]) => [form, front] as const))(
  'the gRPC service of Envoy, with %s',
  (_form, front) => {
    const send = (asked: Asked) => askThrough(scene, front, asked);

    describeRequests({ scene: () => scene, front, metadata: true });

    describe('dynamic metadata', () => {
      const shown = async (asked: Asked): Promise<Readonly<Record<string, string>>> => {
        const { reply } = await send(asked);
        expect(reply.status).toBe(200);
        return Object.fromEntries(
          Object.entries(reply.headers).flatMap(([name, value]) =>
            name.startsWith('x-shown-') && value !== '' ? [[name.slice('x-shown-'.length), value]] : [],
          ),
        );
      };

      it('tells other filters of Envoy the rule, the reason and the members of the answer', async () => {
        expect(await shown({ headers: bearer(scene.token('alice')) })).toEqual({
          'gatehouse-rule': 'orders',
          'gatehouse-reason': 'token_accepted',
          sub: 'alice',
          'client-id': 'web',
          scope: 'orders:read orders:write',
        });
      });

      it('tells rule and reason alone where there is no token, or none is to be told of', async () => {
        expect(await shown({ path: '/public/1', headers: bearer(scene.token('alice')) })).toEqual({
          'gatehouse-rule': 'public',
          'gatehouse-reason': 'public_route',
        });
        expect(await shown({ path: '/optional/1' })).toEqual({
          'gatehouse-rule': 'optional',
          'gatehouse-reason': 'anonymous',
        });
        expect(await shown({ path: '/silent/1', headers: bearer(scene.token('alice')) })).toEqual({
          'gatehouse-rule': 'silent',
          'gatehouse-reason': 'token_accepted',
        });
      });
    });

    describe('what only Envoy and its configuration say', () => {
      it.each([
        ['of the host', 'gold.example.com', '/reports/1', 200],
        ['of a path, which is more than the host', 'silver.example.com', '/reports/gold/1', 200],
        ['of the host, another one', 'silver.example.com', '/reports/1', 403],
        ['of nowhere', 'api.example.com', '/reports/1', 403],
      ])('matches context extensions %s', async (_what, host, path, status) => {
        const claimed = ['tier', 'gold', 'x-envoy-tier', 'gold', 'context_extensions', 'tier=gold'];
        const { reply, upstream } = await send({ path, headers: ['Host', host, ...claimed] });
        expect(reply.status).toBe(status);
        expect(upstream === null).toBe(status !== 200);
      });

      it.each([
        ['with the value', ['X-Api-Version', '2'], 200],
        ['with another value', ['X-Api-Version', '3'], 403],
        ['without it', [], 403],
        ['with the value and another one', ['X-Api-Version', '2', 'X-Api-Version', '3'], 403],
        ['with a look-alike of it', ['X_Api_Version', '2'], 403],
      ])('matches a request header: %s (CVE-2026-26308)', async (_what, headers, status) => {
        const { reply } = await send({ path: '/versioned/1', headers });
        expect(reply.status).toBe(status);
      });
    });

    it('asks once about a token that was asked about before, whatever route it comes on', async () => {
      const headers = bearer(
        await scene.authorizationServer.issueToken({ subject: 'carl', scope: 'orders:read admin' }),
      );
      const before = scene.authorizationServer.introspections();
      for (const path of ['/orders/1', '/orders/2', '/kept/1', '/admin/1', '/optional/1'])
        expect((await send({ path, headers })).reply.status).toBe(200);
      expect(scene.authorizationServer.introspections()).toBe(before + 1);
    });

    it('has answered every check of this file in a form that Envoy could use (T-11, T-12)', async () => {
      const counts = await scene.fronts.counts(front);
      expect(counts).toMatchObject({ error: 0, invalid: 0, failure_mode_allowed: 0 });
      expect(counts.ok).toBeGreaterThan(50);
      expect(counts.denied).toBeGreaterThan(50);
    });
  },
);

describe('the log of all that', () => {
  it('holds no token, no secret and nothing that a client wrote into Authorization (G19, G20)', async () => {
    const canary = 'canary-in-a-malformed-credential';
    const asked = { headers: ['Authorization', `Bearer ${canary} ${canary}`] };
    const answers = [await askThrough(scene, 'map', asked), await askThrough(scene, 'raw', asked)];
    await scene.gatehouse.logged('decided', 100);
    const output = scene.gatehouse.output();
    for (const secret of [canary, ...scene.secrets]) expect(output).not.toContain(secret);
    expect(JSON.stringify(answers.map(({ reply }) => reply))).not.toContain(canary);
  });
});
