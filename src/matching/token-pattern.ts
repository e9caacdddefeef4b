import { fail, type Result, succeed } from '../domain/index.ts';

/**
 * The form of a token, as a tree. The language is small on purpose: what it can say, an automaton decides in one
 * step for each character, and two of them can be compared. There is nothing that looks ahead or back.
 */
export type PatternNode =
  | { readonly kind: 'one'; readonly characters: ReadonlySet<string> }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly arms: readonly PatternNode[] }
  /** `most`: Infinity for no bound. */
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

/** What a token can be made of (b64token, RFC 6750 section 2.1). */
export const TOKEN_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=';
const ANY: ReadonlySet<string> = new Set(TOKEN_CHARACTERS);

const ANYTHING: PatternNode = { kind: 'one', characters: ANY };
const PATTERN_LENGTH_MAX = 256;
const REPEAT_MAX = 256;
const SPECIAL = '.[](){}|*+?\\';

/** A fixed beginning, and anything behind it. */
export function parseTokenPrefix(prefix: string): Result<PatternNode, string> {
  if (prefix === '') return fail('is empty');
  return withoutFlaw(() => ({
    kind: 'sequence',
    parts: [...Array.from(prefix, one), { kind: 'repeat', part: ANYTHING, least: 0, most: Infinity }],
  }));
}

/**
 * Reads a pattern for whole tokens: characters, `.` for any, `[a-z0-9_-]`, `( | )`, `? * + {n} {n,m} {n,}`, and a
 * backslash before a character that has a meaning. The failure completes a sentence about the pattern.
 */
export function parseTokenPattern(text: string): Result<PatternNode, string> {
  if (text === '') return fail('is empty');
  if (text.length > PATTERN_LENGTH_MAX) return fail(`is over ${PATTERN_LENGTH_MAX} characters`);
  return withoutFlaw(() => {
    const reader: Reader = { text, at: 0, depth: 0 };
    const node = readChoice(reader);
    if (reader.at < text.length) throw new PatternFlaw('has a ) too many');
    return node;
  });
}

function withoutFlaw(read: () => PatternNode): Result<PatternNode, string> {
  try {
    return succeed(read());
  } catch (error) {
    if (error instanceof PatternFlaw) return fail(error.message);
    throw error;
  }
}

/** Never leaves this file: unwinds the reader. */
class PatternFlaw extends Error {}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

function readChoice(reader: Reader): PatternNode {
  const arms = [readSequence(reader)];
  while (take(reader, '|')) arms.push(readSequence(reader));
  const [only] = arms;
  return only !== undefined && arms.length === 1 ? only : { kind: 'choice', arms };
}

function readSequence(reader: Reader): PatternNode {
  const parts: PatternNode[] = [];
  while (reader.at < reader.text.length && !'|)'.includes(peek(reader))) parts.push(readRepeat(reader));
  return { kind: 'sequence', parts };
}

function readRepeat(reader: Reader): PatternNode {
  const part = readAtom(reader);
  const bounds = readBounds(reader);
  if (bounds === null) return part;
  if (readBounds(reader) !== null)
    throw new PatternFlaw('repeats a repetition; put it in ( ), if it is meant');
  return { kind: 'repeat', part, ...bounds };
}

function readAtom(reader: Reader): PatternNode {
  const character = next(reader);
  switch (character) {
    case '.':
      return ANYTHING;
    case '[':
      return readClass(reader);
    case '(':
      return readGroup(reader);
    case '\\':
      return escaped(reader);
    case '^':
    case '$':
      throw new PatternFlaw(`has a ${character}; it is about the whole token anyway, leave it out`);
    case '*':
    case '+':
    case '?':
    case '{':
      // A plus can be part of a token, so it may be meant.
      throw new PatternFlaw(
        `has a ${character} with nothing before it to repeat; write \\${character} for the character`,
      );
    case ']':
    case '}':
      throw new PatternFlaw(`has a ${character} too many`);
    default:
      return one(character);
  }
}

