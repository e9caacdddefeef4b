/** One challenge as a strict reader of RFC 9110 sections 11.2 to 11.6.1 sees it. */
export interface ParsedChallenge {
  readonly scheme: string;
  /** Names in lower case, in the order of the field. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACES = / +/y;
const BETWEEN = /, /y;
// RFC 9110 section 5.6.4: qdtext and quoted-pair, here without obs-text.
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*)"/y;

/** Throws for anything but exactly one well-formed challenge with at least one parameter (RFC 6750 section 3). */
export function parseChallenge(text: string): ParsedChallenge {
  let at = 0;
  const scheme = take(TOKEN);
  take(SPACES);
  const parameters = new Map<string, string>();
  do {
    const name = take(TOKEN).toLowerCase();
    if (parameters.has(name)) throw new Error(`parameter ${name} stands twice`);
    take(/=/y);
    parameters.set(name, take(QUOTED).slice(1, -1).replace(/\\(.)/g, '$1'));
  } while (at < text.length && take(BETWEEN) !== '');
  return { scheme, parameters };

  function take(piece: RegExp): string {
    piece.lastIndex = at;
    const found = piece.exec(text)?.[0];
    if (found === undefined) throw new Error(`no ${piece.source} at ${at} of ${JSON.stringify(text)}`);
    at += found.length;
    return found;
  }
}
