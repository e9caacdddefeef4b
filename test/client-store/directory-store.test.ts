import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createDirectorySource } from '../../src/client-store/index.ts';
import type { ClientContext, RequestContext } from '../../src/domain/index.ts';
import { aRequest } from '../support/builders.ts';
import { describeRecordStore } from './contract-of-records.ts';
import { aDirectory, aRecord, type DirectoryScene, removeDirectories } from './directory.ts';

afterAll(removeDirectories);

describeRecordStore('directory', { hasFamilies: true }, ({ reader, folder }) => {
  const path = join(folder, 'tenants');
  const away = join(folder, 'away');
  mkdirSync(path);
  return {
    source: createDirectorySource({ reader }, { path }),
    put: (name, record) => writeFileSync(join(path, `${name}.yaml`), record),
    remove: (name) => rmSync(join(path, `${name}.yaml`)),
    away: () => renameSync(path, away),
    back: () => renameSync(away, path),
    close: () => undefined,
  };
});

const requestFor = (host: string): RequestContext => aRequest({ host });

/** The client's id, or the reason why there is none. */
async function answerOf({ store }: DirectoryScene, host: string): Promise<string> {
  const answer = await store.get(null, requestFor(host));
  if (answer.ok) return answer.value.clientId;
  return answer.failure.kind === 'deny'
    ? answer.failure.reason
    : `${answer.failure.fault.reason}: ${answer.failure.fault.detail ?? ''}`;
}

async function secretOf({ store }: DirectoryScene, host: string): Promise<string> {
  const answer = await store.get(null, requestFor(host));
  return answer.ok ? revealed(answer.value) : JSON.stringify(answer.failure);
}

function revealed({ authentication }: ClientContext): string {
  return 'secret' in authentication ? authentication.secret.reveal() : 'no secret';
}

describe('a directory of tenants', () => {
  it('finds a tenant by its host in any spelling, as YAML and as JSON', async () => {
    const scene = aDirectory({
      'tenants/a.example.yaml': 'issuer: https://idp.example\nclientId: a\nclientSecret: s\n',
      'tenants/b.example.json': aRecord({ clientId: 'b' }),
    });
    expect(await answerOf(scene, 'A.example.:443')).toBe('a');
    expect(await answerOf(scene, 'b.example')).toBe('b');
    expect(await answerOf(scene, 'c.example')).toBe('no_client');
  });

  it('takes in a swapped link to the folder of all records, as Kubernetes swaps it', async () => {
    const scene = aDirectory({
      'v1/a.yaml': aRecord({ clientId: 'v1' }),
      'v2/a.yaml': aRecord({ clientId: 'v2' }),
    });
    symlinkSync(join(scene.root, 'v1'), join(scene.root, 'tenants', '..data'));
    symlinkSync(join('..data', 'a.yaml'), join(scene.root, 'tenants', 'a.yaml'));
    expect(await answerOf(scene, 'a')).toBe('v1');
    symlinkSync(join(scene.root, 'v2'), join(scene.root, 'tenants', '..next'));
    renameSync(join(scene.root, 'tenants', '..next'), join(scene.root, 'tenants', '..data'));
    scene.later();
    expect(await answerOf(scene, 'a')).toBe('v2');
  });

  it('keeps every tenant while the folder itself is away', async () => {
    const scene = aDirectory({ 'tenants/a.yaml': aRecord() });
    await answerOf(scene, 'a');
    scene.remove('tenants');
    scene.later();
    expect(await answerOf(scene, 'a')).toBe('gateway');
    expect(await answerOf(scene, 'b')).toMatch(/^client_store_failed: .*clientStore.directory.path/);
  });

  it('answers client_store_failed for a record that is there twice', async () => {
    const scene = aDirectory({ 'tenants/a.yaml': aRecord(), 'tenants/a.json': aRecord() });
    expect(await answerOf(scene, 'a')).toMatch(/^client_store_failed: .*twice/);
  });

  describe('and its secrets', () => {
    const withSecret = (file: string) => aRecord({ clientSecret: { file } });

    it('are read from the folder of the tenant, and taken in when they change alone', async () => {
      const scene = aDirectory({
        'tenants/a.yaml': withSecret('client-secret'),
        'secrets/a/client-secret': 'one\n',
      });
      expect(await secretOf(scene, 'a')).toBe('one');
      scene.write('secrets/a/client-secret', 'two\n');
      scene.later();
      expect(await secretOf(scene, 'a')).toBe('two');
    });

    it('may stand behind links inside of that folder, as Kubernetes mounts them', async () => {
      const scene = aDirectory({ 'tenants/a.yaml': withSecret('key'), 'secrets/..2026/a/key': 'mounted' });
      symlinkSync('..2026', join(scene.root, 'secrets', '..data'));
      symlinkSync(join('..data', 'a'), join(scene.root, 'secrets', 'a'));
      expect(await secretOf(scene, 'a')).toBe('mounted');
    });

    it.each(['../b/key', '/etc/hostname', 'x/../../b/key', '..'])(
      'are never read at %s, which is not the tenant’s own',
      async (file) => {
        const scene = aDirectory({ 'tenants/a.yaml': withSecret(file), 'secrets/b/key': 'theirs' });
        expect(await answerOf(scene, 'a')).toMatch(/^client_store_failed: .*clientSecret: must be a file/);
      },
    );

    it.each([
      ['another tenant', (root: string) => join(root, 'secrets', 'b', 'key')],
      ['a place outside', (root: string) => join(root, 'outside', 'key')],
    ])('are never read through a link to %s', async (_what, target) => {
      const scene = aDirectory({
        'tenants/a.yaml': withSecret('key'),
        'secrets/b/key': 'theirs',
        'outside/key': 'theirs',
      });
      mkdirSync(join(scene.root, 'secrets', 'a'));
      symlinkSync(target(scene.root), join(scene.root, 'secrets', 'a', 'key'));
      const answer = await answerOf(scene, 'a');
      expect(answer).toMatch(/^client_store_failed: .*leads out of the folder/);
      expect(answer).not.toContain('theirs');
    });

    it('are never read where the tenant’s folder is a link to that of another', async () => {
      const scene = aDirectory({ 'tenants/a.yaml': withSecret('key'), 'secrets/b/key': 'theirs' });
      symlinkSync('b', join(scene.root, 'secrets', 'a'));
      expect(await answerOf(scene, 'a')).toMatch(/leads out of the folder/);
    });

    it('are never a variable of the environment', async () => {
      const scene = aDirectory({ 'tenants/a.yaml': aRecord({ clientSecret: { env: 'PATH' } }) });
      expect(await answerOf(scene, 'a')).toMatch(/clientSecret: cannot be \{ env: … \} in a record/);
    });

    it('keep the last good client when one goes away', async () => {
      const scene = aDirectory({ 'tenants/a.yaml': withSecret('key'), 'secrets/a/key': 'one' });
      expect(await secretOf(scene, 'a')).toBe('one');
      scene.remove('secrets/a/key');
      scene.later();
      expect(await secretOf(scene, 'a')).toBe('one');
      expect(scene.events.filter(({ event }) => event === 'lifecycle')).toHaveLength(1);
    });
  });
});

