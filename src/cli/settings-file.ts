import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Problem, readSettings, type Settings } from '../config/index.ts';
import { fail, type Result, succeed } from '../domain/index.ts';
import { readProxyEnvironment } from '../introspection/index.ts';
import { inspectPatterns } from '../policy/index.ts';
import { inspectMatches } from '../client-store/index.ts';
import type { World } from './world.ts';

/** Reads the settings file and everything it refers to. A file that is missing is a problem like any other. */
export async function readSettingsFile(
  file: string,
  world: Pick<World, 'environment'>,
  { offline }: { readonly offline: boolean },
): Promise<Result<Settings, readonly Problem[]>> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return fail([{ file, line: null, column: null, key: '', message: unreadable(error) }]);
  }
  const { environment } = world;
  const read = await readSettings(
    { path, text },
    { environment, readFile: (name) => readFile(name), offline },
  );
  if (!read.ok) return read;

  const proxies = offline ? succeed(null) : readProxyEnvironment(environment);
  const missing = offline ? null : await missingModule(read.value);
  if (missing !== null) return fail([{ file: path, line: null, column: null, ...missing }]);

  // What the rules themselves cannot make sense of is found here too, and not when they are put in force.
  const { routes, scrub, clientMatches } = read.value;
  const invalid = [
    ...(proxies.ok ? [] : proxies.failure),
    ...inspectPatterns(routes, { scrub }).map(({ message }) => message),
    ...inspectMatches(clientMatches).map(
      ({ client, place, pattern, problem }) => `client "${client}": ${place} "${pattern}" ${problem}`,
    ),
  ];
  if (invalid.length === 0) return read;
  return fail(invalid.map((message) => ({ file: path, line: null, column: null, key: '', message })));
}

/** Only whether it is there: a module of the user's own runs when it is needed, and not to be looked at. */
async function missingModule({
  cache,
  clientStore,
}: Settings): Promise<Pick<Problem, 'key' | 'message'> | null> {
  const modules = [
    ['cache.shared.module', cache.shared?.store],
    ['clientStore.module', clientStore?.source],
    ['clientStore.keyv.module', clientStore?.source.kind === 'keyv' ? clientStore.source.store : undefined],
  ] as const;
  for (const [key, named] of modules) {
    if (named?.kind !== 'module') continue;
    const isThere = await access(named.path).then(
      () => true,
      () => false,
    );
    if (!isThere) return { key, message: 'names a file that is not there, seen from this folder' };
  }
  return null;
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT') return 'there is no such file; name the settings file with --config FILE';
  return `cannot be read (${code}); check the path and its permissions`;
}
