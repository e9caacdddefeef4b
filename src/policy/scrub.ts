import { foldHeaderName } from './header-spelling.ts';

/** Whether a folded header name is one that never reaches an upstream. */
export type IsScrubbed = (folded: string) => boolean;

/**
 * @param patterns header names, or beginnings of names followed by one `*`; case and separators do not matter.
 */
export function compileScrub(patterns: readonly string[]): IsScrubbed {
  const names = new Set<string>();
  const beginnings: string[] = [];
  for (const pattern of patterns) {
    const folded = foldHeaderName(pattern);
    if (folded.endsWith('*')) beginnings.push(folded.slice(0, -1));
    else names.add(folded);
  }
  return (folded) => names.has(folded) || beginnings.some((beginning) => folded.startsWith(beginning));
}

/** A star alone is none: it would take away every header that a request lives on. */
export function problemOfScrub(pattern: string): string | null {
  if (/^[!#$%&'+.^_`|~0-9A-Za-z-]+\*?$/.test(pattern)) return null;
  return 'is not a header name, nor the beginning of one followed by one star; write x-remote-user or x-auth-*';
}
