/** What can go wrong is a value. Thrown errors are for what must not happen. */
export type Result<Value, Failure> = Success<Value> | Failed<Failure>;

export interface Success<Value> {
  readonly ok: true;
  readonly value: Value;
}

export interface Failed<Failure> {
  readonly ok: false;
  readonly failure: Failure;
}

export const succeed = <Value>(value: Value): Success<Value> => ({ ok: true, value });
export const fail = <Failure>(failure: Failure): Failed<Failure> => ({ ok: false, failure });
