import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '../../src/cli/run.ts';
import { freePort } from '../support/processes.ts';
import { type RunningRedis, startRedis } from '../support/redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-client-record-'));
const key = randomBytes(32).toString('base64');
let redis: RunningRedis;

beforeAll(async () => {
  redis = await startRedis();
  mkdirSync(join(folder, 'secrets', 'acme.example'), { recursive: true });
  writeFileSync(join(folder, 'secrets', 'acme.example', 'key'), 'secret-in-a-file');
  write('gatehouse.yaml', settingsFor(redis.url));
  write('acme.yaml', 'issuer: https://idp.example\nclientId: gateway\nclientSecret: canary-secret # ours\n');
});
afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function settingsFor(url: string): string {
  return `clientStore:
  keyv: { redis: { url: "${url}" }, keys: [{ env: KEY }], secrets: secrets, issuers: ["https://idp.example"] }
  timeout: 1s
`;
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function client(
  words: string,
  differing: Readonly<Record<string, string>> = {},
  config = 'gatehouse.yaml',
) {
  const argv = [
    'client',
    ...words.split(' ').filter((word) => word !== ''),
    '--config',
    join(folder, config),
  ];
  let out = '';
  let error = '';
  const code = await run({
    argv,
    environment: { KEY: key, ...differing },
    nodeVersion: '24.21.0',
    isTerminal: false,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (error += text),
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
  });
  return { code, out, error };
}

const file = (name: string): string => `--file ${join(folder, name)}`;

describe('gatehouse client', () => {
  it('puts a record that only holders of the key can read, shows it without its secrets, deletes it', async () => {
    expect(await client(`put acme.example ${file('acme.yaml')}`)).toEqual({
      code: 0,
      out: 'acme.example: sealed and stored\n',
      error: '',
    });
    const stored = await redis.command('GET', 'gatehouse:1:tenant:acme.example');
    expect(Buffer.from(stored, 'base64').toString('latin1')).not.toContain('canary');
    expect(await client('get acme.example')).toMatchObject({
      code: 0,
      out: 'issuer: https://idp.example\nclientId: gateway\nclientSecret: "[set]"\n',
    });
    expect(await client('get acme.example', { KEY: randomBytes(32).toString('base64') })).toMatchObject({
      code: 1,
      error: expect.stringContaining('is not sealed for it with a key of ours'),
    });
    expect(await client('delete acme.example')).toMatchObject({ code: 0, out: 'acme.example: deleted\n' });
    expect(await client('get acme.example')).toMatchObject({
      code: 1,
      error: expect.stringContaining('no record'),
    });
    expect(await client('delete acme.example')).toMatchObject({ code: 1 });
  });

  it.each([
    [
      'of a foreign issuer',
      'issuer: https://evil.example\nclientId: a\nclientSecret: canary\n',
      'issuer: fits no pattern',
    ],
    [
      'with an unknown key',
      'issuer: https://idp.example\nclientId: a\nclientSecret: canary\ncolour: red\n',
      'colour',
    ],
    ['that is no YAML', 'a: [', 'line 1'],
    [
      'that refers to the secret of another tenant',
      'issuer: https://idp.example\nclientId: a\nclientSecret: { file: ../acme.example/key }\n',
      'must be a file',
    ],
  ])('refuses to put a record %s, as an instance would', async (_what, text, problem) => {
    write('bad.yaml', text);
    const { code, error } = await client(`put bad.example ${file('bad.yaml')}`);
    expect(code).toBe(2);
    expect(error).toContain(problem);
    expect(error).not.toContain('canary');
    expect(await client('get bad.example')).toMatchObject({ code: 1 });
  });

  it('puts a record that refers to files of the tenant, and those of families', async () => {
    write('files.yaml', 'issuer: https://idp.example\nclientId: a\nclientSecret: { file: key }\n');
    expect(await client(`put acme.example ${file('files.yaml')}`)).toMatchObject({ code: 0 });
    expect(await client(`put _wildcard.example ${file('acme.yaml')}`)).toMatchObject({ code: 0 });
  });

  it.each([
    ['nothing', ''],
    ['another verb', 'list acme'],
    ['no name', 'get'],
    ['one word too many', 'get a b'],
    ['no file', 'put acme.example'],
    ['a file where none belongs', 'get acme.example --file x'],
    ['a name that is none', 'get ../acme'],
  ])('exits 2 for %s', async (_what, words) => {
    expect(await client(words)).toMatchObject({ code: 2, error: expect.stringMatching(/^gatehouse: /) });
  });

  it('exits 2 where the file to put is missing, and where the settings name no such store', async () => {
    expect(await client(`put a ${file('none.yaml')}`)).toMatchObject({
      code: 2,
      error: expect.stringContaining('ENOENT'),
    });
    write('other.yaml', 'clientStore: { directory: { path: t, issuers: ["https://idp.example"] } }');
    expect(await client('get a', {}, 'other.yaml')).toMatchObject({
      code: 2,
      error: expect.stringContaining('clientStore.keyv'),
    });
  });

  it('exits 1 where the store cannot be reached', async () => {
    write('away.yaml', settingsFor(`redis://127.0.0.1:${await freePort()}`));
    expect(await client('get a', {}, 'away.yaml')).toMatchObject({
      code: 1,
      error: expect.stringContaining('the store cannot be reached'),
    });
  });
});
