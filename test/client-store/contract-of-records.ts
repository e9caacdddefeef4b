import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { RecordReader } from '../../src/client-store/index.ts';
import {
  type ClientContext,
  monotonicMilliseconds,
  type RecordStoreSettings,
} from '../../src/domain/index.ts';
import { aRequest } from '../support/builders.ts';
import { eventually } from '../support/processes.ts';
import { describeClientStore } from './contract.ts';
import {
  answerFor,
  aRecord,
  aRecordScene,
  closeScenes,
  type RecordPlace,
  secretFor,
} from './record-scene.ts';

type Open<Version> = (parts: {
  readonly reader: RecordReader;
  readonly folder: string;
}) => RecordPlace<Version> | Promise<RecordPlace<Version>>;

interface Kind {
  /** Whether a record is text, and can be broken as text. */
  readonly holdsText?: boolean;
  readonly hasFamilies: boolean;
}

/** What every store of records must do, wherever they are; what every client store must do is a part of it. */
export function describeRecordStore<Version>(
  kind: string,
  { hasFamilies, holdsText = true }: Kind,
  open: Open<Version>,
): void {
  afterAll(closeScenes);
  const aScene = async (
    records: Readonly<Record<string, string>> = {},
    differing: Partial<RecordStoreSettings> = {},
  ) => {
    const scene = await aRecordScene(open, differing);
    for (const [name, record] of Object.entries(records)) await scene.place.put(name, record);
    return scene;
  };
  const recordOf = ({ issuer }: ClientContext) => aRecord({ issuer });

  describeClientStore(kind, async (clients) => {
    const scene = await aScene(Object.fromEntries(clients.map((client) => [client.name, recordOf(client)])));
    let current = clients;
    return {
      store: scene.store,
      async replace(next) {
        for (const { name } of current) await scene.place.remove(name);
        for (const client of next) await scene.place.put(client.name, recordOf(client));
        const names = new Set([...current, ...next].map(({ name }) => name));
        current = next;
        scene.later();
        const wanted = next.map(({ name }) => name).sort();
        // Of changes that are far apart, each is told.
        const told = new Promise<void>((resolve) => {
          const stop = scene.store.onChange((clients) => {
            if (
              clients
                .map(({ name }) => name)
                .sort()
                .join() !== wanted.join()
            )
              return;
            stop();
            resolve();
          });
        });
        await Promise.all(Array.from(names, async (name) => scene.store.get(name, aRequest())));
        await told;
      },
      requestFor: (name) => aRequest({ host: name }),
    };
  });

  describe(`records of tenants: ${kind}`, () => {
    it('answers a known tenant at once, without a promise and without a look, while the record is fresh', async () => {
      const scene = await aScene({ 'a.example': aRecord() });
      expect(await answerFor(scene, 'A.example.:443')).toBe('gateway');
      expect(scene.store.get(null, aRequest({ host: 'a.example' }))).not.toBeInstanceOf(Promise);
      expect(scene.looks).toEqual(['a.example']);
    });

    it('takes in a changed record, a new one and a removed one', async () => {
      const scene = await aScene({ a: aRecord({ clientId: 'old' }) });
      expect([await answerFor(scene, 'a'), await answerFor(scene, 'b')]).toEqual(['old', 'no_client']);
      await scene.place.put('a', aRecord({ clientId: 'new' }));
      await scene.place.put('b', aRecord({ clientId: 'b' }));
      expect([await answerFor(scene, 'a'), await answerFor(scene, 'b')]).toEqual(['old', 'no_client']);
      scene.later();
      expect([await answerFor(scene, 'a'), await answerFor(scene, 'b')]).toEqual(['new', 'b']);
      await scene.place.remove('a');
      scene.later();
      expect(await answerFor(scene, 'a')).toBe('no_client');
    });

    it('gives the same client while its record says the same', async () => {
      const scene = await aScene({ a: aRecord() });
      const first = await scene.store.get('a', aRequest());
      scene.later();
      await scene.place.put('a', aRecord());
      const second = await scene.store.get('a', aRequest());
      expect(first.ok && second.ok && first.value === second.value).toBe(true);
    });

    it('remembers that there is no record, for as long as `missing` says', async () => {
      const scene = await aScene();
      for (const path of ['/1', '/2', '/3'])
        expect(await scene.store.get('nobody', aRequest({ path }))).toMatchObject({ ok: false });
      expect(scene.looks.filter((name) => name === 'nobody')).toHaveLength(1);
      await scene.place.put('nobody', aRecord());
      scene.later();
      expect(await answerFor(scene, 'nobody')).toBe('gateway');
    });

    it('looks once for all who ask at the same time', async () => {
      const scene = await aScene({ a: aRecord() });
      const answers = await Promise.all(Array.from({ length: 20 }, async () => answerFor(scene, 'a')));
      expect(new Set(answers)).toEqual(new Set(['gateway']));
      expect(scene.looks).toEqual(['a']);
    });

    it('keeps the last good version of a record that breaks, and says so once', async () => {
      const scene = await aScene({ a: aRecord({ clientId: 'good' }) });
      await answerFor(scene, 'a');
      await scene.place.put('a', aRecord({ clientId: 'bad', colour: 'red' }));
      scene.later();
      expect(await answerFor(scene, 'a')).toBe('good');
      scene.later();
      expect(await answerFor(scene, 'a')).toBe('good');
      expect(warningsOf(scene)).toEqual([
        expect.stringMatching(/record "a" cannot be used: colour: "colour" is not a setting.*stays in force/),
      ]);
      expect(scene.store.status()).toMatchObject({ tenants: 1, broken: 1 });
    });

    it('keeps every tenant while nothing can be read, and says so once; others are 503', async () => {
      const names = ['a', 'b', 'c', 'd'];
      const scene = await aScene(
        Object.fromEntries(names.map((name) => [name, aRecord({ clientId: name })])),
      );
      for (const name of names) await answerFor(scene, name);
      await scene.place.away();
      scene.later();
      for (const name of names) expect(await answerFor(scene, name)).toBe(name);
      expect(await answerFor(scene, 'unknown')).toMatch(/^client_store_failed: the record "unknown"/);
      expect(warningsOf(scene)).toEqual([expect.stringMatching(/tenants in memory stay in force$/)]);
      expect(scene.events).toContainEqual({ event: 'client_record_read', outcome: 'unavailable' });

      await scene.place.back();
      scene.later();
      expect(await answerFor(scene, 'unknown')).toBe('no_client');
      expect(warningsOf(scene)).toHaveLength(2);
      expect(scene.store.status()).toMatchObject({ trouble: null, broken: 0 });
    });

    it('lets nobody who is known wait while the store is in trouble', async () => {
      const scene = await aScene({ a: aRecord() });
      await answerFor(scene, 'a');
      await scene.place.away();
      for (const stranger of ['x', 'y', 'z']) await answerFor(scene, stranger);
      scene.later();
      expect(scene.store.get('a', aRequest())).not.toBeInstanceOf(Promise);
    });

    it('lets a tenant who is asked for all the time not wait for the look that is due', async () => {
      const scene = await aScene({ a: aRecord({ clientId: 'old' }) });
      await answerFor(scene, 'a');
      await scene.place.put('a', aRecord({ clientId: 'new' }));
      scene.later(6_000);
      expect(scene.store.get('a', aRequest())).not.toBeInstanceOf(Promise);
      await eventually('the new record', async () => ((await answerFor(scene, 'a')) === 'new' ? true : null));
      expect(scene.looks).toEqual(['a', 'a']);
    });

    it('answers a caller whose time is over with the last good record, or wait_exceeded', async () => {
      const scene = await aScene({ a: aRecord() });
      const late = (name: string) => scene.store.get(name, aRequest({ waitUntil: monotonicMilliseconds(0) }));
      expect(await late('a')).toMatchObject({ ok: false, failure: { fault: { reason: 'wait_exceeded' } } });
      await answerFor(scene, 'a');
      scene.later();
      expect(await late('a')).toMatchObject({ ok: true });
    });

    it('keeps as many tenants as it may, and no more names of strangers than that', async () => {
      const records = Object.fromEntries(
        [1, 2, 3].map((one) => [`t${one}`, aRecord({ clientId: `t${one}` })]),
      );
      const scene = await aScene(records, { entries: 2 });
      for (const one of [1, 2, 3]) expect(await answerFor(scene, `t${one}`)).toBe(`t${one}`);
      for (const one of [1, 2, 3, 4]) expect(await answerFor(scene, `x${one}`)).toBe('no_client');
      expect(scene.store.status()).toMatchObject({ tenants: 2, absent: 2 });
      expect(await answerFor(scene, 't1')).toBe('t1');
    });

    it('keeps a tenant who left the memory while its record was looked at', async () => {
      const scene = await aScene(
        { a: aRecord({ clientId: 'a' }), b: aRecord({ clientId: 'b' }) },
        { entries: 1 },
      );
      await answerFor(scene, 'a');
      scene.later();
      const looking = answerFor(scene, 'a');
      await Promise.all([looking, answerFor(scene, 'b')]);
      expect(await looking).toBe('a');
    });

    it('refuses a look beyond its queue, and does not remember that', async () => {
      const scene = await aScene({ a: aRecord(), b: aRecord() }, { limits: { concurrent: 1, queue: 0 } });
      const [first, second] = await Promise.all([answerFor(scene, 'a'), answerFor(scene, 'b')]);
      expect([first, second]).toEqual(['gateway', expect.stringMatching(/^client_store_failed: too many/)]);
      expect(await answerFor(scene, 'b')).toBe('gateway');
    });

    if (holdsText)
      it.each([
        ['not YAML', ': ['],
        ['empty', ''],
        ['without a client id', '{ "issuer": "https://idp.example" }'],
      ])('answers client_store_failed for a record that is %s', async (_what, text) => {
        const scene = await aScene({ a: text });
        expect(await answerFor(scene, 'a')).toMatch(/^client_store_failed: the record "a" cannot be used/);
        expect(scene.events).toContainEqual({ event: 'client_record_read', outcome: 'unusable' });
      });

    describe('that may not', () => {
      it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
        ['name a foreign issuer', { issuer: 'https://idp.evil' }, /issuer: fits no pattern/],
        [
          'name an endpoint elsewhere',
          { introspection: { endpoint: 'https://169.254.169.254/' } },
          /is on a host/,
        ],
        ['use plain HTTP', { allowHttp: true }, /allowHttp: is not for records/],
        ['connect elsewhere', { connectTo: { host: '127.0.0.1' } }, /connectTo: is not for records/],
        ['reach our own network', { allowAddresses: ['127.0.0.0/8'] }, /allowAddresses: is not for records/],
        ['read our environment', { clientSecret: { env: 'PATH' } }, /cannot be \{ env: … \} in a record/],
        [
          'read an absolute path',
          { clientSecret: { file: '/etc/hostname' } },
          /must be a file in the folder/,
        ],
        ['move up', { clientSecret: { file: '../b/key' } }, /must be a file in the folder/],
        ['read a secret that is not there', { clientSecret: { file: 'none' } }, /is not there/],
      ])('%s', async (_what, differing, problem) => {
        const scene = await aScene({ a: aRecord(differing) });
        scene.writeSecret('b/key', 'theirs');
        const answer = await answerFor(scene, 'a');
        expect(answer).toMatch(/^client_store_failed: the record "a" cannot be used/);
        expect(answer).toMatch(problem);
      });

      it('read the secret of another tenant through a link', async () => {
        const scene = await aScene({ a: aRecord({ clientSecret: { file: 'key' } }) });
        scene.writeSecret('b/key', 'theirs');
        symlinkSync('b', join(scene.secrets, 'a'));
        const answer = await answerFor(scene, 'a');
        expect(answer).toMatch(/^client_store_failed: .*leads out of the folder/);
        expect(answer).not.toContain('theirs');
      });
    });

    it('take their secrets from the folder of their own, and notice when these change alone', async () => {
      const scene = await aScene({ a: aRecord({ clientSecret: { file: 'key' } }) });
      scene.writeSecret('a/key', 'one\n');
      expect(await secretFor(scene, 'a')).toBe('one');
      scene.writeSecret('a/key', 'two\n');
      scene.later();
      expect(await secretFor(scene, 'a')).toBe('two');
    });

    if (hasFamilies) describeFamilies(aScene);
  });
}

