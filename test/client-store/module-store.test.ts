import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  createModuleSource,
  loadClientStoreModule,
  type RecordReader,
} from '../../src/client-store/index.ts';
import {
  type ClientStoreModule,
  type ClientStoreRecord,
  type ClientStoreRequest,
  type ClientStoreSecret,
  fail,
  milliseconds,
  Secret,
  succeed,
} from '../../src/domain/index.ts';
import { systemClock } from '../../src/index.ts';
import { aRequest } from '../support/builders.ts';
import { describeRecordStore } from './contract-of-records.ts';
import { answerFor, aRecordScene, closeScenes } from './record-scene.ts';

afterAll(closeScenes);

const none = (): void => undefined;

function placeOf(reader: RecordReader, module: ClientStoreModule) {
  const source = createModuleSource({ reader, loaded: Promise.resolve(succeed(module)) });
  return { source, put: none, remove: none, away: none, back: none, close: none };
}

describeRecordStore('module', { hasFamilies: false, holdsText: false }, ({ reader }) => {
  const records = new Map<string, ClientStoreRecord>();
  let isAway = false;
  return {
    ...placeOf(reader, {
      async record(tenant) {
        if (isAway) throw new Error('the database is away');
        return records.get(tenant) ?? null;
      },
    }),
    put: (name, record) => void records.set(name, JSON.parse(record) as ClientStoreRecord),
    remove: (name) => void records.delete(name),
    away: () => void (isAway = true),
    back: () => void (isAway = false),
  };
});

const aScene = (module: ClientStoreModule, differing?: Parameters<typeof aRecordScene>[1]) =>
  aRecordScene(({ reader }) => placeOf(reader, module), differing);

const RECORD = { issuer: 'https://idp.example', clientId: 'gateway' };

/** What proves who we are in an enquiry for this request; asks the code where there is some. */
async function secretFor(scene: Awaited<ReturnType<typeof aScene>>, request = aRequest({ host: 'a' })) {
  const answer = await scene.store.get(null, request);
  if (!answer.ok) return JSON.stringify(answer.failure);
  const { secretFrom, authentication } = answer.value;
  if (secretFrom !== undefined && secretFrom !== null) return (await secretFrom(request)).reveal();
  return 'secret' in authentication ? authentication.secret.reveal() : 'no secret';
}

