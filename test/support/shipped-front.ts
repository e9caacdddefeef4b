/**
 * Real fronts with the files of deploy/: Caddy, HAProxy, Traefik.
 *
 * In: where the door and the upstream are. Out: a running program in a folder of its own.
 * Never: a file other than those a user would copy, but for addresses.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort, readyWhen, type RunningProcess, startProcess, temporaryFolder } from './processes.ts';

export interface FrontDescription {
  /** Port of the door of Gatehouse. */
  readonly gatehouse: number;
  readonly upstream: number;
  /** Further changes to the copies, by file name. */
  readonly edits?: Readonly<Record<string, (text: string) => string>>;
  /** Variables beside our own. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningFront {
  readonly port: number;
  readonly process: RunningProcess;
  readonly stop: () => Promise<void>;
}

interface Program {
  readonly name: string;
  readonly path: string;
  /** How to get it, for whoever lacks it. */
  readonly remedy: string;
  /** Folder under deploy/ with its files. */
  readonly files: string;
  /** Placeholder addresses in the files: which file, what stands there for each place. */
  readonly places: readonly (readonly [
    file: string,
    shipped: string,
    port: 'front' | 'gatehouse' | 'upstream',
  ])[];
  readonly args: readonly string[];
}

const FRONTS = fileURLToPath(new URL('../../.cache/fronts/bin/', import.meta.url));
const FROM_MAKE = 'make tools installs it under .cache/fronts';

const caddy = (path: string, remedy: string): Program => ({
  name: 'caddy',
  path,
  remedy,
  files: 'caddy',
  places: [
    ['Caddyfile', 'http://:8080', 'front'],
    ['gatehouse.caddy', 'reverse_proxy 127.0.0.1:9006', 'gatehouse'],
    ['Caddyfile', 'reverse_proxy 127.0.0.1:8081', 'upstream'],
  ],
  args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
});

export const PROGRAMS = {
  /** What Debian ships: 2.6. */
  'caddy of Debian': caddy('/usr/bin/caddy', 'apt-get install caddy'),
  'caddy of today': caddy(process.env['GATEHOUSE_CADDY'] ?? `${FRONTS}caddy`, FROM_MAKE),
  haproxy: {
    name: 'haproxy',
    path: '/usr/sbin/haproxy',
    remedy: 'apt-get install haproxy',
    files: 'haproxy',
    places: [
      ['haproxy.cfg', 'bind :8080', 'front'],
      ['haproxy.cfg', 'lua.gatehouse http://127.0.0.1:9007/', 'gatehouse'],
      ['haproxy.cfg', 'server application 127.0.0.1:8081', 'upstream'],
    ],
    // In the foreground, as one process.
    args: ['-db', '-f', 'haproxy.cfg'],
  },
  traefik: {
    name: 'traefik',
    path: process.env['GATEHOUSE_TRAEFIK'] ?? `${FRONTS}traefik`,
    remedy: FROM_MAKE,
    files: 'traefik',
    places: [
      ['traefik.yaml', "address: ':8080'", 'front'],
      ['dynamic.yaml', 'address: http://127.0.0.1:9008/', 'gatehouse'],
      ['dynamic.yaml', 'url: http://127.0.0.1:8081', 'upstream'],
    ],
    args: ['--configfile=traefik.yaml'],
  },
} as const satisfies Readonly<Record<string, Program>>;

export type FrontName = keyof typeof PROGRAMS;

export async function startFront(name: FrontName, description: FrontDescription): Promise<RunningFront> {
  const program: Program = PROGRAMS[name];
  if (!existsSync(program.path)) throw new Error(`${program.path} is missing: ${program.remedy}`);

  const folder = temporaryFolder(program.name);
  cpSync(fileURLToPath(new URL(`../../deploy/${program.files}/`, import.meta.url)), folder.path, {
    recursive: true,
  });
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(folder.path, file), change(readFileSync(join(folder.path, file), 'utf8')));

  const port = await freePort();
  if (program.name === 'caddy') edit('Caddyfile', (text) => replaceOne(text, 'admin off', ONLY_HERE));
  const ports = { front: port, ...description };
  for (const [file, shipped, place] of program.places)
    edit(file, (text) => replaceOne(text, shipped, moved(shipped, place, ports[place])));
  for (const [file, change] of Object.entries(description.edits ?? {})) edit(file, change);

  const child = await startProcess(program.path, program.args, {
    name: program.name,
    cwd: folder.path,
    environment: {
      ...process.env,
      ...description.environment,
      HOME: folder.path,
      XDG_DATA_HOME: folder.path,
    },
  });
  await readyWhen(child, async () => {
    const { status } = await fetch(`http://127.0.0.1:${port}/`);
    // Traefik says 404 until it has read its routes.
    return status === 404 ? null : status;
  });
  return {
    port,
    process: child,
    async stop() {
      await child.stop();
      folder.remove();
    },
  };
}

const ONLY_HERE = 'admin off\n\tdefault_bind 127.0.0.1';

/** The shipped text with the port of this run, the front itself on this host alone. */
function moved(shipped: string, place: string, port: number): string {
  if (place !== 'front') return shipped.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
  // A site of Caddy that names an address answers to that name alone; it is bound by `default_bind`.
  if (shipped.startsWith('http://')) return `http://:${port}`;
  return shipped.replace(/:8080/, `127.0.0.1:${port}`);
}

function replaceOne(text: string, part: string, replacement: string): string {
  if (text.split(part).length !== 2) throw new Error(`deploy: expected "${part}" exactly once`);
  return text.replace(part, replacement);
}
