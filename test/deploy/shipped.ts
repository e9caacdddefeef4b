/** Reads the files that are shipped, from the top of the repository. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

/** Path on this machine of a file or folder of the repository. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export function shippedText(path: string): string {
  return readFileSync(repositoryPath(path), 'utf8');
}

/** Throws on duplicate keys and on anything that is not one YAML document. */
export function shippedYaml(path: string): unknown {
  return parse(shippedText(path), { strict: true, uniqueKeys: true, prettyErrors: true });
}

/** The fenced blocks of a language in a page, in order. */
export function fencedBlocks(page: string, language: string): readonly string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...page.matchAll(fence)].map(([, text]) => text ?? '');
}
