import { isJsonObject, type Json, type JsonObject } from '../domain/index.ts';

/** Own members only, so that a claim named `constructor` is one that the answer has. */
export function memberAt(claims: JsonObject, path: readonly string[]): Json | undefined {
  let found: Json | undefined = claims;
  for (const member of path) {
    if (!isJsonObject(found) || !Object.hasOwn(found, member)) return undefined;
    found = found[member];
  }
  return found;
}
