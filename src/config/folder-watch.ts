import { type FSWatcher, lstatSync, readlinkSync, statSync, watch } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/**
 * Watches every folder in which something could change what a path leads to. Folders, not files: a watch on a
 * file follows the file away when another is renamed over it, and sees the first swap of a symlink only.
 */
export interface FolderWatch {
  /** Watches what leads to these files now; folders that were replaced by others are watched anew. */
  follow(paths: readonly string[]): void;
  close(): void;
}

interface WatchedFolder {
  /** Which folder it is, whatever its name. */
  readonly identity: string;
  readonly watcher: FSWatcher;
}

export function createFolderWatch(onEvent: () => void): FolderWatch {
  const watched = new Map<string, WatchedFolder>();
  return { follow, close: () => forget([...watched.keys()]) };

  function follow(paths: readonly string[]): void {
    const wanted = new Set(paths.flatMap(foldersOnTheWay));
    forget([...watched.keys()].filter((folder) => !wanted.has(folder)));
    for (const folder of wanted) {
      const identity = identityOf(folder);
      if (watched.get(folder)?.identity === identity) continue;
      forget([folder]);
      if (identity !== null) begin(folder, identity);
    }
  }

  function begin(folder: string, identity: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, onEvent);
      // The folder went away, or the system has no more watches to give: the next look tries again.
      watcher.on('error', () => forget([folder]));
      watched.set(folder, { identity, watcher });
    } catch {
      // The same; polling goes on.
    }
  }

  function forget(folders: readonly string[]): void {
    for (const folder of folders) {
      watched.get(folder)?.watcher.close();
      watched.delete(folder);
    }
  }
}

const LINKS_MAX = 40;

/** The folder of the file, and of every symlink that is followed to reach it. */
export function foldersOnTheWay(path: string): readonly string[] {
  const folders = new Set<string>();
  let pending = resolve(path);
  for (let links = 0; links < LINKS_MAX; links += 1) {
    const link = firstLink(pending);
    if (link === null) break;
    folders.add(dirname(link.at));
    pending = link.leadsTo;
  }
  folders.add(dirname(pending));
  return [...folders];
}

interface Link {
  readonly at: string;
  /** The whole path with this one link followed. */
  readonly leadsTo: string;
}

function firstLink(path: string): Link | null {
  const segments = path.split(sep).slice(1);
  let at = '';
  for (const [index, segment] of segments.entries()) {
    at = `${at}${sep}${segment}`;
    const target = targetOf(at);
    if (target === null) continue;
    return { at, leadsTo: join(resolve(dirname(at), target), ...segments.slice(index + 1)) };
  }
  return null;
}

/** `null` when it is no symlink, or not there. */
function targetOf(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}

function identityOf(folder: string): string | null {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
