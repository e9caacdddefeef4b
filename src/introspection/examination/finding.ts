import { URL } from 'node:url';

/** What an examination found out, for a person to read. Holds no secret, no token and no body of an answer. */
export interface Finding {
  readonly chapter: Chapter;
  /** `odd`: not as the RFCs have it, or not as it is meant, but it works. `broken`: introspection would not work. */
  readonly weight: 'fact' | 'fine' | 'odd' | 'broken';
  /** A sentence without its full stop. */
  readonly text: string;
  /** Alternatives that deal with it: YAML as it stands in the client, of one line or more. */
  readonly settings: readonly string[];
}

/** `way`: to a server, with its origin. */
export type Chapter =
  | { readonly kind: 'settings' | 'metadata' | 'authentication' | 'question' }
  | { readonly kind: 'way'; readonly origin: string };

/** Writes findings of one chapter, one by one as they are made. */
export interface Notes {
  fact(text: string): void;
  fine(text: string): void;
  odd(text: string, ...settings: readonly string[]): void;
  broken(text: string, ...settings: readonly string[]): void;
}

/** @param isNeeded whether introspection does without what the chapter is about: nothing is broken then. */
export function createNotes(
  chapter: Chapter,
  tell: (finding: Finding) => void,
  { isNeeded = true }: { readonly isNeeded?: boolean } = {},
): Notes {
  const note = (weight: Finding['weight'], text: string, settings: readonly string[]): void =>
    tell({ chapter, weight, text, settings });
  return {
    fact: (text) => note('fact', text, []),
    fine: (text) => note('fine', text, []),
    odd: (text, ...settings) => note('odd', text, settings),
    broken: (text, ...settings) => note(isNeeded ? 'broken' : 'odd', text, settings),
  };
}

/** Foreign text, so that it cannot play with the terminal. Valid in YAML, too. */
export function quoted(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const escaped = (character: string): string =>
    [...new Array<undefined>(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join('');
  return JSON.stringify(shown).replace(/\p{C}/gu, escaped);
}

/** A URL without its query, where a key may be. */
export function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return quoted(url);
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}

const LONGEST = 200;
