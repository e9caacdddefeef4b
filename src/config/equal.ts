import { Secret } from '../domain/index.ts';

/** Whether two values of settings are the same all the way down; secrets by what they hold. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Secret && other instanceof Secret) return one.reveal() === other.reveal();
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;

  const [left, right] = [entriesOf(one), entriesOf(other)];
  if (left.length !== right.length) return false;
  const members = new Map(right);
  return left.every(([key, value]) => members.has(key) && isEqual(value, members.get(key)));
}

function entriesOf(value: object): readonly (readonly [unknown, unknown])[] {
  return value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : Object.entries(value);
}