describe('the tenant of a request', () => {
  it.each<[string, Parameters<typeof aDirectory>[1], Parameters<typeof aRequest>[0], string]>([
    ['its host', { by: { kind: 'host' } }, { host: 'T1:80' }, 't1'],
    ['no host that is not one', { by: { kind: 'host' } }, { host: '../t1' }, 'no_client'],
    ['a header', { by: { kind: 'header', name: 'x-t' } }, { headers: [['X-T', 't1']] }, 't1'],
    ['no header', { by: { kind: 'header', name: 'x-t' } }, {}, 'no_client'],
    [
      'no header that is there twice',
      { by: { kind: 'header', name: 'x-t' } },
      {
        headers: [
          ['x-t', 't1'],
          ['x-t', 't1'],
        ],
      },
      'no_client',
    ],
    [
      'no header that is a path',
      { by: { kind: 'header', name: 'x-t' } },
      { headers: [['x-t', '../tenants/t1']] },
      'no_client',
    ],
    [
      'a context extension',
      { by: { kind: 'context', name: 't' } },
      { contextExtensions: new Map([['t', 't1']]) },
      't1',
    ],
    ['the server name of TLS', { by: { kind: 'serverName' } }, { serverName: 't1' }, 't1'],
    ['no server name where there is none', { by: { kind: 'serverName' } }, { serverName: null }, 'no_client'],
    [
      'metadata of the route',
      { by: { kind: 'metadata', namespace: 'tenants', key: 'name' } },
      { routeMetadata: { tenants: { name: 't1' } } },
      't1',
    ],
    [
      'no metadata that is no text',
      { by: { kind: 'metadata', namespace: 'tenants', key: 'name' } },
      { routeMetadata: { tenants: { name: ['t1'] } } },
      'no_client',
    ],
    [
      'no metadata of another namespace',
      { by: { kind: 'metadata', namespace: 'tenants', key: 'name' } },
      { routeMetadata: { other: { name: 't1' } } },
      'no_client',
    ],
    ['a segment of the path', { by: { kind: 'segment', position: 2 } }, { path: '/x/%741/y?z' }, 't1'],
    ['no segment beyond the path', { by: { kind: 'segment', position: 2 } }, { path: '/x' }, 'no_client'],
    [
      'no segment that another reading moves',
      { by: { kind: 'segment', position: 1 } },
      { path: '/t1/..%2F..%2Ft2' },
      'no_client',
    ],
    [
      'no segment that a server without merged slashes reads elsewhere',
      { by: { kind: 'segment', position: 1 } },
      { path: '/t2//../t1/x' },
      'no_client',
    ],
    ['a segment before opaque ones', { by: { kind: 'segment', position: 1 } }, { path: '/t1/a%2Fb' }, 't1'],
  ])('is named by %s', async (_what, settings, request, expected) => {
    const scene = aDirectory({ 'tenants/t1.yaml': aRecord({ clientId: 't1' }) }, settings);
    const answer = await scene.store.get(null, aRequest(request));
    expect(answer.ok ? answer.value.clientId : answer.failure).toEqual(
      expected === 'no_client' ? expect.objectContaining({ reason: 'no_client' }) : expected,
    );
  });
});
