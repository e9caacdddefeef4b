import { connect } from 'node:tls';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { type Caller, callerOf } from '../gateway/envoy/caller.ts';
import { createAuthority } from '../support/certificates.ts';
import { json } from '../support/fault-server.ts';
import { type GatehousePorts, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { eventually, freePort, stopAllProcesses } from '../support/processes.ts';
import { aCheck, type CheckWords, outcomeOf, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp, tokenOf } from './support-house-idp.ts';
import { type MountedFolder, mountFolder, type WayToChange } from './support-house-mount.ts';

// One process serves 50 checks a second while everything it was started with changes under it.
const authority = createAuthority();
const certificates = Array.from({ length: 4 }, () => authority.issue(['IP:127.0.0.1']));
const WAYS: readonly WayToChange[] = ['a write in place', 'a symlink swap', 'a rename'];

let idp: Idp;
let tlsPort: number;
let gatehouse: RunningGatehouse;
let caller: Caller;
let folder: MountedFolder;
let traffic: Traffic;
/** Secrets with which the authorization server has seen us. */
const secretsSeen = new Set<string>();

function settingsWith(publicPaths: readonly string[], ports: GatehousePorts = gatehouse.ports): string {
  return `
listen:
  grpc:
    - { address: "127.0.0.1:${ports.grpc}" }
    - { address: "127.0.0.1:${tlsPort}", tls: { cert: cert.pem, key: key.pem } }
  health: { address: "127.0.0.1:${ports.health}" }
  admin: { address: "127.0.0.1:${ports.admin}" }
drain: 1s
clients:
  main: ${clientAt(idp.endpoint).replace('{ env: CLIENT_SECRET }', '{ file: secret }')}
routes:
${publicPaths.map((path, index) => `  - { name: open-${index}, match: { paths: ["${path}"] }, mode: public }\n`).join('')}
  - { name: closed, match: { paths: [/closed] }, mode: deny }
  - { name: rest }
`;
}

beforeAll(async () => {
  idp = await startIdp();
  idp.always((request) => {
    const [, encoded = ''] = String(request.headers['authorization']).split(' ');
    secretsSeen.add(Buffer.from(encoded, 'base64').toString().split(':')[1] ?? '');
    return json({ active: tokenOf(request).startsWith('good') });
  });
  tlsPort = await freePort();
  gatehouse = await startGatehouse({
    settings: (ports) => settingsWith([], ports),
    files: { secret: 'secret-0\n', 'cert.pem': certificates[0]!.cert, 'key.pem': certificates[0]!.key },
  });
  caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: gatehouse.ports.grpc });
  folder = mountFolder(gatehouse.folder, ['gatehouse.yaml', 'secret', 'cert.pem', 'key.pem']);
  traffic = startTraffic();
});

afterAll(async () => {
  await traffic?.stop();
  caller?.close();
  await gatehouse?.stop();
  await idp?.stop();
  await stopAllProcesses();
});

afterEach(() => expect(traffic.wrong).toEqual([]));

async function statusOf(check: Buffer): Promise<number> {
  const outcome = outcomeOf(await caller.ask(check));
  return outcome.kind === 'allow' ? 200 : outcome.status;
}
const isOpen = async (path: string): Promise<true | null> =>
  (await statusOf(aCheck({ path }))) === 200 ? true : null;
const settingsStatus = async (): Promise<Readonly<Record<string, unknown>>> =>
  (await gatehouse.status())['settings'] as Readonly<Record<string, unknown>>;
const refusedSince = (): Promise<number> => gatehouse.metric('gatehouse_settings_refused_timestamp_seconds');

