/** Milliseconds of each unit of `grpc-timeout` (the gRPC protocol over HTTP/2, "Timeout"). */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/**
 * How many milliseconds a caller gives, from its `grpc-timeout`.
 *
 * @returns `null` when the value is not of the grammar: one to eight digits and a unit.
 */
export function readGrpcTimeout(value: string): number | null {
  const last = value.length - 1;
  const unit = UNITS[value.charAt(last)];
  if (unit === undefined || last < 1 || last > 8) return null;
  let amount = 0;
  for (let index = 0; index < last; index += 1) {
    const digit = value.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return null;
    amount = amount * 10 + digit;
  }
  return amount * unit;
}
