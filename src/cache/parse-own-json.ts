import type { Json } from '../domain/index.ts';

/** Parses JSON that this deployment wrote: objects get a null prototype; `undefined` when it is not JSON. */
export function parseOwnJson(text: string): Json | undefined {
  try {
    return withoutPrototypes(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function withoutPrototypes(value: unknown): Json {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value;
  }
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (typeof value !== 'object') throw new TypeError('not a JSON value');

  const object = Object.create(null) as Record<string, Json>;
  for (const [name, member] of Object.entries(value)) object[name] = withoutPrototypes(member);
  return object;
}
