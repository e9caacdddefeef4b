import { afterAll, describe, expect, it } from '@jest/globals';
import { createHttpSource, type RecordReader } from '../../src/client-store/index.ts';
import { milliseconds, type RecordStoreSettings, Secret } from '../../src/domain/index.ts';
import { createAuthority } from '../support/certificates.ts';
import {
  type FaultServer,
  gzipped,
  html,
  http,
  huge,
  json,
  jsonText,
  redirect,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { describeRecordStore } from './contract-of-records.ts';
import { answerFor, aRecord, aRecordScene, closeScenes, secretFor } from './record-scene.ts';

const AS_USUAL = {
  headers: [],
  maxAge: milliseconds(300_000),
  tls: { ca: null, minVersion: 'TLSv1.2' },
  timeout: milliseconds(5_000),
  connections: 8,
} as const;

type Differing = Partial<Parameters<typeof createHttpSource>[1]>;

/** A service that knows the records it is given. */
async function aService(
  reader: RecordReader,
  differing: Differing = {},
  tls?: Parameters<typeof startFaultServer>[0],
) {
  const server = await startFaultServer(tls);
  const records = new Map<string, string>();
  server.always(({ path }) => {
    const record = records.get(decodeURIComponent(path.split('/').at(-1) ?? ''));
    return record === undefined ? status(404) : jsonText(record);
  });
  const source = createHttpSource(
    { reader },
    { ...AS_USUAL, url: server.url('/tenants/{tenant}'), ...differing },
  );
  return {
    server,
    records,
    source,
    put: (name: string, record: string) => void records.set(name, record),
    remove: (name: string) => void records.delete(name),
    away: async () => server.stop(),
    back: async () => server.start(),
    async close() {
      await server.stop();
      await source.close();
    },
  };
}

describeRecordStore('http', { hasFamilies: false }, ({ reader }) => aService(reader));

async function aScene(differing: Differing = {}, settings: Partial<RecordStoreSettings> = {}) {
  let server: FaultServer | null = null;
  const scene = await aRecordScene(async ({ reader }) => {
    const service = await aService(reader, differing);
    ({ server } = service);
    return service;
  }, settings);
  if (server === null) throw new Error('no server');
  return { ...scene, server: server as FaultServer };
}

afterAll(closeScenes);

describe('a service that knows tenants', () => {
  it('is asked for one tenant, with what the settings send along, on a kept connection', async () => {
    const scene = await aScene({
      headers: [
        { name: 'authorization', value: new Secret('Bearer of-the-service') },
        { name: 'x-region', value: new Secret('eu') },
      ],
    });
    await scene.place.put('a.example', aRecord({ clientId: 'a' }));
    expect(await answerFor(scene, 'A.example:443')).toBe('a');
    expect(await answerFor(scene, 'b.example')).toBe('no_client');
    expect(scene.server.requests.slice(0, 2)).toMatchObject([
      {
        method: 'GET',
        path: '/tenants/a.example',
        headers: { authorization: 'Bearer of-the-service', 'x-region': 'eu', 'accept-encoding': 'identity' },
      },
      { path: '/tenants/b.example' },
    ]);
    for (const one of [1, 2, 3, 4]) await answerFor(scene, `x${one}.example`);
    expect(scene.server.connections()).toBeLessThanOrEqual(2);
  });

  it.each(['application/yaml', 'text/yaml; charset=utf-8', 'application/vnd.tenants+json'])(
    'may answer with %s',
    async (type) => {
      const scene = await aScene();
      scene.server.always(http({ headers: { 'content-type': type }, body: aRecord({ clientId: 'a' }) }));
      expect(await answerFor(scene, 'a')).toBe('a');
    },
  );

  it('is asked by its ETag, and a 304 keeps the record', async () => {
    const scene = await aScene();
    scene.server.next(
      json(JSON.parse(aRecord({ clientId: 'a' })), { headers: { etag: 'W/"1"' } }),
      status(304),
    );
    expect(await answerFor(scene, 'a')).toBe('a');
    scene.later();
    expect(await answerFor(scene, 'a')).toBe('a');
    expect(scene.server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      'W/"1"',
    ]);
    expect(scene.events).toContainEqual({ event: 'client_record_read', outcome: 'unchanged' });
  });

  it('is asked for the whole record when a secret that it refers to has changed', async () => {
    const scene = await aScene();
    const record = JSON.parse(aRecord({ clientSecret: { file: 'key' } })) as object;
    scene.server.always(({ headers }) =>
      headers['if-none-match'] === '"1"' ? status(304) : json(record, { headers: { etag: '"1"' } }),
    );
    scene.writeSecret('a/key', 'one');
    expect(await secretFor(scene, 'a')).toBe('one');
    scene.writeSecret('a/key', 'two');
    scene.later();
    expect(await secretFor(scene, 'a')).toBe('two');
  });

  it.each([
    ['its max-age', { 'cache-control': 'private, max-age=60' }, 59_000, 61_000],
    ['less its Age', { 'cache-control': 'max-age=60', age: '30' }, 29_000, 36_000],
    ['never more than `maxAge`', { 'cache-control': 'max-age=86400' }, 299_000, 306_000],
    ['never less than `recheck`', { 'cache-control': 'max-age=1' }, 4_000, 11_000],
    ['nothing with no-store', { 'cache-control': 'no-store, max-age=60' }, 4_000, 11_000],
    ['nothing with a max-age that is no number', { 'cache-control': 'max-age=soon' }, 4_000, 11_000],
  ])('says how long a record holds: %s', async (_what, headers, holds, isOver) => {
    const scene = await aScene();
    scene.server.always(json(JSON.parse(aRecord()), { headers }));
    await answerFor(scene, 'a');
    scene.later(holds);
    await answerFor(scene, 'a');
    expect(scene.looks).toHaveLength(1);
    scene.later(isOver - holds);
    await answerFor(scene, 'a');
    expect(scene.looks).toHaveLength(2);
  });

  it('says how long there is no such tenant, by 404 and by 410', async () => {
    const scene = await aScene();
    for (const code of [404, 410]) {
      scene.server.always(status(code, { headers: { 'cache-control': 'max-age=60' } }));
      expect(await answerFor(scene, `t${code}`)).toBe('no_client');
      scene.later(50_000);
      expect(await answerFor(scene, `t${code}`)).toBe('no_client');
    }
    expect(scene.server.requests).toHaveLength(2);
  });

  it.each([
    ['500', status(500), 'status 500'],
    ['429', status(429), 'status 429'],
    ['401', status(401), 'status 401; see'],
    ['204', status(204), 'status 204'],
    ['206', status(206, { body: aRecord() }), 'status 206'],
    ['304 that nobody asked for', status(304), 'status 304'],
    ['a redirect', redirect(302, 'http://127.0.0.1:1/elsewhere'), 'redirects are not followed'],
    ['a page', html(), 'content type'],
    ['no content type', http({ body: aRecord() }), 'content type'],
    [
      'two content types',
      http({ body: aRecord(), headers: { 'content-type': ['text/yaml', 'text/html'] } }),
      '',
    ],
    ['a compressed record', gzipped(JSON.parse(aRecord())), 'compressed'],
    ['more than 1 MiB', huge(1_100_000), 'over 1 MiB'],
    ['bytes that are no text', jsonText(Buffer.from([0x7b, 0xff, 0xfe])), 'not UTF-8'],
    ['a reset', reset(), 'the connection failed'],
  ])('that answers with %s is a failure, and keeps those who are known', async (_what, answer, detail) => {
    const scene = await aScene();
    await scene.place.put('known', aRecord({ clientId: 'known' }));
    await answerFor(scene, 'known');
    scene.server.always(answer);
    scene.later();
    expect(await answerFor(scene, 'known')).toBe('known');
    expect(await answerFor(scene, 'a')).toMatch(/^client_store_failed: the record "a"/);
    expect(await answerFor(scene, 'a')).toContain(detail);
  });

  it('that never answers is given up after `timeout`, with its connection', async () => {
    const scene = await aScene({}, { timeout: milliseconds(50) });
    scene.server.always(silence());
    expect(await answerFor(scene, 'a')).toMatch(/^client_store_failed: .*(within 50 ms|too long)/);
  });

  it('is asked once more when it closed a kept connection just then', async () => {
    const scene = await aScene();
    await scene.place.put('b', aRecord({ clientId: 'b' }));
    await answerFor(scene, 'a');
    scene.server.next(reset());
    expect(await answerFor(scene, 'b')).toBe('b');
  });

  it('is authenticated, and can authenticate us, by certificates', async () => {
    const authority = createAuthority();
    const mine = authority.issue(['URI:spiffe://gatehouse']);
    const certificate = authority.issue(['IP:127.0.0.1']);
    const demanding = { ...certificate, ca: authority.ca, requestCert: true };
    type Presented = NonNullable<Parameters<typeof aService>[2]>['tls'];
    const asked = async (tls: NonNullable<Differing['tls']>, presented: Presented = certificate) => {
      const scene = await aRecordScene(async ({ reader }) => {
        const service = await aService(reader, { tls }, { tls: presented });
        service.put('a', aRecord({ clientId: 'a' }));
        return service;
      });
      return answerFor(scene, 'a');
    };
    const trusting = { ca: authority.ca, minVersion: 'TLSv1.2' } as const;
    const showing = { ...trusting, certificate: { cert: mine.cert, key: new Secret(mine.key) } };
    expect(await asked(showing, demanding)).toBe('a');
    expect(await asked(trusting, demanding)).toMatch(/^client_store_failed/);
    expect(await asked({ ca: null, minVersion: 'TLSv1.2' })).toMatch(
      /^client_store_failed: .*connection failed/,
    );
    expect(await asked(trusting, authority.issue(['DNS:other.example']))).toMatch(/connection failed/);
    const old = { ...certificate, maxVersion: 'TLSv1.2' } as const;
    expect(await asked(trusting, old)).toBe('a');
    expect(await asked({ ...trusting, minVersion: 'TLSv1.3' }, old)).toMatch(/connection failed/);
  });

  it('takes its tenant in the query, too', async () => {
    const server = await startFaultServer();
    server.always(json(JSON.parse(aRecord({ clientId: 'a' }))));
    const scene = await aRecordScene(({ reader }) => {
      const source = createHttpSource({ reader }, { ...AS_USUAL, url: server.url('/find?of={tenant}&v=1') });
      return { source, put: none, remove: none, away: none, back: none, close: async () => source.close() };
    });
    expect(await answerFor(scene, 'a.example')).toBe('a');
    expect(server.requests[0]?.path).toBe('/find?of=a.example&v=1');
    await server.stop();
  });
});

const none = (): void => undefined;
