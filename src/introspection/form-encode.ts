/**
 * One value of `application/x-www-form-urlencoded` (RFC 6749 appendix B). Letters, digits and `-_.~` stay as they
 * are, so that ordinary client ids also reach servers that forget to decode.
 */
export function formEncode(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(/%20|[!'()]/g, (piece) => REST.get(piece) ?? piece);
}

const REST: ReadonlyMap<string, string> = new Map([
  ['%20', '+'],
  ['!', '%21'],
  ["'", '%27'],
  ['(', '%28'],
  [')', '%29'],
]);
