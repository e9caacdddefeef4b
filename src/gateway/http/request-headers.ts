import type { RequestHeaders } from '../../domain/index.ts';

/** Every field of a message by lower-cased name, its lines in order of arrival. Byte strings. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/**
 * Reads `rawHeaders` of node:http (name, value, name, value …).
 *
 * Never: a dropped or joined line; node's own `headers` keeps only the first of two Authorization lines, and
 * `headersDistinct` once crashed over a field called `__proto__` (HTTP-3).
 */
export function collectFields(rawHeaders: readonly string[]): Fields {
  const fields = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const lines = fields.get(name);
    if (lines === undefined) fields.set(name, [value]);
    else lines.push(value);
  }
  return fields;
}

/** What rules may see: everything but the fields in `hidden`, which the front or its connection to us put there. */
export function visibleHeaders(fields: Fields, hidden: ReadonlySet<string>): RequestHeaders {
  const names: string[] = [];
  const oddNames: string[] = [];
  for (const name of fields.keys()) {
    if (hidden.has(name)) continue;
    names.push(name);
    if (name.includes('_') || name.includes('.')) oddNames.push(name);
  }
  return {
    values: (name) => (hidden.has(name) ? [] : (fields.get(name) ?? [])),
    names,
    oddNames,
  };
}

/** The value of a field that was sent exactly once and is not empty; otherwise `null`. */
export function onlyValue(fields: Fields, name: string): string | null {
  const [value, ...others] = fields.get(name) ?? [];
  return value === undefined || value === '' || others.length > 0 ? null : value;
}
