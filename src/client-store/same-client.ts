import { type ClientContext, Secret } from '../domain/index.ts';

/** Compares everything, secrets included: a new secret is a new client. The texts compared live only here. */
export function isSameClient(one: ClientContext, other: ClientContext): boolean {
  return textOf(one) === textOf(other);
}

function textOf(client: ClientContext): string {
  return JSON.stringify(client, function (this: Record<string, unknown>, member: string, value: unknown) {
    // JSON.stringify asks Secret.toJSON() before it asks us: take the secret itself from its holder.
    const original = this[member];
    if (original instanceof Secret) return original.reveal();
    if (original instanceof Map) return [...(original as ReadonlyMap<unknown, unknown>)];
    return value;
  });
}
