/**
 * One value of `application/x-www-form-urlencoded` (RFC 6749 appendix B). Letters, digits and `-_.~` stay as they
 * are, so that ordinary client ids also reach servers that forget to decode.
 */
export function formEncode(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(/%20|[!'()]/g, (piece) => REST.get(piece) ?? piece);
}

/** The same of a byte string, one character for each byte, whether or not they are UTF-8. */
export function formEncodeBytes(bytes: string): string {
  return bytes.replace(/[^\w.~*-]/g, (byte) => (byte === ' ' ? '+' : percentEncoded(byte)));
}

/** One byte, given as a character: `%0A`. */
export function percentEncoded(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

const REST: ReadonlyMap<string, string> = new Map([
  ['%20', '+'],
  ['!', '%21'],
  ["'", '%27'],
  ['(', '%28'],
  [')', '%29'],
]);
