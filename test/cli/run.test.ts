import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { run } from '../../src/cli/run.ts';
import type { World } from '../../src/cli/world.ts';
import { freePort, temporaryFolder } from '../support/processes.ts';

const folder = temporaryFolder('run');
afterAll(() => folder.remove());

function fileOf(text: string): string {
  const path = join(folder.path, 'gatehouse.yaml');
  writeFileSync(path, text);
  return path;
}

/** Runs a command line in a world that remembers what it was told. */
async function runIn(argv: readonly string[], differing: Partial<World> = {}) {
  let out = '';
  let error = '';
  const code = await run({
    argv,
    environment: { CLIENT_SECRET: 's3cret' },
    nodeVersion: '24.21.0',
    isTerminal: false,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (error += text),
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
    ...differing,
  });
  return { code, out, error };
}

const CLIENT =
  '{ issuer: "https://idp.example.com", clientId: gateway, clientSecret: { env: CLIENT_SECRET } }';
const GOOD = `clients: { default: ${CLIENT} }\nroutes: [{ name: rest, require: { audience: [a] } }]\n`;

describe('run', () => {
  it.each([[['--help']], [['help']], [['serve', '--help']], [['-h']]])(
    'tells how it is used and exits 0 for %j',
    async (argv) => {
      const { code, out, error } = await runIn(argv);
      expect({ code, error }).toEqual({ code: 0, error: '' });
      expect(out).toMatch(/^Usage: gatehouse <command>/);
      for (const word of ['serve', 'check', 'healthcheck', '--config', '--offline', '--print', '--version'])
        expect(out).toContain(word);
    },
  );

  it.each([[['--version']], [['-v']], [['serve', '--version']]])(
    'tells its version and exits 0 for %j',
    async (argv) => {
      expect(await runIn(argv)).toEqual({
        code: 0,
        out: expect.stringMatching(/^gatehouse \d+\.\d+\.\d+\n$/),
        error: '',
      });
    },
  );

  it.each([
    ['no command', [], 'no command was given'],
    ['an unknown command', ['start'], '"start" is not a command'],
    ['a word too many', ['serve', 'now'], '"now" is one word too many'],
    ['an unknown option', ['serve', '--port', '1'], ''],
    ['an option without its value', ['serve', '--config'], ''],
  ])('exits 2 with the usage for %s', async (_what, argv, words) => {
    const { code, out, error } = await runIn(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/^gatehouse: .*\n\nUsage: gatehouse/s);
    expect(error).toContain(words);
  });

  it.each([
    ['22.22.1', 2],
    ['22.22.2', 0],
    ['22.23.0', 0],
    ['23.11.1', 2],
    ['24.13.1', 2],
    ['24.14.0', 2],
    ['24.14.1', 0],
    ['25.9.0', 2],
    ['26.0.0', 0],
    ['27.0.0-nightly', 0],
  ])(
    'takes a Node with the fixes of HTTP/2 only: %s ends with %i (T-48, T-60)',
    async (nodeVersion, code) => {
      expect(await runIn(['--version'], { nodeVersion })).toMatchObject({ code });
    },
  );

  it('exits 2 on a Node that is too old, whatever the command (T-60)', async () => {
    const { code, error } = await runIn(['--version'], { nodeVersion: '20.11.0' });
    expect(code).toBe(2);
    expect(error).toMatch(/^gatehouse: Node 20\.11\.0 is too old .* use 22\.22\.2 or 24\.14\.1 or newer/);
  });
});

