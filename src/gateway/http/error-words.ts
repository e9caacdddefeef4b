/** `EADDRINUSE` and the like, else the class. The text of a foreign error is never repeated: it may quote the request. */
export function codeOf(cause: unknown): string {
  return wordOf(cause, 'code') ?? classOf(cause);
}

/** `TypeError` and the like. */
export function classOf(cause: unknown): string {
  return wordOf(cause, 'name') ?? typeof cause;
}

function wordOf(cause: unknown, member: 'code' | 'name'): string | null {
  if (typeof cause !== 'object' || cause === null) return null;
  const word: unknown = Reflect.get(cause, member);
  return typeof word === 'string' ? word : null;
}
