/** Ends a `switch` over a union: a new arm then fails to compile at each place that must think about it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: a value outside its type arrived (${typeof value})`);
}
