/** `EADDRINUSE` and the like; the text of a foreign error may quote a request or a file, and is not repeated. */
export function codeOf(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return classNameOf(cause);
}

export function classNameOf(cause: unknown): string {
  return cause instanceof Error ? cause.constructor.name : typeof cause;
}
