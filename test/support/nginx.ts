/**
 * The real NGINX with the files of deploy/nginx.
 *
 * In: where the door and the upstream are. Out: a running NGINX in a folder of its own.
 * Never: a file other than those a user would copy, but for addresses and the folder for temporary files.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort, readyWhen, startProcess, temporaryFolder, type RunningProcess } from './processes.ts';

export interface NginxDescription {
  /** What follows `server` in the upstream block of Gatehouse: `127.0.0.1:9002` or `unix:/path`. */
  readonly gatehouse: string;
  readonly upstreamPort: number;
  /** Further changes to the copies, by file name. */
  readonly edits?: Readonly<Record<string, (text: string) => string>>;
}

export interface RunningNginx {
  readonly port: number;
  readonly process: RunningProcess;
  readonly errorLog: () => string;
  readonly accessLog: () => string;
  readonly stop: () => Promise<void>;
}

const PROGRAM = '/usr/sbin/nginx';
const FILES = fileURLToPath(new URL('../../deploy/nginx/', import.meta.url));
/** The paths that are compiled in belong to root. */
const TEMPORARY_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `    ${name}_temp_path temp-${name};`)
  .join('\n');

export async function startNginx(description: NginxDescription): Promise<RunningNginx> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing; install it with: apt-get install nginx`);

  const folder = temporaryFolder('nginx');
  const path = (name: string): string => join(folder.path, name);
  cpSync(FILES, folder.path, { recursive: true });
  mkdirSync(path('logs'));
  const edit = (name: string, change: (text: string) => string): void =>
    writeFileSync(path(name), change(readFileSync(path(name), 'utf8')));

  const port = await freePort();
  edit('nginx.conf', (text) => {
    const moved = replaceOne(text, 'listen 8080;', `listen 127.0.0.1:${port};`);
    const pointed = replaceOne(
      moved,
      'server 127.0.0.1:8081;',
      `server 127.0.0.1:${description.upstreamPort};`,
    );
    return replaceOne(pointed, 'http {', `http {\n${TEMPORARY_PATHS}`);
  });
  edit('gatehouse-http.conf', (text) =>
    replaceOne(text, 'server 127.0.0.1:9002;', `server ${description.gatehouse};`),
  );
  for (const [name, change] of Object.entries(description.edits ?? {})) edit(name, change);

  // One process: then no worker outlives a killed master, and none changes to a user who may not read the folder.
  const child = await startProcess(
    PROGRAM,
    ['-p', folder.path, '-c', path('nginx.conf'), '-g', 'daemon off; master_process off;'],
    { name: 'nginx' },
  );
  await readyWhen(child, async () => (await fetch(`http://127.0.0.1:${port}/_gatehouse`)).status);

  return {
    port,
    process: child,
    errorLog: () => readFileSync(path('logs/error.log'), 'utf8'),
    accessLog: () => readFileSync(path('logs/access.log'), 'utf8'),
    async stop() {
      await child.stop();
      folder.remove();
    },
  };
}

function replaceOne(text: string, part: string, replacement: string): string {
  if (text.split(part).length !== 2) throw new Error(`deploy/nginx: expected "${part}" exactly once`);
  return text.replace(part, replacement);
}
