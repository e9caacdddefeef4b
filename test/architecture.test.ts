import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

describe('the import table', () => {
  it('is kept by every file of src', async () => {
    const { stdout } = await run('node_modules/.bin/depcruise', [
      '--config',
      '.dependency-cruiser.cjs',
      'src',
    ]);
    expect(stdout).toContain('no dependency violations found');
  }, 60_000);

  it('is told by docs/architecture.md as the check holds it', async () => {
    const DOORS = require('../.import-table.cjs') as Record<string, string[]>;
    const text = await readFile('docs/architecture.md', 'utf8');
    for (const [room, doors] of Object.entries(DOORS)) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${room}\``));
      expect(row).toBeDefined();
      for (const door of doors) expect(row).toContain(door);
    }
  });
});