type Scene = Awaited<ReturnType<typeof aRecordScene>>;
type AScene = (
  records?: Readonly<Record<string, string>>,
  differing?: Partial<RecordStoreSettings>,
) => Promise<Scene>;

function describeFamilies(aScene: AScene): void {
  describe('for families of hosts', () => {
    const records = {
      'a.example.com': aRecord({ clientId: 'own' }),
      '_wildcard.b.example.com': aRecord({ clientId: 'close' }),
      '_wildcard.example.com': aRecord({ clientId: 'wide' }),
    };

    it.each([
      ['its own record', 'a.example.com', 'own'],
      ['that of the closest family', 'x.y.b.example.com', 'close'],
      ['that of a wider one', 'z.example.com', 'wide'],
      ['none, for the parent is not one of its family', 'example.com', 'no_client'],
      ['none in another domain', 'a.example.org', 'no_client'],
    ])('give a host %s', async (_what, host, expected) => {
      expect(await answerFor(await aScene(records), host)).toBe(expected);
    });

    it('are answered at once when all that has to be known is at hand', async () => {
      const scene = await aScene(records);
      await answerFor(scene, 'z.example.com');
      expect(scene.store.get(null, aRequest({ host: 'z.example.com' }))).not.toBeInstanceOf(Promise);
      expect(scene.looks).toEqual(['z.example.com', '_wildcard.example.com']);
    });

    it('look for no family that a stranger before has looked for', async () => {
      const scene = await aScene(records);
      for (const host of ['1.example.org', '2.example.org', '3.example.org']) await answerFor(scene, host);
      expect(scene.looks.filter((name) => name.startsWith('_wildcard'))).toEqual([
        '_wildcard.example.org',
        '_wildcard.org',
      ]);
    });

    it('do not stand in for a record that is broken', async () => {
      const scene = await aScene({ ...records, 'a.example.com': aRecord({ colour: 'red' }) });
      expect(await answerFor(scene, 'a.example.com')).toMatch(/^client_store_failed/);
    });

    it('are no matter of a header, nor of a name that a rule gives', async () => {
      const scene = await aScene(records, { by: { kind: 'header', name: 'x-tenant' } });
      const request = aRequest({ headers: [['x-tenant', 'z.example.com']] });
      expect(await scene.store.get(null, request)).toMatchObject({ failure: { reason: 'no_client' } });
      const byHost = await aScene(records);
      expect(await byHost.store.get('z.example.com', aRequest())).toMatchObject({ ok: false });
    });

    it('are those of the server name of TLS, too', async () => {
      const scene = await aScene(records, { by: { kind: 'serverName' } });
      expect(await scene.store.get(null, aRequest({ serverName: 'z.example.com' }))).toMatchObject({
        value: { clientId: 'wide' },
      });
    });

    it('earn no endless looks with endless labels', async () => {
      const scene = await aScene(records);
      expect(await answerFor(scene, `${'a.'.repeat(60)}example.com`)).toBe('wide');
      expect(scene.looks.length).toBeLessThanOrEqual(9);
    });
  });
}

function warningsOf({ events }: Scene): readonly string[] {
  return events.flatMap((event) => (event.event === 'lifecycle' ? [event.detail] : []));
}
