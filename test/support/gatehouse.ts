/**
 * Gatehouse as its users start it: a process of its own with a settings file.
 *
 * In: the text of the settings and an environment. Out: a ready process, its doors and what it logged.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  eventually,
  freePorts,
  lastWords,
  readyWhen,
  runProcess,
  startProcess,
  temporaryFolder,
  type ProcessEnd,
  type RunningProcess,
} from './processes.ts';

/** Free ports for the doors; a settings text uses those it needs. `health` must be opened: readiness is asked there. */
export interface GatehousePorts {
  readonly grpc: number;
  readonly nginx: number;
  readonly envoy: number;
  readonly health: number;
  readonly admin: number;
}

export interface GatehouseDescription {
  /** The settings file, made once the ports are known. */
  readonly settings: (ports: GatehousePorts) => string;
  /** Added to an environment that holds nothing but PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Other files beside the settings file, by name: secrets, certificates. */
  readonly files?: Readonly<Record<string, string>>;
  /** `alive`: only until the process answers, for an instance that is not meant to become ready. Default: `ready`. */
  readonly until?: 'ready' | 'alive';
  /** For one that takes the place of another; left out: free ones. */
  readonly ports?: GatehousePorts;
  /** Milliseconds; default 20,000. */
  readonly within?: number;
}

export interface RunningGatehouse {
  readonly ports: GatehousePorts;
  readonly process: RunningProcess;
  /** The folder of the settings file. */
  readonly folder: string;
  /** Every log line so far that is JSON. */
  readonly logs: () => readonly Readonly<Record<string, unknown>>[];
  /** Everything it wrote, as text: for what must never be in it. */
  readonly output: () => string;
  readonly health: (path: '/livez' | '/readyz') => Promise<number>;
  readonly status: () => Promise<Readonly<Record<string, unknown>>>;
  /** Sum of a metric's samples that carry these labels; 0 when there is none. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
  /** Replaces the settings file by a rename, as editors and deployments do. Does not wait for it to take effect. */
  readonly writeSettings: (text: string) => void;
  /** Replaces a file beside the settings file by a rename. */
  readonly writeFile: (name: string, text: string) => void;
  /** Waits until a log line of this event has come, and gives the last one. */
  readonly logged: (event: string, count?: number) => Promise<Readonly<Record<string, unknown>>>;
  /** SIGTERM, and how it ended. */
  readonly stop: () => Promise<ProcessEnd>;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export async function startGatehouse(description: GatehouseDescription): Promise<RunningGatehouse> {
  const { settings, environment = {}, files = {}, until = 'ready', within = 20_000 } = description;
  const ports = description.ports ?? (await gatehousePorts());
  const folder = temporaryFolder('settings');
  const replace = (name: string, text: string): void => replaceFile(join(folder.path, name), text);
  for (const [name, text] of Object.entries(files)) replace(name, text);
  replace('gatehouse.yaml', settings(ports));

  const child = await startProcess(
    process.execPath,
    [MAIN, 'serve', '--config', join(folder.path, 'gatehouse.yaml')],
    { name: 'gatehouse', cwd: folder.path, environment: { ...bareEnvironment(), ...environment } },
  );
  const health = async (path: '/livez' | '/readyz'): Promise<number> =>
    (await fetch(`http://127.0.0.1:${ports.health}${path}`)).status;
  const path = until === 'ready' ? '/readyz' : '/livez';
  try {
    await readyWhen(child, async () => ((await health(path)) === 200 ? true : null), within);
  } catch (error) {
    folder.remove();
    throw error;
  }

  const logs = (): readonly Readonly<Record<string, unknown>>[] => child.lines.flatMap(jsonLine);
  return {
    ports,
    process: child,
    folder: folder.path,
    logs,
    output: () => child.lines.join('\n'),
    health,
    status: async () => (await fetch(`http://127.0.0.1:${ports.admin}/status`)).json() as never,
    metric: (name, labels = {}) => readMetric(ports.admin, name, labels),
    writeSettings: (text) => replace('gatehouse.yaml', text),
    writeFile: replace,
    logged: (event, count = 1) =>
      eventually(
        `log line ${event}`,
        () => {
          const found = logs().filter((line) => line['event'] === event);
          return found.length < count ? null : (found.at(-1) ?? null);
        },
        { despair: () => (child.ended() === null ? null : `gatehouse ended:\n${lastWords(child)}`) },
      ),
    async stop() {
      const end = await child.stop('SIGTERM', 40_000);
      folder.remove();
      return end;
    },
  };
}

/** Runs a command of Gatehouse to its end: `check`, `--version`, a `serve` that refuses its settings. */
export function runGatehouse(
  args: readonly string[],
  {
    environment = {},
    cwd,
  }: { readonly environment?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<ProcessEnd & { readonly output: string }> {
  return runProcess(process.execPath, [MAIN, ...args], {
    name: `gatehouse ${args[0] ?? ''}`,
    environment: { ...bareEnvironment(), ...environment },
    ...(cwd === undefined ? {} : { cwd }),
    within: 30_000,
  });
}

/** The `listen` section with every door on this host. `drain` is short, so that tests stop quickly. */
export function listenOn(ports: GatehousePorts): string {
  return [
    'listen:',
    `  grpc: { address: "127.0.0.1:${ports.grpc}" }`,
    '  http:',
    `    - { address: "127.0.0.1:${ports.nginx}", profile: nginx }`,
    `    - { address: "127.0.0.1:${ports.envoy}", profile: envoy, pathPrefix: /authz }`,
    `  health: { address: "127.0.0.1:${ports.health}" }`,
    `  admin: { address: "127.0.0.1:${ports.admin}" }`,
    'drain: 1s',
    '',
  ].join('\n');
}

export async function gatehousePorts(): Promise<GatehousePorts> {
  const [grpc, nginx, envoy, health, admin] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { grpc, nginx, envoy, health, admin };
}

/** Nothing of the machine's own settings reaches a Gatehouse under test. */
function bareEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' };
}

/** By a rename, so that no reader sees half a file. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function jsonLine(line: string): readonly Readonly<Record<string, unknown>>[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line) as Readonly<Record<string, unknown>>];
  } catch {
    return [];
  }
}

/** Sum of the samples of a metric that carry these labels; 0 when there is none. */
export async function readMetric(
  adminPort: number,
  name: string,
  labels: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`, { headers })).text();
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, sample, inBraces = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (sample !== name || value === undefined) continue;
    const carries = Object.entries(labels).every(([label, wanted]) =>
      inBraces.includes(`${label}="${wanted}"`),
    );
    if (carries) sum += Number(value);
  }
  return sum;
}
