const SPACE = 0x20;
const TAB = 0x09;

/**
 * Optional white space around a field value, or around a part of one, is no part of it (RFC 9110 section 5.5). `trim`
 * would take more, and a pattern for it takes time in proportion to the square of a run of blanks, which is the caller's.
 */
export function withoutBlanks(text: string): string {
  return text.slice(skipBlanks(text, 0), endWithoutBlanks(text));
}

export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

export function endWithoutBlanks(text: string): number {
  let end = text.length;
  while (isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
