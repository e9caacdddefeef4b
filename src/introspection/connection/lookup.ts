import type { LookupFunction } from 'node:net';

import type { ResolveName } from '../../domain/index.ts';
import { AddressRefused, type MayConnect } from './address-guard.ts';

/**
 * The port as `net.connect` asks for it. Several addresses are tried one after another (RFC 8305), each connection
 * beginning with the next one, so that all of them are used.
 */
export function lookupWith(resolveName: ResolveName, mayConnect: MayConnect): LookupFunction {
  let turn = 0;
  return (hostname, { all }, callback) => {
    resolveName(hostname).then(
      (addresses) => {
        const permitted = rotated(addresses.filter(mayConnect), turn);
        turn += 1;
        const [first] = permitted;
        if (first === undefined) {
          callback(addresses.length === 0 ? new UnresolvedName() : new AddressRefused(), '');
        } else if (all === true) callback(null, permitted);
        else callback(null, first.address, first.family);
      },
      (cause: unknown) => callback(cause instanceof Error ? cause : new UnresolvedName(), ''),
    );
  };
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

class UnresolvedName extends Error {
  readonly code = 'ENOTFOUND';
}
