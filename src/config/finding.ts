import type { Path } from './yaml/plain.ts';

/** A problem or a warning before it has a line: where in the structure, and what to say. */
export interface Finding {
  readonly path: Path;
  /** Which of the two to point at. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

export const atKey = (path: Path, message: string): Finding => ({ path, at: 'key', message });
export const atValue = (path: Path, message: string): Finding => ({ path, at: 'value', message });
