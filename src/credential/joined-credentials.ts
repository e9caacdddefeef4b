/**
 * What commas in an `Authorization` value stand between.
 *
 * - `several`: another credential begins behind a comma, or an element is empty, as when a gateway joined two
 *   header lines (ENV-5).
 * - `parameters`: every later element is a parameter of the first credential, as in Digest (RFC 9110 section 11.4).
 * - `words`: anything else, as in `Bearer a,b`.
 */
export type Joined = 'several' | 'parameters' | 'words';

const PARAMETER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=/;
const SCHEME_AND_MORE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]+[^ \t=]/;
/** A line that held our scheme and nothing behind it. */
const SCHEME_ALONE = /^bearer[ \t]*$/i;

/** Linear in the length of `value`, which the caller bounds. */
export function joinedCredentials(value: string): Joined {
  const [first = '', ...rest] = value.split(',').map(withoutLeadingBlanks);
  if (first === '' || rest.some(isCredential)) return 'several';
  return rest.every((element) => PARAMETER.test(element)) ? 'parameters' : 'words';
}

function isCredential(element: string): boolean {
  return element === '' || SCHEME_AND_MORE.test(element) || SCHEME_ALONE.test(element);
}

function withoutLeadingBlanks(element: string): string {
  return element.replace(/^[ \t]+/, '');
}
