/** Either the value itself, when it is at hand, or a promise of it. A known token never costs a promise. */
export type Soon<Value> = Value | Promise<Value>;

/** Goes on with a value at once when it is at hand, later when it is promised. */
export function followedBy<First, Second>(
  first: Soon<First>,
  next: (value: First) => Soon<Second>,
): Soon<Second> {
  return first instanceof Promise ? first.then(next) : next(first);
}
