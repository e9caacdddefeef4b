import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { run } from '../../src/cli/run.ts';
import { freePort, temporaryFolder } from '../support/processes.ts';

interface Asked {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const folder = temporaryFolder('forget');
const asked: Asked[] = [];
let answer: { readonly status: number; readonly body: string };
let door: Server;
let admin: string;

beforeAll(async () => {
  door = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ url: request.url, headers: request.headers, body });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  admin = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.splice(0);
  answer = { status: 200, body: '{"propagated":true}\n' };
});
afterAll(() => {
  door.close();
  folder.remove();
});

function fileOf(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

async function forget(args: readonly string[], input = '') {
  let out = '';
  let error = '';
  const code = await run({
    argv: ['forget', ...args],
    environment: { SECRET: 's3cret', OPERATOR: 'secret-of-operators' },
    nodeVersion: '24.21.0',
    isTerminal: false,
    writeOut: (more) => void (out += more),
    writeError: (more) => void (error += more),
    readInput: async () => input,
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
  });
  return { code, out, error };
}

const bodies = (): readonly unknown[] => asked.map(({ body }) => JSON.parse(body) as unknown);

describe('gatehouse forget', () => {
  it('asks the door for what fits all that is given, and shows the secret', async () => {
    const bearer = fileOf('bearer', 'secret-of-operators\n');
    const args = ['--subject', 'alice', '--issuer', 'https://idp.example', '--client', 'web'];
    const done = await forget([...args, '--admin', admin, '--bearer-file', bearer]);
    expect(done).toEqual({ code: 0, out: '{"propagated":true}\n', error: '' });
    expect(bodies()).toEqual([{ subject: 'alice', issuer: 'https://idp.example', client: 'web' }]);
    expect(asked).toMatchObject([
      {
        url: '/forget',
        headers: { authorization: 'Bearer secret-of-operators', 'content-type': 'application/json' },
      },
    ]);
  });

  it.each([
    ['a file', () => fileOf('token', 'abc.def\n'), ''],
    ['standard input', () => '-', 'abc.def\r\n'],
  ])('takes a token from %s', async (_what, file, input) => {
    expect((await forget(['--token-file', file(), '--admin', admin], input)).code).toBe(0);
    expect(bodies()).toEqual([{ token: 'abc.def' }]);
  });

  it('finds door and secret in the settings file', async () => {
    const config = fileOf(
      'gatehouse.yaml',
      `listen: { admin: { address: "0.0.0.0:${new URL(admin).port}", auth: { bearer: { env: OPERATOR } } } }
clients: { only: { issuer: "https://idp.example.com", clientId: a, clientSecret: { env: SECRET } } }
`,
    );
    expect((await forget(['--everything', '--config', config])).code).toBe(0);
    expect(bodies()).toEqual([{ everything: true }]);
    expect(asked).toMatchObject([{ headers: { authorization: 'Bearer secret-of-operators' } }]);
  });

  it('exits 1 and says so when not everybody could be told yet', async () => {
    answer = { status: 202, body: '{"propagated":false}\n' };
    expect(await forget(['--tenant', 'orders', '--admin', admin])).toEqual({
      code: 1,
      out: '{"propagated":false}\n',
      error: 'gatehouse: not everywhere yet\n',
    });
  });

  it.each([
    [400, '{"problem":"what it is"}', 'refused (400): what it is'],
    [403, 'actions are off\n', 'refused (403): actions are off'],
  ])('exits 1 with the reason when the door answers %i', async (status, body, reason) => {
    answer = { status, body };
    const { code, error } = await forget(['--tenant', 'orders', '--admin', admin]);
    expect({ code, error }).toEqual({ code: 1, error: `gatehouse: ${reason}\n` });
  });

  it('exits 1 when nobody answers', async () => {
    const { code, error } = await forget(['--jti', 'j', '--admin', `http://127.0.0.1:${await freePort()}`]);
    expect({ code, error }).toEqual({
      code: 1,
      error: expect.stringContaining('does not answer: ECONNREFUSED'),
    });
  });

  it.each([
    ['nothing to forget', ['--admin', 'http://127.0.0.1:1'], 'say what to forget'],
    ['a door that is no URL', ['--jti', 'j', '--admin', '127.0.0.1:9003'], '--admin must be a URL'],
    ['a token file that is not there', ['--token-file', '/nowhere', '--admin', 'http://a'], 'ENOENT'],
    ['an empty token', ['--token-file', '-', '--admin', 'http://a'], 'is empty'],
    ['no settings and no door', ['--jti', 'j', '--config', '/nowhere'], 'or name the door with --admin URL'],
  ])('exits 2 for %s, and asks nobody', async (_what, args, words) => {
    const { code, error } = await forget(args);
    expect({ code, asked }).toEqual({ code: 2, asked: [] });
    expect(error).toContain(words);
  });
});