const DEPTH_MAX = 16;

function readGroup(reader: Reader): PatternNode {
  if (take(reader, '?')) throw new PatternFlaw('has a (?; there are no groups with a special meaning here');
  reader.depth += 1;
  if (reader.depth > DEPTH_MAX) throw new PatternFlaw('has too many ( inside of each other');
  const node = readChoice(reader);
  if (!take(reader, ')')) throw new PatternFlaw('has a ( that is never closed');
  reader.depth -= 1;
  return node;
}

function escaped(reader: Reader): PatternNode {
  if (reader.at >= reader.text.length) throw new PatternFlaw('ends in a backslash');
  const character = next(reader);
  if (SPECIAL.includes(character)) return one(character);
  throw new PatternFlaw(`has \\${character}, which means nothing here; write what is meant, as in [0-9]`);
}

function readClass(reader: Reader): PatternNode {
  const isNegated = take(reader, '^');
  const listed = new Set<string>();
  while (!take(reader, ']')) {
    const first = classMember(reader);
    if (!(peek(reader) === '-' && reader.text[reader.at + 1] !== ']')) {
      listed.add(first);
      continue;
    }
    next(reader);
    const last = classMember(reader);
    if (last < first) throw new PatternFlaw(`has a range that goes backwards: ${first}-${last}`);
    for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code += 1) {
      const character = String.fromCharCode(code);
      if (ANY.has(character)) listed.add(character);
    }
  }
  if (listed.size === 0) throw new PatternFlaw('has a [ ] with nothing in it');
  const characters = isNegated ? new Set([...ANY].filter((character) => !listed.has(character))) : listed;
  if (characters.size === 0) throw new PatternFlaw('has a [^ ] that leaves nothing');
  return { kind: 'one', characters };
}

function classMember(reader: Reader): string {
  if (reader.at >= reader.text.length) throw new PatternFlaw('has a [ that is never closed');
  const character = next(reader);
  const meant = character === '\\' ? next(reader) : character;
  if (!ANY.has(meant)) throw new PatternFlaw(notInTokens(meant));
  return meant;
}

function readBounds(reader: Reader): { readonly least: number; readonly most: number } | null {
  if (take(reader, '*')) return { least: 0, most: Infinity };
  if (take(reader, '+')) return { least: 1, most: Infinity };
  if (take(reader, '?')) return { least: 0, most: 1 };
  if (peek(reader) !== '{') return null;
  const [whole, first = '', comma, second = ''] =
    /^\{([0-9]{1,4})(,)?([0-9]{1,4})?\}/.exec(reader.text.slice(reader.at)) ?? [];
  if (whole === undefined || (comma === undefined && second !== ''))
    throw new PatternFlaw('has a { that is no number of times; write {20}, {20,} or {20,40}');
  reader.at += whole.length;
  const least = Number(first);
  const most = comma === undefined ? least : second === '' ? Infinity : Number(second);
  if (most < least) throw new PatternFlaw(`has bounds that go backwards: ${whole}`);
  if (least > REPEAT_MAX || (most !== Infinity && most > REPEAT_MAX))
    throw new PatternFlaw(`repeats more than ${REPEAT_MAX} times; write {n,} for no bound`);
  return { least, most };
}

function one(character: string): PatternNode {
  if (!ANY.has(character)) throw new PatternFlaw(notInTokens(character));
  return { kind: 'one', characters: new Set([character]) };
}

function notInTokens(character: string): string {
  return /^[\x21-\x7e]$/.test(character)
    ? `has ${character}, which no token can have (RFC 6750 section 2.1)`
    : 'has a character that no token can have (RFC 6750 section 2.1)';
}

function peek({ text, at }: Reader): string {
  return text[at] ?? '';
}

function next(reader: Reader): string {
  const character = peek(reader);
  reader.at += 1;
  return character;
}

function take(reader: Reader, character: string): boolean {
  if (peek(reader) !== character) return false;
  reader.at += 1;
  return true;
}
