/** What the tokens of a client look like, where that is known: others are not shown to its server. */
export type TokenForm =
  /** How they begin: one of these. */
  | { readonly kind: 'prefixes'; readonly prefixes: readonly string[] }
  /** The whole of them, in the language of `matching/token-pattern.ts`. */
  | { readonly kind: 'pattern'; readonly pattern: string };
