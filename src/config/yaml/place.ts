/** A place in the text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong with the text before it means anything. */
export interface YamlFlaw extends Place {
  readonly message: string;
}
