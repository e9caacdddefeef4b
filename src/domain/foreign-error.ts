/*
 * What may be told of an error that we did not make. Its message may quote a request, a token or a file, so it is
 * never repeated.
 */

/** The class: `TypeError` and the like. */
export function classOf(cause: unknown): string {
  return cause instanceof Error ? cause.constructor.name : typeof cause;
}

/** `EADDRINUSE` and the like; the class where there is no code. */
export function codeOf(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return classOf(cause);
}
