/** Of an error that must not happen, only the class: its message may quote anything. */
export function classOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}
