import type { Soon } from './ports.ts';

/** Goes on with a value at once when it is at hand, later when it is promised. */
export function followedBy<First, Second>(
  first: Soon<First>,
  next: (value: First) => Soon<Second>,
): Soon<Second> {
  return first instanceof Promise ? first.then(next) : next(first);
}
