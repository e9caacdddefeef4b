/** What a token of a client must have besides its form. */
export interface TokenFilter {
  readonly minLength: number;
  readonly maxLength: number;
  /** What it can be made of, as between the brackets of a pattern; `null`: all that tokens can be made of. */
  readonly characters: string | null;
  readonly checksum: TokenChecksum | null;
}

/** The last six characters are the CRC-32 of all between one of the prefixes and them, in base 62. */
export interface TokenChecksum {
  readonly kind: 'crc32-base62';
  /** Not counted in; empty: none. */
  readonly prefixes: readonly string[];
}

/** What the tokens of a client look like, where that is known: others are not shown to its server. */
export type TokenForm =
  /** How they begin: one of these. */
  | { readonly kind: 'prefixes'; readonly prefixes: readonly string[] }
  /** The whole of them, in the language of `matching/token-pattern.ts`. */
  | { readonly kind: 'pattern'; readonly pattern: string };
