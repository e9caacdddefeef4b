import type { AddressInfo } from 'node:net';
import process from 'node:process';

/** A server of the benchmark tells its parent where it listens, and ends with it. */
export function sayPort(address: AddressInfo | string | null | number): void {
  const port =
    typeof address === 'number' ? address : typeof address === 'object' ? address?.port : undefined;
  process.send?.({ port });
  process.on('disconnect', () => process.exit(0));
}