describe('a module that knows tenants', () => {
  it.each<[string, ClientStoreSecret, string]>([
    ['a text', 's3cret', 's3cret'],
    ['a secret', new Secret('s3cret'), 's3cret'],
    ['a promise', Promise.resolve('s3cret'), 's3cret'],
    ['a function', () => 's3cret', 's3cret'],
    ['a function that takes its time', async () => 's3cret', 's3cret'],
    ['a function of the request', (request) => `of ${request?.host ?? 'nobody'}`, 'of a'],
  ])('gives the client secret as %s', async (_what, clientSecret, expected) => {
    const scene = await aScene({ record: () => ({ ...RECORD, clientSecret }) });
    expect(await secretFor(scene)).toBe(expected);
  });

  it('keeps a client the same while only the function for its secret is another, and asks the latest', async () => {
    let asked = 0;
    const scene = await aScene({
      record() {
        const nth = (asked += 1);
        return { ...RECORD, clientSecret: () => `secret ${nth}` };
      },
    });
    const first = await scene.store.get(null, aRequest({ host: 'a' }));
    scene.later();
    const second = await scene.store.get(null, aRequest({ host: 'a' }));
    expect(first.ok && second.ok && first.value === second.value).toBe(true);
    expect(await secretFor(scene)).toBe('secret 2');
  });

  it('puts a client in force anew when the secret itself changes', async () => {
    let secret = 'old';
    const scene = await aScene({ record: () => ({ ...RECORD, clientSecret: secret }) });
    expect(await secretFor(scene)).toBe('old');
    secret = 'new';
    scene.later();
    expect(await secretFor(scene)).toBe('new');
  });

  it('sees the request that made us ask, without its credentials, and cannot change it', async () => {
    const seen: ClientStoreRequest[] = [];
    const scene = await aScene({
      record(_tenant, request) {
        seen.push(request);
        return { ...RECORD, clientSecret: 's' };
      },
    });
    const request = aRequest({
      host: 'a',
      path: '/x?y',
      headers: [
        ['authorization', 'Bearer canary'],
        ['cookie', 'canary'],
        ['x-region', 'eu'],
      ],
      contextExtensions: new Map([['tier', 'gold']]),
      serverName: 'a.example',
    });
    await scene.store.get(null, request);
    const [view] = seen;
    expect(view).toMatchObject({ host: 'a', path: '/x?y', method: request.method, serverName: 'a.example' });
    expect([view?.header('X-Region'), view?.context('tier'), view?.context('none')]).toEqual([
      ['eu'],
      'gold',
      null,
    ]);
    expect([view?.header('Authorization'), view?.header('cookie')]).toEqual([[], []]);
    expect(JSON.stringify(view)).not.toContain('canary');
    expect(() => Object.assign(view ?? {}, { host: 'b' })).toThrow(TypeError);
  });

  it('is asked for its records with a signal that aborts when nobody waits any more', async () => {
    const signals: AbortSignal[] = [];
    const scene = await aScene(
      {
        record(_tenant, _request, signal) {
          signals.push(signal);
          return new Promise(none);
        },
      },
      { timeout: milliseconds(20) },
    );
    expect(await answerFor(scene, 'a')).toMatch(/could not be read within 20 ms/);
    expect(signals[0]?.aborted).toBe(true);
  });

  it('tells of a change while the record before it is being read, so that nobody waits', async () => {
    let changed: (tenant: string) => void = none;
    let clientId = 'old';
    const scene = await aScene({
      async record(tenant) {
        const record = { ...RECORD, clientId, clientSecret: 's' };
        if (clientId === 'old') changed(tenant);
        clientId = 'new';
        return record;
      },
      onChange: (listener) => (changed = listener),
    });
    expect([await answerFor(scene, 'a'), await answerFor(scene, 'a')]).toEqual(['old', 'new']);
    expect(await answerFor(scene, 'a')).toBe('new');
    expect(scene.looks).toEqual(['a', 'a']);
  });

  it('tells which tenant has changed, so that nobody waits', async () => {
    let changed: (tenant: string) => void = none;
    let clientId = 'old';
    const scene = await aScene({
      record: (tenant) => (tenant === 'a' ? { ...RECORD, clientId, clientSecret: 's' } : null),
      onChange: (listener) => (changed = listener),
    });
    expect([await answerFor(scene, 'a'), await answerFor(scene, 'b')]).toEqual(['old', 'no_client']);
    clientId = 'new';
    expect(await answerFor(scene, 'a')).toBe('old');
    for (const name of ['a', 'b', 'nobody']) changed(name);
    expect([await answerFor(scene, 'a'), await answerFor(scene, 'b')]).toEqual(['new', 'no_client']);
    expect(scene.looks.filter((name) => name === 'b')).toHaveLength(2);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
      /the module threw Error$/,
    ],
    [
      'rejects',
      async () => {
        throw new TypeError('canary');
      },
      /the module threw TypeError$/,
    ],
    [
      'throws what is no error',
      () => {
        return Promise.reject('canary');
      },
      /the module threw string$/,
    ],
    ['gives a text', () => 'canary', /is not an object/],
    ['gives a list', () => [], /is not an object/],
    [
      'gives a secret that rejects',
      () => ({ ...RECORD, clientSecret: Promise.reject(new Error('canary')) }),
      /threw Error$/,
    ],
    ['gives a secret that is a number', () => ({ ...RECORD, clientSecret: 7 }), /clientSecret/],
    ['gives functions elsewhere', () => ({ ...RECORD, clientId: () => 'a' }), /"clientId" that is no text/],
    [
      'gives a date',
      () => ({ ...RECORD, clientSecret: 's', tls: { minVersion: new Map() } }),
      /"minVersion" that is no text/,
    ],
    [
      'gives a knot',
      () => {
        const knot: Record<string, unknown> = { ...RECORD };
        knot['tls'] = knot;
        return knot;
      },
      /cannot be written as JSON/,
    ],
    [
      'gives a getter that throws',
      () => ({
        ...RECORD,
        get tls() {
          throw new Error('canary');
        },
      }),
      /threw Error|written as JSON/,
    ],
    [
      'gives a secret function and a method without',
      () => ({ ...RECORD, auth: 'none', clientSecret: () => 's' }),
      /clientSecret/,
    ],
  ])('that %s is a failure, and none of its words are told', async (_what, record, problem) => {
    const scene = await aScene({ record: record as ClientStoreModule['record'] });
    const answer = await answerFor(scene, 'a');
    expect(answer).toMatch(/^client_store_failed: the record "a"/);
    expect(answer).toMatch(problem);
    expect(answer).not.toContain('canary');
  });

  it('that cannot be loaded fails every tenant, with the reason', async () => {
    const scene = await aRecordScene(({ reader }) => ({
      ...placeOf(reader, { record: () => null }),
      source: createModuleSource({ reader, loaded: Promise.resolve(fail('cannot be loaded (ENOENT)')) }),
    }));
    expect(await answerFor(scene, 'a')).toMatch(/the module cannot be loaded \(ENOENT\)/);
  });

  it.each<[string, ClientStoreModule['onChange']]>([
    [
      'at once',
      () => {
        throw new Error('canary');
      },
    ],
    ['later', () => Promise.reject(new Error('canary'))],
  ])('that fails to listen for changes does without: %s', async (_when, onChange) => {
    const unhandled: unknown[] = [];
    const hear = (cause: unknown): void => void unhandled.push(cause);
    process.on('unhandledRejection', hear);
    const scene = await aScene({
      record: () => ({ ...RECORD, clientSecret: 's' }),
      ...(onChange === undefined ? {} : { onChange }),
    });
    expect(await answerFor(scene, 'a')).toBe('gateway');
    await new Promise(setImmediate);
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });
});

