/**
 * Real programs as children of a test or of the demo.
 *
 * In: a command line. Out: a running child with what it said and how it ended.
 * Never: a child that outlives us, and never a signal to anything but a pid that we started.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RunningProcess {
  /** For messages. */
  readonly name: string;
  readonly pid: number;
  /** Every line of stdout and stderr so far, in order of arrival. */
  readonly lines: readonly string[];
  /** Null while it runs. */
  readonly ended: () => ProcessEnd | null;
  readonly end: Promise<ProcessEnd>;
  /** Sends the signal and waits; after `grace` milliseconds it is killed. Fine to call twice. */
  readonly stop: (signal?: NodeJS.Signals, grace?: number) => Promise<ProcessEnd>;
  /** Sends a signal without waiting, for SIGHUP, SIGSTOP and SIGCONT. */
  readonly signal: (signal: NodeJS.Signals) => void;
}

export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly name: string;
  readonly cwd?: string;
  /** The whole environment of the child; left out: ours. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const running = new Map<number, RunningProcess>();

export function startProcess(
  command: string,
  args: readonly string[],
  { name, cwd, environment }: ProcessOptions,
): Promise<RunningProcess> {
  const [program, programArgs] = endingWithUs(command, args);
  const child = spawn(program, programArgs, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...(environment ?? process.env) },
    ...(cwd === undefined ? {} : { cwd }),
  });

  const lines: string[] = [];
  collectLines(child.stdout, lines);
  collectLines(child.stderr, lines);

  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${name}: ${command} cannot be started: ${error.message}`)),
    );
    child.once('spawn', () => {
      const pid = child.pid;
      if (pid === undefined) return;

      let ended: ProcessEnd | null = null;
      const end = new Promise<ProcessEnd>((settle) => {
        // 'close' rather than 'exit': the last lines have arrived by then.
        child.once('close', (code, signal) => {
          ended = { code, signal };
          running.delete(pid);
          settle(ended);
        });
      });

      const started: RunningProcess = {
        name,
        pid,
        lines,
        ended: () => ended,
        end,
        signal: (signal) => {
          if (ended === null) child.kill(signal);
        },
        async stop(signal = 'SIGTERM', grace = 10_000) {
          if (ended !== null) return ended;
          child.kill(signal);
          const timer = setTimeout(() => child.kill('SIGKILL'), grace);
          const result = await end;
          clearTimeout(timer);
          return result;
        },
      };
      running.set(pid, started);
      resolve(started);
    });
  });
}

/** Ends whatever is left of what this module started. */
export async function stopAllProcesses(): Promise<void> {
  await Promise.all([...running.values()].map((child) => child.stop('SIGTERM', 5_000)));
}

/** Runs a program to its end. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { readonly within?: number },
): Promise<ProcessEnd & { readonly output: string }> {
  const child = await startProcess(command, args, options);
  const timer = setTimeout(() => void child.stop('SIGKILL'), options.within ?? 60_000);
  const end = await child.end;
  clearTimeout(timer);
  return { ...end, output: child.lines.join('\n') };
}

/**
 * Ports that are free now and likely to stay so: below those that the kernel gives to outgoing connections and to
 * whoever listens on any port (32768 and up), in a stretch of the range that other processes do not begin with.
 */
const PORTS = { first: 10_000, count: 20_000 } as const;
let candidate = process.pid * 101;

/** Ports of 127.0.0.1 that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  for (let tries = 0; servers.length < count; tries += 1) {
    if (tries === PORTS.count) throw new Error(`no ${count} free ports`);
    const server = await listeningOn(PORTS.first + (candidate % PORTS.count));
    candidate += 1;
    if (server !== null) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

/** A new empty folder; `remove` takes it away with all that is in it. */
export function temporaryFolder(purpose: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `gatehouse-${purpose}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Asks again and again until the answer is something.
 *
 * @throws Error that says what was waited for; `despair` ends the wait early with its own words.
 */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value | null> | Value | null,
  { within = 20_000, every = 25, despair = () => null as string | null } = {},
): Promise<Value> {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    const reason = despair();
    if (reason !== null) throw new Error(`${what}: ${reason}`);
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within} ms`);
    await sleep(every);
  }
}

/** Waits for a program to answer a question, and shows its last words when it ended instead. */
export function readyWhen<Value>(
  child: RunningProcess,
  ask: () => Promise<Value | null>,
  within = 20_000,
): Promise<Value> {
  return eventually(`${child.name} to be ready`, () => ask().catch(() => null), {
    within,
    despair: () => {
      const end = child.ended();
      return end === null ? null : `it ended with ${end.code ?? end.signal ?? '?'}:\n${lastWords(child)}`;
    },
  }).catch(async (error: unknown) => {
    await child.stop('SIGKILL');
    throw error;
  });
}

/** The last lines a child wrote. */
export function lastWords(child: Pick<RunningProcess, 'lines'>, count = 30): string {
  return child.lines.slice(-count).join('\n');
}

function collectLines(stream: NodeJS.ReadableStream, lines: string[]): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const pieces = (rest + chunk).split('\n');
    rest = pieces.pop() ?? '';
    lines.push(...pieces);
  });
  stream.on('end', () => {
    if (rest !== '') lines.push(rest);
  });
}

/** On Linux the kernel ends the child when we die, even when nobody is left to clean up. */
function endingWithUs(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  const setpriv = '/usr/bin/setpriv';
  if (process.platform !== 'linux' || !existsSync(setpriv)) return [command, args];
  return [setpriv, ['--pdeathsig', 'KILL', '--', command, ...args]];
}

process.on('exit', () => {
  for (const child of running.values()) child.signal('SIGKILL');
});

/** `null`: taken. */
function listeningOn(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
