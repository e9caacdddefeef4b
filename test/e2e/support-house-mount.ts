/**
 * A folder whose files change in the three ways in which files change under a running program.
 *
 * In: new contents. Out: the files with these contents, by a write in place, by a rename over the old file, or as
 * Kubernetes does it: every file is a link through `..data`, and that link is swapped.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type WayToChange = 'a write in place' | 'a symlink swap' | 'a rename';

export interface MountedFolder {
  change(way: WayToChange, contents: Readonly<Record<string, string>>): void;
}

/** Turns files that are there already into links through `..data`, each by a rename, so that they are never missing. */
export function mountFolder(folder: string, names: readonly string[]): MountedFolder {
  const contents = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  let version = 0;
  publish();
  for (const name of names) replaceByLink(name, join('..data', name));

  return {
    change(way, changes) {
      for (const [name, text] of Object.entries(changes)) contents.set(name, text);
      switch (way) {
        case 'a symlink swap': {
          publish();
          return;
        }
        case 'a write in place':
          for (const [name, text] of Object.entries(changes)) writeFileSync(join(folder, name), text);
          return;
        case 'a rename':
          for (const [name, text] of Object.entries(changes)) {
            writeFileSync(join(folder, `${name}.new`), text, { mode: 0o600 });
            renameSync(join(folder, `${name}.new`), join(folder, name));
          }
          return;
      }
    },
  };

  function publish(): void {
    const before = join(folder, `..version-${version}`);
    version += 1;
    const next = `..version-${version}`;
    mkdirSync(join(folder, next));
    for (const [name, text] of contents) writeFileSync(join(folder, next, name), text, { mode: 0o600 });
    replaceByLink('..data', next);
    rmSync(before, { recursive: true, force: true });
  }

  function replaceByLink(name: string, target: string): void {
    symlinkSync(target, join(folder, `${name}.link`));
    renameSync(join(folder, `${name}.link`), join(folder, name));
  }
}
