/** JSON from outside after a strict reading: objects have no prototype, numbers are finite. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** Members are own and enumerable; the object has a null prototype, so `object['toString']` is absent. */
export interface JsonObject {
  readonly [member: string]: Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