describe('loadClientStoreModule', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-module-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  const load = async (text: string, budget = 5_000) => {
    const path = join(folder, `store-${(count += 1)}.mjs`);
    writeFileSync(path, text);
    const loaded = await loadClientStoreModule(path, milliseconds(budget), systemClock);
    return loaded.ok ? 'a store' : loaded.failure;
  };

  it.each([
    ['an object', 'export default { record: () => null };'],
    ['a function that makes one', 'export default () => ({ record: () => null });'],
    ['an async function that makes one', 'export default async () => ({ record: () => null });'],
    ['an instance of a class', 'export default new (class { record() { return null; } })();'],
  ])('takes %s', async (_what, text) => {
    expect(await load(text)).toBe('a store');
  });

  it.each([
    ['nothing', 'export const record = 1;', /must export a client store as its default/],
    ['an object without `record`', 'export default {};', /must export a client store/],
    ['what throws', 'throw new Error("canary");', /cannot be loaded \(Error\)/],
    [
      'a function that throws',
      'export default () => { throw new TypeError("canary"); };',
      /cannot be loaded \(TypeError\)/,
    ],
    ['no JavaScript', 'export default {', /cannot be loaded \(SyntaxError\)/],
  ])('refuses %s, and repeats none of its words', async (_what, text, problem) => {
    const told = await load(text);
    expect(told).toMatch(problem);
    expect(told).not.toContain('canary');
  });

  it('does not wait for a module that never comes', async () => {
    expect(await load('export default () => new Promise(() => {});', 20)).toBe('did not load within 20 ms');
  });

  it('says so when there is no such file', async () => {
    const loaded = await loadClientStoreModule(join(folder, 'none.mjs'), milliseconds(5_000), systemClock);
    expect(loaded).toMatchObject({ ok: false, failure: expect.stringContaining('cannot be loaded') });
  });
});