describe('while 50 checks a second flow', () => {
  it.each(WAYS)('other routes are in force after %s, under another generation', async (way) => {
    const before = (await settingsStatus())['generation'];
    const path = `/open-after-${way.replaceAll(' ', '-')}`;
    expect(await isOpen(path)).toBeNull();
    folder.change(way, { 'gatehouse.yaml': settingsWith([path]) });
    await eventually(`${path} to be open`, () => isOpen(path));
    const { generation } = await settingsStatus();
    expect(generation).not.toBe(before);
    expect(await gatehouse.metric('gatehouse_settings_info', { generation: String(generation) })).toBe(1);

    folder.change(way, { 'gatehouse.yaml': settingsWith([]) });
    await eventually(`${path} to be closed`, async () => ((await isOpen(path)) === null ? true : null));
  });

  it.each(WAYS)('another secret is used after %s of its file', async (way) => {
    const secret = `secret-after-${way.replaceAll(' ', '-')}`;
    folder.change(way, { secret: `${secret}\n` });
    await eventually('the new secret to be sent', () => (secretsSeen.has(secret) ? true : null));
  });

  it.each(WAYS.map((way, index) => [way, certificates[index + 1]!] as const))(
    'another certificate is shown after %s of it and its key',
    async (way, { cert, key }) => {
      folder.change(way, { 'cert.pem': cert, 'key.pem': key });
      await eventually('the new certificate to be shown', async () =>
        (await shownCertificate()) === der(cert) ? true : null,
      );
      await eventually('the refusal of half a pair to be over', async () =>
        (await refusedSince()) === 0 ? true : null,
      );
    },
  );

  it('a broken file changes nothing: old settings go on, loudly, until it is put right', async () => {
    const { generation } = await settingsStatus();
    const refusals = refusalsLogged();
    const broken = `${settingsWith(['/opened-by-a-broken-file'])}nonsense: true\n`;
    folder.change('a rename', { 'gatehouse.yaml': broken });
    const line = await gatehouse.logged('settings_refused', refusals + 1);
    expect(line).toMatchObject({ level: 'error' });
    expect(JSON.stringify(line['problems'])).toMatch(/nonsense/);
    expect(await settingsStatus()).toEqual({
      generation,
      refusedSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      refusedProblems: [expect.stringContaining('nonsense')],
    });
    const since = await refusedSince();
    expect(since).toBeGreaterThan(1_700_000_000);
    expect(await isOpen('/opened-by-a-broken-file')).toBeNull();

    // Broken in another way, it is broken since the first time.
    folder.change('a rename', { 'gatehouse.yaml': `${broken}more: nonsense\n` });
    await gatehouse.logged('settings_refused', refusals + 2);
    expect(await refusedSince()).toBe(since);

    folder.change('a rename', { 'gatehouse.yaml': settingsWith(['/opened-by-a-file-put-right']) });
    await eventually('the file put right to be in force', () => isOpen('/opened-by-a-file-put-right'));
    expect(await settingsStatus()).toMatchObject({ refusedSince: null, refusedProblems: [] });
    expect(await refusedSince()).toBe(0);
    expect(await isOpen('/opened-by-a-broken-file')).toBeNull();
  });

  it.each([
    ['empty', () => ''],
    ['not YAML', () => 'clients: [{'],
    [
      'without the client that a route names',
      () => settingsWith([]).replace('name: rest', 'name: rest, client: nobody'),
    ],
    [
      'with an unreadable secret',
      () => settingsWith(['/opened-by-it']).replace('{ file: secret }', '{ file: no-such-file }'),
    ],
    ['with a route nobody can make sense of', () => settingsWith(['/opened-by-it', '/a/**/b'])],
  ])('a file that is %s is refused, and one as before ends the refusal', async (_what, text) => {
    const { generation } = await settingsStatus();
    const refusals = refusalsLogged();
    const before = settingsWith(['/opened-by-a-file-put-right']);
    folder.change('a write in place', { 'gatehouse.yaml': text() });
    await gatehouse.logged('settings_refused', refusals + 1);
    expect(await isOpen('/opened-by-it')).toBeNull();
    expect((await settingsStatus())['generation']).toBe(generation);
    folder.change('a write in place', { 'gatehouse.yaml': before });
    await eventually('the refusal to be over', async () => ((await refusedSince()) === 0 ? true : null));
    expect((await settingsStatus())['generation']).toBe(generation);
  });

  it('a change of listen is refused as a whole, with its keys named', async () => {
    const refusals = refusalsLogged();
    const elsewhere = settingsWith(['/opened-with-another-door']).replace(
      `"127.0.0.1:${gatehouse.ports.health}"`,
      `"127.0.0.1:${await freePort()}"`,
    );
    folder.change('a rename', { 'gatehouse.yaml': elsewhere });
    const line = await gatehouse.logged('settings_refused', refusals + 1);
    expect(JSON.stringify(line['problems'])).toMatch(/listen\.health.*needs a restart/);
    expect(await isOpen('/opened-with-another-door')).toBeNull();
    folder.change('a rename', { 'gatehouse.yaml': settingsWith([]) });
    await eventually('the refusal to be over', async () => ((await refusedSince()) === 0 ? true : null));
  });

  it('SIGHUP has the file read again though nothing of it changed', async () => {
    const refusals = refusalsLogged();
    folder.change('a rename', { 'gatehouse.yaml': 'nonsense: true\n' });
    await gatehouse.logged('settings_refused', refusals + 1);
    gatehouse.process.signal('SIGHUP');
    await gatehouse.logged('settings_refused', refusals + 2);
    folder.change('a rename', { 'gatehouse.yaml': settingsWith([]) });
    await eventually('the refusal to be over', async () => ((await refusedSince()) === 0 ? true : null));
  });

  it('no check was dropped or wrongly answered', async () => {
    // A quick machine is through with the changes before there was much traffic.
    await eventually('enough checks', () => (traffic.count() > 200 ? true : null));
    await traffic.stop();
    expect(traffic.wrong).toEqual([]);
    expect(await gatehouse.metric('gatehouse_crashes_total')).toBe(0);
  });
});

function refusalsLogged(): number {
  return gatehouse.logs().filter(({ event }) => event === 'settings_refused').length;
}

interface Traffic {
  readonly count: () => number;
  /** One line for each check that failed or got another answer than it should. */
  readonly wrong: readonly string[];
  /** Lets the checks under way end. Fine to call twice. */
  readonly stop: () => Promise<void>;
}

/** New tokens, good and bad, known ones, no token, a closed path: what no change of this file touches. */
function startTraffic(): Traffic {
  const kinds: readonly (readonly [number, (ordinal: number) => Buffer])[] = [
    [200, (ordinal) => withToken(`good-${ordinal}`)],
    [401, (ordinal) => withToken(`bad-${ordinal}`)],
    [200, () => withToken('good-and-known')],
    [401, () => aCheck()],
    [403, () => withToken('good-and-known', CLOSED)],
  ];
  const wrong: string[] = [];
  const underWay = new Set<Promise<void>>();
  let ordinal = 0;
  const timer = setInterval(() => {
    ordinal += 1;
    const [expected, make] = kinds[ordinal % kinds.length]!;
    const one = statusOf(make(ordinal)).then(
      (status) => {
        if (status !== expected) wrong.push(`${ordinal}: ${status} instead of ${expected}`);
      },
      (error: unknown) => void wrong.push(`${ordinal}: ${String(error)}`),
    );
    underWay.add(one);
    void one.finally(() => underWay.delete(one));
  }, 20);
  return {
    count: () => ordinal,
    wrong,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

const CLOSED: CheckWords = { path: '/closed' };

function der(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}

/** What a new connection to the TLS door is shown, in base64. */
function shownCertificate(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: tlsPort, ca: authority.ca, ALPNProtocols: ['h2'] },
      () => {
        resolve(socket.getPeerCertificate().raw.toString('base64'));
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}
