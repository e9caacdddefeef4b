import type { House } from './house.ts';
import { readSettingsFile } from './settings-file.ts';
import type { World } from './world.ts';
import { compareForReload, formatProblem, type Settings, watchFiles } from '../config/index.ts';

/** Reloads the settings when the file, its secrets or its certificates change, and on SIGHUP. */
export interface Reloading {
  stop(): void;
}

export function startReloading(file: string, initial: Settings, house: House, world: World): Reloading {
  let inForce = initial;
  let running: Promise<void> = Promise.resolve();
  const watch = watchFiles(initial.files, reload);
  const forgetSignal = world.onSignal('SIGHUP', reload);
  // The file may have changed between the first reading and the watch.
  reload();

  return {
    stop() {
      forgetSignal();
      watch.close();
    },
  };

  /** One at a time, in order: two quick changes must not overtake each other. */
  function reload(): void {
    running = running.then(readAndReplace).catch((error: unknown) => {
      house.refuse([`the reload failed: ${error instanceof Error ? error.name : 'unknown'}`]);
    });
  }

  async function readAndReplace(): Promise<void> {
    const read = await readSettingsFile(file, world, { offline: false });
    if (!read.ok) {
      house.refuse(read.failure.map(formatProblem));
      return;
    }
    const next = read.value;
    const restart = compareForReload(inForce, next);
    if (restart.length > 0) {
      house.refuse([`a change of ${restart.join(', ')} needs a restart; nothing of this file is in force`]);
      return;
    }
    watch.replace(next.files);
    if (next.generation === inForce.generation) {
      house.keep();
      return;
    }
    house.replace(next);
    inForce = next;
  }
}
