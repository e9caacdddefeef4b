import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createFolderWatch } from './folder-watch.ts';

/** Watches files for changes of what is in them. */
export interface FileWatch {
  /** Watches these files from now on. Those it watched before keep what is known of them. */
  replace(paths: readonly string[]): void;
  close(): void;
}

export interface WatchTempo {
  /** Quiet time after the last event before files are read; writers need a moment. */
  readonly settleMs: number;
  /** A folder that is never quiet is looked at all the same after this time. */
  readonly patienceMs: number;
  /** Files are read without any event, too: some file systems tell nothing. */
  readonly pollMs: number;
}

const TEMPO: WatchTempo = { settleMs: 100, patienceMs: 1_000, pollMs: 2_500 };

/**
 * Calls back when the content of one of these files has changed, appeared or gone.
 *
 * In: paths. Out: a call after each change, whether it came by writing in place, by renaming, or by swapping a
 * symlink on the way to the file (Kubernetes: `..data`).
 * Never: an exception; a watcher that the system refuses leaves polling. Never a reason for the process to live on.
 */
export function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  tempo: WatchTempo = TEMPO,
): FileWatch {
  let known = new Map<string, string>();
  let isClosed = false;
  let looking: Promise<void> | null = null;
  let mustLookAgain = false;
  let settling: NodeJS.Timeout | null = null;
  let unsettledSince = 0;

  const folders = createFolderWatch(stir);
  const poll = setInterval(() => look(), tempo.pollMs).unref();
  replace(paths);

  return {
    replace,
    close() {
      isClosed = true;
      clearInterval(poll);
      if (settling !== null) clearTimeout(settling);
      folders.close();
    },
  };

  function replace(next: readonly string[]): void {
    if (isClosed) return;
    const before = known;
    known = new Map(
      next.map((path) => resolve(path)).map((path) => [path, before.get(path) ?? printOf(path)]),
    );
    folders.follow([...known.keys()]);
  }

  /** Something happened in a folder. */
  function stir(): void {
    if (isClosed) return;
    if (settling === null) unsettledSince = performance.now();
    else clearTimeout(settling);
    const patience = Math.max(0, unsettledSince + tempo.patienceMs - performance.now());
    settling = setTimeout(
      () => {
        settling = null;
        look();
      },
      Math.min(tempo.settleMs, patience),
    ).unref();
  }

  /** One look at a time; what happens meanwhile is seen by the next. */
  function look(): void {
    if (looking !== null) {
      mustLookAgain = true;
      return;
    }
    looking = compare().then((hasChanged) => {
      looking = null;
      if (isClosed) return;
      folders.follow([...known.keys()]);
      if (mustLookAgain) {
        mustLookAgain = false;
        look();
      }
      if (hasChanged) onChange();
    });
  }

  async function compare(): Promise<boolean> {
    let hasChanged = false;
    for (const path of [...known.keys()]) {
      const print = await printLaterOf(path);
      if (known.get(path) === print || !known.has(path)) continue;
      known.set(path, print);
      hasChanged = true;
    }
    return hasChanged;
  }
}

/** Tells one content from another; the content itself, which may be a secret, is not kept. */
function printOf(path: string): string {
  try {
    return digest(readFileSync(path));
  } catch (error) {
    return absence(error);
  }
}

async function printLaterOf(path: string): Promise<string> {
  try {
    return digest(await readFile(path));
  } catch (error) {
    return absence(error);
  }
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('base64');
}

function absence(error: unknown): string {
  return `unreadable: ${error instanceof Error && 'code' in error ? String(error.code) : ''}`;
}
