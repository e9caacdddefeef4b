import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { runProcess } from '../support/processes.ts';
import { fencedBlocks, repositoryPath, shippedText } from './shipped.ts';

const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['docs', 'docs/adr', 'docs/reference'].flatMap((folder) =>
    readdirSync(repositoryPath(folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

describe('the written pages', () => {
  it('the README is at most 150 lines long, in the promised order', () => {
    const readme = shippedText('README.md');
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
    expect(readme.match(/^## .*$/gm)).toEqual([
      '## Run it',
      '## Prove it',
      '## Put it before your gateway',
      '## Smallest settings',
      '## What it answers when',
      '## Production checklist',
      '## Where to go next',
    ]);
  });

  it.each(PAGES)('%s links only to what is there', (page) => {
    const links = [...shippedText(page).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)];
    const broken = links.flatMap(([link, file = '', heading]) => {
      if (/^[a-z]+:/.test(file)) return [];
      const path = file === '' ? page : join(dirname(page), file);
      const isThere = existsSync(repositoryPath(path));
      return isThere && (heading === undefined || headingsOf(path).includes(heading)) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });

  it('every make target that a page names exists', async () => {
    const { output } = await runProcess('make', ['--no-print-directory', 'help'], {
      name: 'make help',
      cwd: repositoryPath('.'),
    });
    const targets = new Set([...output.matchAll(/^ {2}make ([a-z-]+)/gm)].map(([, name]) => name!));
    expect(targets.has('demo')).toBe(true);

    const commands = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].flatMap((page) => {
      const text = shippedText(page);
      return [...fencedBlocks(text, ''), ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)];
    });
    const named = commands
      .flatMap((command) => [...command.matchAll(/^make ((?:[a-z-]+ ?)+)/gm)])
      // What follows two spaces is said about the command.
      .flatMap(([, words]) => words!.split('  ')[0]!.trim().split(' '));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !targets.has(name))).toEqual([]);
  });

  it('every decision is in the list of decisions, and says what would change our mind', () => {
    const list = shippedText('docs/adr/README.md');
    const decisions = readdirSync(repositoryPath('docs/adr')).filter((name) => /^\d{4}-/.test(name));
    expect(decisions.length).toBeGreaterThanOrEqual(8);
    for (const name of decisions) {
      expect(list).toContain(`(${name})`);
      const text = shippedText(`docs/adr/${name}`);
      for (const part of ['Context.', 'Decision.', 'Consequences.', 'What would change our mind.'])
        expect(text).toContain(`**${part}**`);
    }
  });
});

/** As a link names them behind `#`. */
function headingsOf(page: string): readonly string[] {
  return [...shippedText(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
