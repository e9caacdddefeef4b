import { crc32 } from 'node:zlib';
import { fail, type Result, succeed, type TokenFilter } from '../domain/index.ts';
import { compileTokenForm } from './token-form.ts';

/** Whether a token can be one at all. One look at each character. */
export type PassesFilter = (token: string) => boolean;

type Compiled = Result<PassesFilter, string>;

// As with forms: looked at with every token, and settings never change.
const known = new WeakMap<TokenFilter, Compiled>();

/** The failure completes a sentence about `characters`. */
export function compileTokenFilter(filter: TokenFilter): Compiled {
  const before = known.get(filter);
  if (before !== undefined) return before;
  const compiled = compile(filter);
  known.set(filter, compiled);
  return compiled;
}

function compile(filter: TokenFilter): Compiled {
  const { minLength, maxLength, characters, checksum } = filter;
  const all = characters === null ? null : compileTokenForm({ kind: 'pattern', pattern: `[${characters}]+` });
  if (all !== null && !all.ok) return fail(all.failure);
  const isChecked = checksum === null ? null : checksumOver(checksum.prefixes);

  return succeed((token) => {
    if (token.length < minLength || token.length > maxLength) return false;
    if (all !== null && !all.value.fits(token)) return false;
    return isChecked === null || isChecked(token);
  });
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM_LENGTH = 6;

/** The form that tokens of GitHub and npm have: prefix, random characters, CRC-32 of those in base 62, `0` in front. */
function checksumOver(prefixes: readonly string[]): PassesFilter {
  return (token) => {
    const prefix = prefixes.find((candidate) => token.startsWith(candidate)) ?? '';
    const end = token.length - CHECKSUM_LENGTH;
    if (end <= prefix.length) return false;
    return token.slice(end) === inBase62(crc32(token.slice(prefix.length, end)));
  };
}

function inBase62(value: number): string {
  let text = '';
  for (let left = value; text.length < CHECKSUM_LENGTH; left = Math.floor(left / 62)) {
    text = DIGITS.charAt(left % 62) + text;
  }
  return text;
}
