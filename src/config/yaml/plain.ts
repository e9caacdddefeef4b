/** What YAML holds once nodes and anchors are gone. Maps have no prototype. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainMap;

export interface PlainMap {
  readonly [key: string]: Plain;
}

export function isMap(value: Plain | undefined): value is PlainMap {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value);
}

/** Which value inside the file: keys of maps and indexes of lists, from the top. */
export type Path = readonly (string | number)[];

/** `undefined` where there is nothing. */
export function valueAt(root: Plain, path: Path): Plain | undefined {
  let value: Plain | undefined = root;
  for (const segment of path) {
    if (isList(value)) value = typeof segment === 'number' ? value[segment] : undefined;
    else if (isMap(value)) value = Object.hasOwn(value, segment) ? value[segment] : undefined;
    else return undefined;
  }
  return value;
}
