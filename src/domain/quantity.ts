/**
 * Numbers that carry their unit in their type. A brand costs nothing at run time; passing seconds where
 * milliseconds are wanted does not compile.
 */
declare const unit: unique symbol;

export type Quantity<Unit extends string> = number & { readonly [unit]: Unit };

/** A length of time in milliseconds. */
export type Milliseconds = Quantity<'milliseconds'>;
/** A length of time in whole seconds. */
export type Seconds = Quantity<'seconds'>;
/** A point in time of the wall clock in milliseconds since 1970 UTC. May step when the clock is set. */
export type EpochMilliseconds = Quantity<'epoch-milliseconds'>;
/** A point in time as RFC 7519 NumericDate: whole seconds since 1970 UTC. */
export type EpochSeconds = Quantity<'epoch-seconds'>;
/** A point in time of a clock that never steps, in milliseconds since an arbitrary start of this process. */
export type MonotonicMilliseconds = Quantity<'monotonic-milliseconds'>;
/** A size in bytes. */
export type Bytes = Quantity<'bytes'>;

export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
export const seconds = (value: number): Seconds => value as Seconds;
export const epochMilliseconds = (value: number): EpochMilliseconds => value as EpochMilliseconds;
export const epochSeconds = (value: number): EpochSeconds => value as EpochSeconds;
export const monotonicMilliseconds = (value: number): MonotonicMilliseconds => value as MonotonicMilliseconds;
export const bytes = (value: number): Bytes => value as Bytes;
