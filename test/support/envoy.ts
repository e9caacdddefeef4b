/**
 * A real Envoy in front of Gatehouse.
 *
 * In: which Gatehouse and upstream, and how the ext_authz filter is set. Out: a running Envoy on free ports.
 * What a test does not name is Envoy's own default, so that nothing but Gatehouse protects the upstream.
 */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { envoyConfiguration, type EnvoyDescription } from './envoy-configuration.ts';
import { readyWhen, runProcess, startProcess, temporaryFolder, type RunningProcess } from './processes.ts';

export type { EnvoyDescription, EnvoyRoute } from './envoy-configuration.ts';

export interface RunningEnvoy {
  /** Where clients send their requests. */
  readonly port: number;
  readonly url: string;
  readonly adminUrl: string;
  readonly process: RunningProcess;
  /** Counters and gauges whose names match the expression, by name. */
  readonly stats: (filter: string) => Promise<ReadonlyMap<string, number>>;
  readonly stop: () => Promise<void>;
}

/** A ready Envoy made from a description. */
export function startEnvoy(description: EnvoyDescription): Promise<RunningEnvoy> {
  return startEnvoyWith(JSON.stringify(envoyConfiguration(description)));
}

/**
 * A ready Envoy with the given configuration, YAML or JSON.
 * Its first listener, and its admin listener, are best on port 0: what they became is read from Envoy itself.
 */
export async function startEnvoyWith(configuration: string): Promise<RunningEnvoy> {
  const binary = findEnvoy();
  const folder = temporaryFolder('envoy');
  const file = join(folder.path, 'envoy.yaml');
  const adminFile = join(folder.path, 'admin-address');
  writeFileSync(file, configuration);

  const child = await startProcess(
    binary,
    // Without hot restart, Envoys side by side need no base id of their own.
    [
      ...['-c', file, '--admin-address-path', adminFile],
      ...['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'],
    ],
    { name: 'envoy' },
  );
  try {
    const adminUrl = await readyWhen(child, async () => {
      const url = `http://${readFileSync(adminFile, 'utf8').trim()}`;
      return (await fetch(`${url}/ready`)).ok ? url : null;
    });
    const port = await firstListenerPort(adminUrl);

    return {
      port,
      url: `http://127.0.0.1:${port}`,
      adminUrl,
      process: child,
      stats: (filter) => readStats(adminUrl, filter),
      async stop() {
        await child.stop();
        folder.remove();
      },
    };
  } catch (error) {
    await child.stop('SIGKILL');
    folder.remove();
    throw error;
  }
}

/** What `envoy --mode validate` says about a configuration: `null` when it is fine. */
export async function validateEnvoyConfiguration(configuration: string): Promise<string | null> {
  const folder = temporaryFolder('envoy');
  const file = join(folder.path, 'envoy.yaml');
  writeFileSync(file, configuration);
  try {
    const args = ['--mode', 'validate', '-c', file, '--log-level', 'warning'];
    const { code, output } = await runProcess(findEnvoy(), args, { name: 'envoy --mode validate' });
    return code === 0 ? null : output;
  } finally {
    folder.remove();
  }
}

/**
 * `GATEHOUSE_ENVOY`, else what `make tools` installed, else the one in PATH.
 *
 * @throws Error that says how to get one.
 */
export function findEnvoy(): string {
  const named = process.env['GATEHOUSE_ENVOY'];
  const installed = fileURLToPath(new URL('../../.cache/envoy/bin/envoy', import.meta.url));
  const inPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'envoy'));
  const candidates = named === undefined || named === '' ? [installed, ...inPath] : [named];

  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    named === undefined || named === ''
      ? 'No Envoy here: `make tools` installs one under .cache/envoy, or set GATEHOUSE_ENVOY to a binary.'
      : `GATEHOUSE_ENVOY names ${named}, which cannot be executed.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Listeners {
  readonly listener_statuses: readonly {
    readonly local_address: { readonly socket_address: { readonly port_value: number } };
  }[];
}

async function firstListenerPort(adminUrl: string): Promise<number> {
  const listeners = (await (await fetch(`${adminUrl}/listeners?format=json`)).json()) as Listeners;
  const first = listeners.listener_statuses[0];
  if (first === undefined) throw new Error('The Envoy configuration has no listener.');
  return first.local_address.socket_address.port_value;
}

async function readStats(adminUrl: string, filter: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${adminUrl}/stats?filter=${encodeURIComponent(filter)}`)).text();
  const stats = new Map<string, number>();
  for (const line of text.split('\n')) {
    // "name: 12"; histograms have words after the colon and are left out.
    const [, name, value] = /^(\S+): (\d+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) stats.set(name, Number(value));
  }
  return stats;
}
