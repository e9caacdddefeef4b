import { readSettingsFile } from './settings-file.ts';
import type { ExitCode, World } from './world.ts';
import { formatProblem, printSettings, type Settings } from '../config/index.ts';
import { inspectRoutes } from '../policy/index.ts';

interface CheckOptions {
  readonly config: string;
  /** Reads no secret, certificate or key file. */
  readonly offline: boolean;
  /** Shows the effective settings, secrets as [set]. */
  readonly print: boolean;
}

/** `gatehouse check`: every problem at once; exit 2 when there is one. */
export async function checkSettings(
  world: World,
  { config, offline, print }: CheckOptions,
): Promise<ExitCode> {
  const read = await readSettingsFile(config, world, { offline });
  if (!read.ok) {
    for (const problem of read.failure) world.writeError(`${formatProblem(problem)}\n`);
    const count = read.failure.length;
    world.writeError(`${config}: ${count} ${count === 1 ? 'problem' : 'problems'}\n`);
    return 2;
  }

  const settings = read.value;
  const findings = inspectRoutes(settings.routes);
  for (const warning of settings.warnings) world.writeError(`warning: ${formatProblem(warning)}\n`);
  for (const finding of findings) world.writeError(`note: ${finding.message}\n`);
  if (print) world.writeOut(printSettings(settings));
  else world.writeOut(`${config}: fine (${clientsOf(settings)}, ${settings.routes.length} routes)\n`);
  return 0;
}

function clientsOf({ clients, clientStore }: Settings): string {
  return clientStore === null ? `${clients.length} clients` : 'clients in a store';
}
