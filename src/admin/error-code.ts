import { types } from 'node:util';

/** `EADDRINUSE` and the like; the text of a foreign error is not repeated. */
export function codeOf(cause: unknown): string {
  if (!types.isNativeError(cause)) return typeof cause;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