describe('run serve', () => {
  it('exits 2 and says so where certificate checks are switched off (INT-7)', async () => {
    const environment = { CLIENT_SECRET: 's3cret', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { code, error } = await runIn(['serve', '--config', fileOf(GOOD)], { environment });
    expect({ code, error }).toEqual({
      code: 2,
      error: 'gatehouse: NODE_TLS_REJECT_UNAUTHORIZED=0 switches certificate checks off; unset it\n',
    });
  });

  it.each([['serve'], ['check']])(
    'exits 2 from %s when the environment names no usable proxy',
    async (command) => {
      const environment = { CLIENT_SECRET: 's3cret', HTTPS_PROXY: 'socks5://gate:hunter2@proxy.example' };
      const { code, error } = await runIn([command, '--config', fileOf(GOOD)], { environment });
      expect(code).toBe(2);
      expect(error).toContain(
        'the environment variable HTTPS_PROXY names a proxy of a kind that is not spoken here',
      );
      expect(error).not.toContain('hunter2');
    },
  );

  it.each([
    ['an empty file', ''],
    ['an unknown key', `${GOOD}nonsense: true\n`],
    ['an unset variable', GOOD.replace('CLIENT_SECRET', 'NOBODY_SETS_IT')],
  ])('exits 2 with a place in the file for %s', async (_what, text) => {
    const { code, out, error } = await runIn(['serve', '--config', fileOf(text)]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/gatehouse\.yaml:\d+:\d+:? /);
  });
});

describe('run check', () => {
  it('exits 0 for a good file and counts what is in it', async () => {
    const path = fileOf(GOOD);
    expect(await runIn(['check', '--config', path])).toEqual({
      code: 0,
      out: `${path}: fine (1 clients, 1 routes)\n`,
      error: '',
    });
  });

  it('exits 2 with every problem at once', async () => {
    const { code, error } = await runIn([
      'check',
      '--config',
      fileOf(`realm: 7\nnonsense: 1\ndrain: soon\n${GOOD}`),
    ]);
    expect(code).toBe(2);
    for (const place of ['1:8 realm', '2:1 nonsense', '3:8 drain'])
      expect(error).toContain(`gatehouse.yaml:${place}`);
    expect(error).toMatch(/3 problems\n$/);
  });

  it('warns of what is allowed and doubtful, and exits 0', async () => {
    const { code, error } = await runIn(['check', '--config', fileOf(`clients: { default: ${CLIENT} }\n`)]);
    expect(code).toBe(0);
    expect(error).toMatch(/^warning: /);
  });

  it('lists the later rules that a guard shuts out', async () => {
    const routes = `
routes:
  - { name: writes, match: { paths: [/orders/**], methods: [POST] }, require: { audience: [a] } }
  - { name: rest, require: { audience: [a] } }
`;
    const { code, error } = await runIn([
      'check',
      '--config',
      fileOf(`clients: { default: ${CLIENT} }${routes}`),
    ]);
    expect(code).toBe(0);
    expect(error).toMatch(/^note: .*writes.*rest/s);
  });

  it('prints the effective settings with secrets as [set]', async () => {
    const { code, out } = await runIn(['check', '--print', '--config', fileOf(GOOD)]);
    expect(code).toBe(0);
    expect(out).toMatch(/clientSecret: ["']?\[set\]/);
    expect(out).toMatch(/drain: ["']?25s/);
    expect(out).not.toContain('s3cret');
  });

  it('reads no secret with --offline', async () => {
    const path = fileOf(GOOD.replace('{ env: CLIENT_SECRET }', '{ file: /no/such/file }'));
    expect(await runIn(['check', '--config', path])).toMatchObject({ code: 2 });
    expect(await runIn(['check', '--offline', '--config', path])).toMatchObject({ code: 0 });
  });
});

describe('run healthcheck', () => {
  it.each([
    [0, 200, 'ready'],
    [1, 503, 'not ready, waiting for:\n- the first attempt of client "a"'],
  ])('exits %d for an instance that answers %d', async (expected, status, text) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, error } = await runIn(['healthcheck', '--address', address]);
    server.close();
    server.closeAllConnections();
    expect({ code, asked }).toEqual({ code: expected, asked: ['/readyz'] });
    if (expected === 1) expect(error).toContain(text);
  });

  it('exits 1 when nobody answers', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    expect(await runIn(['healthcheck', '--address', address])).toMatchObject({
      code: 1,
      error: expect.stringContaining(address),
    });
  });

  it.each(['not an address', 'host:port', '::1:9003', ''])(
    'exits 2 with a sentence for the address "%s"',
    async (address) => {
      const { code, error } = await runIn(['healthcheck', '--address', address]);
      expect({ code, error }).toEqual({
        code: 2,
        error: expect.stringMatching(/^gatehouse: --address must be HOST:PORT/),
      });
    },
  );
});
