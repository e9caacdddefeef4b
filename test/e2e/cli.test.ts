import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { callerOf } from '../gateway/envoy/caller.ts';
import { runGatehouse, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import {
  eventually,
  freePort,
  readyWhen,
  runProcess,
  startProcess,
  stopAllProcesses,
  temporaryFolder,
} from '../support/processes.ts';
import { outcomeOf, withToken } from './support-house-check.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';

// Commands as users start them, each in a process of its own. What needs no process is in test/cli.
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIST = join(ROOT, 'dist', 'main.js');
const environment = { CLIENT_SECRET: 'secret-of-the-cli-test' };
const folder = temporaryFolder('cli');
let idp: Idp;

beforeAll(async () => {
  idp = await startIdp();
  idp.tokens.set('good', {});
});
afterAll(async () => {
  await idp?.stop();
  await stopAllProcesses();
  folder.remove();
});

function fileOf(text: string): string {
  const path = join(folder.path, 'gatehouse.yaml');
  writeFileSync(path, text);
  return path;
}

interface Ports {
  readonly grpc: number;
  readonly admin: number;
}
const settingsFor = ({ grpc, admin }: Ports): string => `
listen: { grpc: { address: "127.0.0.1:${grpc}" }, admin: { address: "127.0.0.1:${admin}" } }
drain: 1s
clients: { main: ${clientAt(idp.endpoint)} }
`;

describe('gatehouse, as a process', () => {
  it.each([
    [
      'a missing file',
      ['serve', '--config', 'nowhere.yaml'],
      2,
      /nowhere\.yaml: there is no such file; name the settings file with --config FILE/,
    ],
    ['a missing file of the usual name', ['check'], 2, /gatehouse\.yaml: there is no such file/],
    ['a folder for a file', ['check', '--config', '.'], 2, /cannot be read \(EISDIR\)/],
    ['an unknown option', ['serve', '--port', '1'], 2, /^gatehouse: .*'--port'/],
    ['an unknown command', ['start'], 2, /^gatehouse: "start" is not a command/],
  ])('exits and says why for %s', async (_what, args, code, words) => {
    const empty = temporaryFolder('cli-empty');
    const end = await runGatehouse(args, { cwd: empty.path });
    empty.remove();
    expect({ code: end.code, signal: end.signal }).toEqual({ code, signal: null });
    expect(end.output).toMatch(words);
    expect(end.output).not.toMatch(/^\s+at /m);
  });

  it('exits 2 for bad settings with every problem and its place, before it opens a door', async () => {
    const port = await freePort();
    const path = fileOf(`${settingsFor({ grpc: port, admin: await freePort() })}nonsense: 1\nrealm: 7\n`);
    const { code, output } = await runGatehouse(['serve', '--config', path], { environment });
    expect(code).toBe(2);
    expect(output).toMatch(/gatehouse\.yaml:5:1:? nonsense/);
    expect(output).toMatch(/gatehouse\.yaml:6:8:? realm/);
    expect(output).not.toContain('door_open');
  });

  it('exits 1 with one clear line when a port is in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    for (const [key, ports] of [
      ['listen.grpc', { grpc: port, admin: await freePort() }],
      ['listen.admin', { grpc: await freePort(), admin: port }],
    ] as const) {
      const { code, output } = await runGatehouse(['serve', '--config', fileOf(settingsFor(ports))], {
        environment,
      });
      expect({ key, code }).toEqual({ key, code: 1 });
      expect(output.split('\n')).toContain(
        `gatehouse: ${key}: cannot listen on 127.0.0.1:${port}: another program listens there`,
      );
      expect(output).not.toMatch(/^\s+at /m);
    }
    taken.close();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains and exits 0 on %s, while a check is under way',
    async (signal) => {
      const gatehouse = await start();
      const caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: gatehouse.ports.grpc });
      expect(outcomeOf(await caller.ask(withToken('good'))).kind).toBe('allow');
      gatehouse.process.signal(signal);
      expect(outcomeOf(await caller.ask(withToken('good'))).kind).toBe('allow');
      expect(await gatehouse.process.end).toEqual({ code: 0, signal: null });
      caller.close();
      const phases = gatehouse.logs().flatMap(({ event, phase }) => (event === 'lifecycle' ? [phase] : []));
      expect(phases.filter((phase) => phase !== 'warning')).toEqual([
        'starting',
        'door_open',
        'door_open',
        'door_open',
        'ready',
        'draining',
        'stopped',
      ]);
      // Every line of standard output is JSON.
      expect(gatehouse.logs()).toHaveLength(gatehouse.process.lines.length);
    },
  );

  it('serves with a small young generation in the process that was started, unless it is told a size', async () => {
    const flagsOf = ({ process: { pid } }: RunningGatehouse): readonly string[] =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .filter((word) => word.startsWith('--max-semi-space-size'));
    const usual = await start();
    expect(flagsOf(usual)).toEqual(['--max-semi-space-size=2']);
    await usual.stop();
    const told = await start('', idp.endpoint, { NODE_OPTIONS: '--max-semi-space-size=8' });
    expect(flagsOf(told)).toEqual([]);
    await told.stop();
  });

  it('ends at once on a second SIGTERM, with no exit code of its own', async () => {
    const gatehouse = await start('drain: 30s');
    gatehouse.process.signal('SIGTERM');
    await gatehouse.logged('lifecycle');
    await eventually('draining', () => (gatehouse.output().includes('draining') ? true : null));
    gatehouse.process.signal('SIGTERM');
    expect(await gatehouse.process.end).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('exits 0 on SIGTERM while Redis and the authorization server are away', async () => {
    const away = await freePort();
    const gatehouse = await start(
      `drain: 200ms\ncache: { keys: [{ env: CACHE_KEY }], shared: { redis: { url: "redis://127.0.0.1:${away}" } } }`,
      `http://127.0.0.1:${away}/introspect`,
    );
    expect(await gatehouse.stop()).toEqual({ code: 0, signal: null });
  });

  it('goes on serving when nobody reads its log any more, and still exits 0 (T-12)', async () => {
    const [grpc, admin] = [await freePort(), await freePort()];
    const path = fileOf(`${settingsFor({ grpc, admin })}log: { level: debug }\n`);
    const child = spawn(process.execPath, [join(ROOT, 'src', 'main.ts'), 'serve', '--config', path], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...environment, PATH: process.env['PATH'] },
    });
    const end = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
      child.stdout.destroy();
      await eventually('it to be ready', async () =>
        (await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => null))?.status === 200 ? true : null,
      );
      const caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: grpc });
      for (let count = 0; count < 50; count += 1)
        expect(outcomeOf(await caller.ask(withToken('good'))).kind).toBe('allow');
      caller.close();
      child.kill('SIGTERM');
      expect(await end).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('gatehouse, compiled', () => {
  beforeAll(async () => {
    if (!isStale()) return;
    const { code, output } = await runProcess(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
      {
        name: 'tsc',
        cwd: ROOT,
        within: 120_000,
      },
    );
    if (code !== 0) throw new Error(output);
  }, 130_000);

  it('is the command of the package, which `npx . serve` runs in a checkout', async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly bin: object;
      readonly version: string;
    };
    expect(manifest.bin).toEqual({ gatehouse: 'dist/main.js' });
    expect(readFileSync(DIST, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { code, output } = await runProcess(process.execPath, [DIST, '--version'], { name: 'gatehouse' });
    expect({ code, output }).toEqual({ code: 0, output: `gatehouse ${manifest.version}` });
  });

  it('serves from a folder of its own, and its health check says so', async () => {
    const [grpc, admin] = [await freePort(), await freePort()];
    const own = temporaryFolder('compiled');
    writeFileSync(join(own.path, 'gatehouse.yaml'), settingsFor({ grpc, admin }));
    const options = { name: 'gatehouse', cwd: own.path, environment };
    const check = (): Promise<{ readonly code: number | null }> =>
      runProcess(process.execPath, [DIST, 'healthcheck', '--address', `127.0.0.1:${admin}`], options);
    expect((await check()).code).toBe(1);
    const child = await startProcess(process.execPath, [DIST, 'serve'], options);
    await readyWhen(child, async () => ((await fetch(`http://127.0.0.1:${admin}/readyz`)).ok ? true : null));
    expect((await check()).code).toBe(0);
    const caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: grpc });
    expect(outcomeOf(await caller.ask(withToken('good'))).kind).toBe('allow');
    caller.close();
    expect(await child.stop()).toEqual({ code: 0, signal: null });
    own.remove();
  });
});

function start(
  more = '',
  endpoint = idp.endpoint,
  told: Readonly<Record<string, string>> = {},
): Promise<RunningGatehouse> {
  return startGatehouse({
    settings: (ports) => `
listen:
  grpc: { address: "127.0.0.1:${ports.grpc}" }
  health: { address: "127.0.0.1:${ports.health}" }
  admin: { address: "127.0.0.1:${ports.admin}" }
clients: { main: ${clientAt(endpoint)} }
${more === '' ? 'drain: 1s' : more}
`,
    environment: { ...environment, CACHE_KEY: Buffer.alloc(32, 7).toString('base64'), ...told },
  });
}

/** Whether a source is newer than what was compiled, as in a run of one test by hand; `make test` compiles first. */
function isStale(): boolean {
  if (!existsSync(DIST)) return true;
  const compiledAt = statSync(DIST).mtimeMs;
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).some(
    (name) => name.endsWith('.ts') && statSync(join(ROOT, 'src', name)).mtimeMs > compiledAt,
  );
}
