/** Freezes a value and everything inside it. A Map keeps its contents from then on, too. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) closeMap(value as Map<unknown, unknown>);
  Object.freeze(value);
  for (const inner of Object.values(value)) freezeDeep(inner);
  return value;
}

function closeMap(map: Map<unknown, unknown>): void {
  for (const [key, value] of map) {
    freezeDeep(key);
    freezeDeep(value);
  }
  for (const verb of ['set', 'delete', 'clear'] as const) Object.defineProperty(map, verb, { value: refuse });
}

function refuse(): never {
  throw new TypeError('settings are frozen');
}
