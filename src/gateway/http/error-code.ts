/** `EADDRINUSE` and the like; the text of a foreign error is not repeated. */
export function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
