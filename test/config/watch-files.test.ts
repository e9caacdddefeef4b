import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileWatch, watchFiles, type WatchTempo } from '../../src/config/index.ts';

/** Events alone: polling would come far too late for any of these tests. */
const EVENTS: WatchTempo = { settleMs: 20, patienceMs: 200, pollMs: 3_600_000 };
/** Polling alone: what an event brings would come far too late. */
const POLLING: WatchTempo = { settleMs: 3_600_000, patienceMs: 3_600_000, pollMs: 20 };

describe('watchFiles', () => {
  let folder: string;
  let watch: FileWatch | null;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-watch-'));
    watch = null;
  });
  afterEach(() => {
    watch?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (...names: string[]): string => join(folder, ...names);

  function begin(paths: readonly string[], tempo: WatchTempo = EVENTS): Changes {
    const changes = createChanges();
    watch = watchFiles(paths, changes.count, tempo);
    return changes;
  }

  it('sees a file that is written in place, again and again', async () => {
    writeFileSync(at('a'), '1');
    const changes = begin([at('a')]);
    for (const [index, text] of ['2', '3', '4'].entries()) {
      writeFileSync(at('a'), text);
      await changes.reach(index + 1);
    }
  });

  it('sees a file that another is renamed over, again and again', async () => {
    writeFileSync(at('a'), '1');
    const changes = begin([at('a')]);
    for (const [index, text] of ['2', '3', '4'].entries()) {
      writeFileSync(at('new'), text);
      renameSync(at('new'), at('a'));
      await changes.reach(index + 1);
    }
  });

  it('sees a Kubernetes swap of ..data, again and again', async () => {
    const publish = (version: string): void => {
      mkdirSync(at(`..${version}`));
      writeFileSync(at(`..${version}`, 'gatehouse.yaml'), version);
      symlinkSync(`..${version}`, at('..data_tmp'));
      renameSync(at('..data_tmp'), at('..data'));
    };
    publish('1');
    symlinkSync('..data/gatehouse.yaml', at('gatehouse.yaml'));
    const changes = begin([at('gatehouse.yaml')]);
    for (const [index, version] of ['2', '3', '4'].entries()) {
      publish(version);
      await changes.reach(index + 1);
      rmSync(at(`..${Number(version) - 1}`), { recursive: true });
    }
  });

  it('sees a symlink to another folder that is swapped, and what it leads to written in place', async () => {
    for (const name of ['one', 'two', 'three', 'settings']) mkdirSync(at(name));
    for (const name of ['one', 'two', 'three']) writeFileSync(at(name, 'a'), name);
    symlinkSync(at('one', 'a'), at('settings', 'a'));
    const changes = begin([at('settings', 'a')]);
    for (const [index, name] of ['two', 'three'].entries()) {
      symlinkSync(at(name, 'a'), at('settings', 'next'));
      renameSync(at('settings', 'next'), at('settings', 'a'));
      await changes.reach(index + 1);
    }
    writeFileSync(at('three', 'a'), 'written in place');
    await changes.reach(3);
  });

  it('sees a symlinked folder on the way that is swapped', async () => {
    for (const name of ['v1', 'v2']) {
      mkdirSync(at(name));
      writeFileSync(at(name, 'a'), name);
    }
    symlinkSync('v1', at('current'));
    const changes = begin([at('current', 'a')]);
    symlinkSync('v2', at('next'));
    renameSync(at('next'), at('current'));
    await changes.reach(1);
    writeFileSync(at('v2', 'a'), 'written in place');
    await changes.reach(2);
  });

  it('sees a file go away and come back', async () => {
    writeFileSync(at('a'), '1');
    const changes = begin([at('a')]);
    unlinkSync(at('a'));
    await changes.reach(1);
    writeFileSync(at('a'), '1');
    await changes.reach(2);
  });

  it('does not call for a file that was touched or written with what it held', async () => {
    writeFileSync(at('a'), '1');
    writeFileSync(at('b'), '1');
    const changes = begin([at('a'), at('b')]);
    utimesSync(at('a'), 1, 1);
    writeFileSync(at('a'), '1');
    writeFileSync(at('stranger'), '1');
    await new Promise((resolve) => setTimeout(resolve, 10 * EVENTS.settleMs));
    writeFileSync(at('b'), '2');
    await changes.reach(1);
    expect(changes.total()).toBe(1);
  });

  it('sees a change in a folder that is never quiet', async () => {
    writeFileSync(at('a'), '1');
    const changes = begin([at('a')], { ...EVENTS, settleMs: 1_000 });
    const noise = setInterval(() => writeFileSync(at('noise'), String(performance.now())), 5);
    writeFileSync(at('a'), '2');
    await changes.reach(1).finally(() => clearInterval(noise));
  });

  it('watches a folder anew that was replaced by another', async () => {
    mkdirSync(at('inner'));
    writeFileSync(at('inner', 'a'), '1');
    writeFileSync(at('b'), '1');
    const changes = begin([at('inner', 'a'), at('b')]);
    renameSync(at('inner'), at('old'));
    mkdirSync(at('inner'));
    writeFileSync(at('inner', 'a'), '2');
    await changes.reach(1);
    writeFileSync(at('inner', 'a'), '3');
    await changes.reach(2);
  });

  it('sees by polling what no event tells: a file in a folder that was not there', async () => {
    const changes = begin([at('later', 'a')], POLLING);
    mkdirSync(at('later'));
    writeFileSync(at('later', 'a'), '1');
    await changes.reach(1);
    writeFileSync(at('later', 'a'), '2');
    await changes.reach(2);
  });

  it('watches other files after replace, and keeps what it knows of those that stay', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(at(name), '1');
    const changes = begin([at('a'), at('b')], POLLING);
    // Changed before anybody looked: replace() must not take the new content for the known one.
    writeFileSync(at('b'), '2');
    watch?.replace([at('b'), at('c')]);
    await changes.reach(1);
    writeFileSync(at('a'), '2');
    writeFileSync(at('c'), '2');
    await changes.reach(2);
    expect(changes.total()).toBe(2);
  });

  it('may be replaced from within the call that tells of a change', async () => {
    writeFileSync(at('a'), '1');
    const changes = createChanges();
    watch = watchFiles(
      [at('a')],
      () => {
        watch?.replace([at('a'), at('missing')]);
        changes.count();
      },
      EVENTS,
    );
    writeFileSync(at('a'), '2');
    await changes.reach(1);
    writeFileSync(at('a'), '3');
    await changes.reach(2);
  });

  it('calls no more once it is closed', async () => {
    writeFileSync(at('a'), '1');
    const changes = begin([at('a')], { ...EVENTS, pollMs: 10 });
    writeFileSync(at('a'), '2');
    watch?.close();
    watch?.replace([at('a')]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(changes.total()).toBe(0);
  });

  it('takes paths of every kind without throwing', () => {
    symlinkSync('loop', at('loop'));
    begin([at('loop'), folder, '/', at('x'.repeat(300)), at('not', 'there')]);
  });
});

interface Changes {
  readonly count: () => void;
  readonly total: () => number;
  /** Waits until so many changes were told. */
  readonly reach: (wanted: number) => Promise<void>;
}

function createChanges(): Changes {
  let total = 0;
  let check = (): void => undefined;
  return {
    count: () => {
      total += 1;
      check();
    },
    total: () => total,
    reach: (wanted) =>
      new Promise((resolve) => {
        check = () => {
          if (total >= wanted) resolve();
        };
        check();
      }),
  };
}
