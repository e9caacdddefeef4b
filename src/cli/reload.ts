import type { House } from './house.ts';
import { readSettingsFile } from './settings-file.ts';
import type { World } from './world.ts';
import { compareForReload, formatProblem, type Settings, watchFiles } from '../config/index.ts';
import { fail, type Milliseconds, milliseconds, type Result, succeed } from '../domain/index.ts';

/** Reloads the settings when the file, its secrets or its certificates change, and on SIGHUP. */
export interface Reloading {
  stop(): void;
}

/** What reloading needs of the house. */
export type Reloaded = Pick<House, 'replace' | 'keep' | 'refuse'>;

/**
 * A refused file may come right without a change to anything that is watched: a secret that it names, and that was
 * not there yet. So it is looked at again, and what is told already is not told again.
 */
const LOOK_AGAIN = milliseconds(2_500);

export function startReloading(
  file: string,
  initial: Settings,
  house: Reloaded,
  world: Pick<World, 'environment' | 'onSignal'>,
  lookAgain: Milliseconds = LOOK_AGAIN,
): Reloading {
  let inForce = initial;
  let refused: string | null = null;
  let running: Promise<void> = Promise.resolve();
  let next: NodeJS.Timeout | undefined;
  let isStopped = false;
  const reloadLoudly = (): void => {
    refused = null;
    reload();
  };
  const watch = watchFiles(initial.files, reloadLoudly);
  const forgetSignal = world.onSignal('SIGHUP', reloadLoudly);
  // The file may have changed between the first reading and the watch.
  reload();

  return {
    stop() {
      isStopped = true;
      clearTimeout(next);
      forgetSignal();
      watch.close();
    },
  };

  /** One at a time, in order: two quick changes must not overtake each other. */
  function reload(): void {
    clearTimeout(next);
    running = running.then(readAndReplace).catch((error: unknown) => {
      refuse([`the reload failed: ${error instanceof Error ? error.name : 'unknown'}`]);
    });
  }

  async function readAndReplace(): Promise<void> {
    const read = await readAcceptable();
    if (isStopped) return;
    if (!read.ok) {
      refuse(read.failure);
      return;
    }
    watch.replace(read.value.files);
    if (read.value.generation === inForce.generation) house.keep();
    else house.replace(read.value);
    inForce = read.value;
    refused = null;
  }

  /** The settings of the file, or why none of it can be put in force. */
  async function readAcceptable(): Promise<Result<Settings, readonly string[]>> {
    const read = await readSettingsFile(file, world, { offline: false });
    if (!read.ok) return fail(read.failure.map(formatProblem));
    const restart = compareForReload(inForce, read.value);
    if (restart.length === 0) return succeed(read.value);
    return fail([`a change of ${restart.join(', ')} needs a restart; nothing of this file is in force`]);
  }

  function refuse(problems: readonly string[]): void {
    clearTimeout(next);
    if (!isStopped) next = setTimeout(reload, lookAgain).unref();
    const told = problems.join('\n');
    if (told === refused) return;
    refused = told;
    house.refuse(problems);
  }
}
