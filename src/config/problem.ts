/** One thing that is wrong with the settings, or worth a warning. Holds no secret. */
export interface Problem {
  readonly file: string;
  /** From 1; `null` when the file could not be read at all. */
  readonly line: number | null;
  readonly column: number | null;
  /** Where in the file's own structure: `routes[1].match.paths[0]`; empty for the file as a whole. */
  readonly key: string;
  /** What is wrong, and what would be right. */
  readonly message: string;
}

/** `gatehouse.yaml:10:12 wait.max: "2 seconds" is not a duration; write …` */
export function formatProblem({ file, line, column, key, message }: Problem): string {
  const place = line === null || column === null ? file : `${file}:${line}:${column}`;
  return key === '' ? `${place}: ${message}` : `${place} ${key}: ${message}`;
}
