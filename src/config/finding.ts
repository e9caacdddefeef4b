import type { Path } from './yaml/plain.ts';

/** A problem or a warning before it has a line: where in the structure, and what to say. */
export interface Finding {
  readonly path: Path;
  /** Which of the two to point at. */
  readonly at: 'key' | 'value';
  readonly message: string;
  /** The place belongs to a later version: nothing else is to be said about what is there. */
  readonly isNotYet: boolean;
}

export function atKey(path: Path, message: string): Finding {
  return { path, at: 'key', message, isNotYet: false };
}

export function atValue(path: Path, message: string): Finding {
  return { path, at: 'value', message, isNotYet: false };
}

export function ofLaterVersion(path: Path, message: string): Finding {
  return { path, at: 'value', message, isNotYet: true };
}

/** Without what is said about places inside of what a later version brings. */
export function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const later = findings.filter(({ isNotYet }) => isNotYet);
  if (later.length === 0) return findings;
  return findings.filter(
    (finding) => finding.isNotYet || !later.some(({ path }) => isInside(finding.path, path)),
  );
}

function isInside(inner: Path, outer: Path): boolean {
  return outer.every((segment, index) => inner[index] === segment);
}
