import type { ClaimValue, Json } from '../../domain/index.ts';
import type { RequestFacts } from '../request-facts.ts';

/** A value to compare a claim with: settled at load, but for one that the path of the request brings. */
export type IsValue = (claim: Json | undefined, request: RequestFacts) => boolean;

/** Compared by type and code point; `1` is not `"1"` (INT-26). A parameter that is not there is equal to nothing. */
export function compileValue(value: ClaimValue): IsValue {
  if (typeof value !== 'object') return (claim) => claim === value;
  const { param } = value;
  return (claim, { params }) => claim !== undefined && claim === params.get(param);
}

/** Names of the parameters among values. */
export function paramsAmong(values: readonly ClaimValue[]): readonly string[] {
  return values.flatMap((value) => (typeof value === 'object' ? [value.param] : []));
}
