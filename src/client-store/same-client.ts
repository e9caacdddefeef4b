import { Secret } from '../domain/index.ts';

/** Compares clients, or parts of them, with everything in them, secrets included. The texts compared live only here. */
export function isSame<Part>(one: Part, other: Part): boolean {
  return textOf(one) === textOf(other);
}

function textOf(part: unknown): string {
  return JSON.stringify(part, function (this: Record<string, unknown>, member: string, value: unknown) {
    // JSON.stringify asks Secret.toJSON() before it asks us: take the secret itself from its holder.
    const original = this[member];
    if (original instanceof Secret) return original.reveal();
    if (original instanceof Map) return [...(original as ReadonlyMap<unknown, unknown>)];
    if (typeof original === 'function') return numberOf(original);
    return value;
  });
}

/** Code that hands over secrets is the same when it is the same function. */
const numbers = new WeakMap<object, number>();
let last = 0;

function numberOf(code: object): number {
  const known = numbers.get(code);
  if (known !== undefined) return known;
  numbers.set(code, (last += 1));
  return last;
}
