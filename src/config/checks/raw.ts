import { isList, isMap, type Path, type Plain, type PlainMap, valueAt } from '../yaml/plain.ts';

/**
 * A value of the file that may be of any shape: checks across keys must work beside every other mistake, so that
 * all problems are found at once. What is not of the shape that is asked for reads as nothing.
 */
export interface Raw {
  readonly path: Path;
  readonly value: Plain | undefined;
}

export function at({ value, path }: Raw, ...segments: Path): Raw {
  const inner = value === undefined ? undefined : valueAt(value, segments);
  return { path: [...path, ...segments], value: inner };
}

export function textOf({ value }: Raw): string | null {
  return typeof value === 'string' ? value : null;
}

export function isGiven({ value }: Raw): boolean {
  return value !== undefined;
}

export function mapOf({ value }: Raw): PlainMap | null {
  return isMap(value) ? value : null;
}

/** The values of a map with their keys. */
export function entriesOf(raw: Raw): readonly (Raw & { readonly key: string })[] {
  return Object.keys(mapOf(raw) ?? {}).map((key) => ({ key, ...at(raw, key) }));
}

/** The items of a list, or the one item that stands for it. */
export function itemsOf(raw: Raw): readonly Raw[] {
  const { value } = raw;
  if (isList(value)) return value.map((_, index) => at(raw, index));
  return value === undefined || value === null ? [] : [raw];
}
